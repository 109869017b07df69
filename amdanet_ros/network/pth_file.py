"""Reading ``.pth`` files of ``torch.save`` without running code that they hold."""

from __future__ import annotations

import os
import pickle
from collections.abc import Mapping
from typing import BinaryIO

import torch
from torch import Tensor

_WRAPPERS = ("model", "state_dict")
"""Entries under which training code keeps the state dict; the authors' is "model"."""


class PthError(ValueError):
    """The file holds no state dict that can be read safely; the message names cause and fix."""


def read_pth(path: str | os.PathLike) -> dict[str, Tensor]:
    """Read a state dict: bare, or inside a dict; a leading "module." of its names is dropped.

    Raises:
        OSError: the file cannot be opened.
        PthError: it is cut short, not safe to load, or holds no state dict.
    """
    with open(path, "rb") as file:
        content = _unpickle(file)
    for wrapper in _WRAPPERS:
        if isinstance(content, Mapping) and isinstance(content.get(wrapper), Mapping):
            content = content[wrapper]
            break
    if not isinstance(content, Mapping) or not content:
        raise PthError("holds no state dict: save the network's state_dict() and give that file")
    state = {str(key).removeprefix("module."): value for key, value in content.items()}
    for key, value in state.items():
        if not isinstance(value, Tensor):
            raise PthError(
                f"holds no state dict (entry {key!r} is not a tensor): "
                "save the network's state_dict() and give that file"
            )
    return state


def _unpickle(file: BinaryIO) -> object:
    try:
        return torch.load(file, map_location="cpu", weights_only=True)
    except MemoryError:
        raise
    except pickle.UnpicklingError as error:
        # torch's message calls a forbidden class a "GLOBAL", after the pickle opcode.
        if "GLOBAL" in str(error):
            raise PthError(
                "holds Python objects and is not safe to load: save the state dict alone on the "
                "machine where the file was made, and give that file"
            ) from error
        raise PthError("is damaged or no checkpoint that loads safely: copy it again") from error
    except Exception as error:
        # Damaged bytes raise many types of error: KeyError, OSError, RuntimeError.
        cause = (str(error).splitlines() or [""])[0].split(". ")[0][:120]
        raise PthError(
            f"is damaged or no checkpoint ({type(error).__name__}: {cause}): copy it again"
        ) from error
