"""Saved states of a training; a killed process leaves the last complete one."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch

from ..whole_file import whole_file


class SavedStateError(ValueError):
    """A saved training state cannot be used; the message names file and fix."""


def save_state(path: Path, state: dict[str, Any]) -> None:
    """Write a state; the file is replaced when the new one is complete on disk."""
    with whole_file(path) as partial:
        torch.save(state, partial)


def load_state(path: Path) -> dict[str, Any]:
    """Read a state, tensors on the CPU, without running code that the file holds.

    Raises:
        SavedStateError: no such file, or not a saved state.
    """
    if not path.is_file():
        raise SavedStateError(f"there is no saved training state {path}: start without --resume")
    try:
        return torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:
        raise SavedStateError(
            f"saved training state {path} is damaged ({type(error).__name__}): "
            "delete it and start again"
        ) from error
