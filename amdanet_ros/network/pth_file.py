"""Reading ``.pth`` files of ``torch.save`` without running code that they hold.

The file's pickle is read as data (see `inert_pickle`), and only the numbers of the wanted state
dict are read: what a training kept beside it costs neither memory nor trust.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator, Mapping
from typing import Any

import torch
from torch import Tensor

from ..one_line import one_line
from .inert_pickle import (
    MOST_INSTRUCTIONS,
    Made,
    Named,
    Pickled,
    PickleError,
    Stored,
    mapping_of,
)
from .pth_legacy import LegacyStorages, open_legacy
from .pth_tensors import (
    PthError,
    StorageKey,
    TensorError,
    TensorPlace,
    is_array,
    is_tensor,
    tensor_place,
)
from .pth_zip import ZipStorages, open_zip
from .state_dict_names import AmbiguousNameError, find_state_dict
from .weights_file import open_weights

_SAVE_IT = "save the network's state_dict() with torch.save and give that file"
_HARMLESS = """
    argparse.Namespace builtins.bytearray builtins.complex builtins.frozenset builtins.object
    builtins.range builtins.set builtins.slice builtins.bool builtins.float builtins.int
    builtins.str builtins.list builtins.dict builtins.tuple builtins.bytes
    __builtin__.set __builtin__.frozenset __builtin__.bytearray __builtin__.complex
    __builtin__.object _codecs.encode collections.deque
    copy_reg._reconstructor copyreg._reconstructor
    datetime.date datetime.datetime datetime.time datetime.timedelta datetime.timezone
    decimal.Decimal fractions.Fraction types.SimpleNamespace uuid.UUID
    pathlib.Path pathlib.PosixPath pathlib.PurePath pathlib.PurePosixPath pathlib.WindowsPath
    pathlib.PureWindowsPath pathlib._local.PosixPath pathlib._local.WindowsPath
    numpy.dtype numpy.ndarray numpy.core.multiarray.scalar numpy._core.multiarray.scalar
    numpy.core.multiarray._reconstruct numpy._core.multiarray._reconstruct
    numpy.core.numeric._frombuffer numpy._core.numeric._frombuffer
    numpy.random._pickle.__randomstate_ctor numpy.random._pickle.__generator_ctor
    numpy.random._pickle.__bit_generator_ctor
    torch.Size torch.device torch.Tensor torch.Generator torch.serialization._get_layout
    torch.storage._load_from_bytes
"""
_CALLED = frozenset(_HARMLESS.split())
"""What data beside the weights is made of: harmless even in a loader that calls it."""
_SETTINGS = (
    "lightning.", "lightning_fabric.", "pytorch_lightning.", "omegaconf.", "yacs.", "mmengine.",
    "mmcv.",
)  # fmt: skip
"""Packages whose objects trainings keep beside the weights."""
_DEEPEST = 32
_OURS = frozenset(["step", "best_step", "best_iou", "network", "optimizer", "average", "config"])
"""Entries of the state that our own training saves."""


def read_pth(path: str | os.PathLike, root: tuple[str, ...] = ()) -> dict[str, Tensor]:
    """Read a state dict, alone or within what a training kept.

    Args:
        path: of the file.
        root: see `find_state_dict`.

    Raises:
        OSError: reading fails.
        WeightsFileError: no regular file.
        PthError: it is cut short, not safe to load, or holds no state dict.
    """
    with _opened(path) as (pickled, storages):
        _refuse_calls(pickled.made)
        return _tensors(_state_dict(pickled, root), storages)


def read_plain_pth(path: str | os.PathLike) -> Any:
    """Read all that a file holds: plain values, lists, tuples, dicts, and tensors on the CPU.

    Raises:
        OSError: reading fails.
        WeightsFileError: no regular file.
        PthError: it is cut short, or holds anything else.
    """
    with _opened(path) as (pickled, storages):
        found: dict[str, Made] = {}
        places: dict[int, str] = {}
        for made in pickled.made:
            if is_tensor(made):
                places[id(made)] = name = f"tensor {len(places)}"
                found[name] = made
        tensors = _tensors(found, storages)
        made = {number: tensors[name] for number, name in places.items()}
        return _PlainCopy(made).of(pickled.content)


@contextlib.contextmanager
def _opened(
    path: str | os.PathLike,
) -> Iterator[tuple[Pickled, ZipStorages | LegacyStorages]]:
    with open_weights(path) as file:
        is_zip = file.read(2) == b"PK"
        file.seek(0)
        try:
            pickled, storages = open_zip(file) if is_zip else open_legacy(file)
        except PickleError as error:
            raise PthError(
                f"is damaged or no checkpoint: {one_line(error, 150)}; copy it again"
            ) from error
        yield pickled, storages


class _PlainCopy:
    """Copies a tree of plain values, with tensors for what would have been made.

    Args:
        tensors: by the ``id`` of what would have been made.
    """

    def __init__(self, tensors: Mapping[int, Tensor]) -> None:
        self._tensors = tensors
        self._left = MOST_INSTRUCTIONS

    def of(self, value: Any, depth: int = 0) -> Any:
        """Return the copy.

        Raises:
            PthError: it holds something else, is nested too deeply, or repeats itself too often.
        """
        self._left -= 1
        if depth > _DEEPEST or self._left < 0:
            raise PthError("is damaged or hostile: it is nested too deeply; copy it again")
        if isinstance(value, dict):
            return {
                self.of(key, depth + 1): self.of(each, depth + 1) for key, each in value.items()
            }
        if isinstance(value, (list, tuple)):
            return type(value)(self.of(each, depth + 1) for each in value)
        if id(value) in self._tensors:
            return self._tensors[id(value)]
        if value is None or isinstance(value, (bool, int, float, str, bytes)):
            return value
        what = one_line(getattr(value, "name", type(value).__name__), 80)
        raise PthError(f"holds Python objects ({what}) and is not safe to load")


def _refuse_calls(made: list[Made]) -> None:
    for each in made:
        harmless = is_tensor(each) or each.name in _CALLED or each.name.startswith(_SETTINGS)
        if each.called and not harmless:
            what = one_line(each.name, 80) or "an object"
            raise PthError(
                f"holds Python objects and is not safe to load (it would call {what}): save the "
                "state dict alone on the machine where the file was made, and give that file"
            )


def _state_dict(pickled: Pickled, root: tuple[str, ...]) -> dict[str, Any]:
    content = pickled.content
    if isinstance(content, dict) and content.keys() >= _OURS:
        raise PthError(
            "is the saved state of a training, for `amdanet train --resume`: give the "
            "best.safetensors beside it"
        )
    try:
        found = find_state_dict(content, root)
    except AmbiguousNameError as error:
        raise PthError(f"has two entries for {_shown(str(error))}: {_SAVE_IT}") from error
    if found is not None:
        return found
    for each in pickled.made:
        if isinstance(each.state, dict) and {"_parameters", "_modules"} <= each.state.keys():
            raise PthError(
                f"holds a whole pickled network{_class_of(each)} and no state dict: where its code "
                "is installed, load it and run torch.save(network.state_dict(), 'weights.pth'), "
                "and give that file"
            )
    entries = mapping_of(content) or {}
    what = next((f" (entry {_shown(key)} is not a tensor)" for key in entries), "")
    raise PthError(f"holds no state dict{what}: {_SAVE_IT}")


def _class_of(made: Made) -> str:
    arguments = made.arguments if isinstance(made.arguments, tuple) else ()
    of = arguments[0] if made.name.endswith("._reconstructor") and arguments else made.of
    if isinstance(of, Stored) and isinstance(of.identification, tuple):  # of torch before 1.6
        of = next((each for each in of.identification if isinstance(each, Named)), None)
    return f" ({one_line(of.name, 80)})" if isinstance(of, Named) else ""


def _shown(name: Any) -> str:
    return one_line(repr(name), 80) if isinstance(name, (str, int)) else type(name).__name__


def _tensors(found: Mapping[str, Any], storages: ZipStorages | LegacyStorages) -> dict[str, Tensor]:
    """Read the numbers of a state dict; each storage once."""
    places: dict[str, TensorPlace] = {}
    for name, value in found.items():
        if is_array(value):
            raise PthError(f"has a numpy array for {_shown(name)}, no tensor: {_SAVE_IT}")
        try:
            places[name] = tensor_place(value)
        except TensorError as error:
            raise PthError(f"cannot be used: {_shown(name)} {error}") from error
    # Views with stride 0 take no room in the file; copied, they would fill the memory.
    copied = sum(place.nbytes for place in places.values())
    stored = {place.storage for place in places.values() if place.nbytes}
    if copied > 2 * storages.size + 2**20 or sum(each.nbytes for each in stored) > storages.size:
        raise PthError(
            "is damaged or hostile: its tensors have more numbers than the file; copy it again"
        )
    numbers = {each: _bytes_of(storages.read(each), each.nbytes) for each in stored}
    return {name: _tensor(place, numbers) for name, place in places.items()}


def _bytes_of(raw: bytearray, needed: int) -> Tensor:
    """Return the bytes of a storage; an empty one is refused by torch itself with no cause."""
    if len(raw) < max(1, needed):
        raise PthError(
            f"is damaged: an array has {len(raw)} of the {needed} bytes that it needs; "
            "copy it again"
        )
    return torch.frombuffer(raw, dtype=torch.uint8)


def _tensor(place: TensorPlace, numbers: Mapping[StorageKey, Tensor]) -> Tensor:
    if place.nbytes == 0:
        return torch.empty(place.shape, dtype=place.dtype)
    flat = numbers[place.storage]
    whole = flat.numel() // place.dtype.itemsize * place.dtype.itemsize
    return flat[:whole].view(place.dtype).as_strided(place.shape, place.strides, place.offset)
