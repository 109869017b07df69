"""States of a training on disk: whole or not at all, so that a kill leaves one readable."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import torch


class SavedStateError(ValueError):
    """A saved training state cannot be used; the message names the file and the fix."""


def save_state(path: Path, state: dict[str, Any]) -> None:
    """Write a state; the file is replaced in one stroke once all is on disk."""
    partial = path.with_name(f"{path.name}.{os.getpid()}.partial")
    with partial.open("wb") as stream:
        torch.save(state, stream)
        stream.flush()
        os.fsync(stream.fileno())
    os.replace(partial, path)


def load_state(path: Path) -> dict[str, Any]:
    """Read a state, tensors on the CPU; nothing in the file is run.

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
            "delete it and start anew"
        ) from error
