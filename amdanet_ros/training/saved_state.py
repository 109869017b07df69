"""Saved states of a training; a killed process leaves the last complete one."""

from __future__ import annotations

import errno
import os
import shutil
from pathlib import Path
from typing import Any

import torch

from ..whole_file import whole_file

_LITTLE = 2**26
"""Bytes; with fewer left, the disk counts as full."""


class SavedStateError(ValueError):
    """A saved training state cannot be used; the message names file and fix."""


def save_state(path: Path, state: dict[str, Any]) -> None:
    """Write a state; the file is replaced when the new one is complete on disk.

    Raises:
        OSError: the disk is full, or the file cannot be written; the old file is as it was.
    """
    with whole_file(path) as partial:
        try:
            torch.save(state, partial)
        except RuntimeError as error:  # torch's writer does not say why it could not write
            free = shutil.disk_usage(partial.parent).free
            reason = errno.ENOSPC if free < _LITTLE else errno.EIO
            raise OSError(reason, os.strerror(reason), str(path)) from error


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
