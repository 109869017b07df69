"""Saved states of a training; a killed process leaves the last complete one."""

from __future__ import annotations

import contextlib
import errno
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch

from ..network.pth_file import PthError, read_plain_pth
from ..network.weights_file import WeightsFileError
from ..one_line import one_line
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
    """Read a state, tensors on the CPU; it is read as data, and no code of it runs.

    Raises:
        SavedStateError: no such file, or not a saved state.
        OSError: reading fails.
    """
    if not path.exists():
        raise SavedStateError(f"there is no saved training state {path}: start without --resume")
    try:
        state = read_plain_pth(path)
    except (PthError, WeightsFileError) as error:
        raise SavedStateError(
            f"the saved training state {path} {error}, or delete it and start again"
        ) from error
    if not isinstance(state, dict):
        raise SavedStateError(f"{path} is no saved training state: delete it and start again")
    return state


@contextlib.contextmanager
def restoring(path: Path) -> Iterator[None]:
    """Let what a state lacks, or holds of another shape or kind, be a ``SavedStateError``."""
    try:
        yield
    except (LookupError, TypeError, AttributeError, ValueError, RuntimeError) as error:
        if isinstance(error, SavedStateError):
            raise
        raise SavedStateError(
            f"the saved training state {path} does not fit this training "
            f"({one_line(error, 200)}): delete it and start again"
        ) from error


def restore_optimizer(optimizer: torch.optim.Optimizer, saved: dict[str, Any]) -> None:
    """Give an optimiser the saved running means; its options are those of the configuration.

    Raises:
        ValueError: they are of other parameters.
        LookupError, TypeError, AttributeError: it is no optimiser's state.
    """
    own = optimizer.state_dict()
    counts = [len(group["params"]) for group in own["param_groups"]]
    if counts != [len(group["params"]) for group in saved["param_groups"]]:
        raise ValueError("its optimiser has other parameters")
    optimizer.load_state_dict({"state": saved["state"], "param_groups": own["param_groups"]})
    for parameter, kept in optimizer.state.items():
        for name, value in kept.items():
            shape = () if name == "step" else parameter.shape
            if not isinstance(value, torch.Tensor) or value.shape != shape:
                raise ValueError(f"{name} of its optimiser has another shape")
