"""Where a ``.pth`` file keeps the numbers of each tensor, read from its pickle."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from .inert_pickle import Made, Named, Stored

_STORAGES = {
    "Double": torch.float64,
    "Float": torch.float32,
    "Half": torch.float16,
    "BFloat16": torch.bfloat16,
    "Long": torch.int64,
    "Int": torch.int32,
    "Short": torch.int16,
    "Char": torch.int8,
    "Byte": torch.uint8,
    "Bool": torch.bool,
    "Untyped": torch.uint8,
}
_DENSE = "_rebuild_tensor", "_rebuild_tensor_v2", "_rebuild_tensor_v3"
_WRAPPED = "_rebuild_parameter", "_rebuild_parameter_with_state"
_OTHER_KINDS = {
    "_rebuild_qtensor": "is quantised: save the network before it is quantised",
    "_rebuild_sparse_tensor": "is sparse: save it as .to_dense()",
    "_rebuild_sparse_csr_tensor": "is sparse: save it as .to_dense()",
    "_rebuild_meta_tensor_no_storage": "has no numbers (it is on torch's meta device): save the "
    "network after its weights were loaded",
    "_rebuild_nested_tensor": "is a nested tensor: save the network's plain tensors",
    "_rebuild_wrapper_subclass": "is a distributed tensor or another kind of its own: save the "
    "network's full state dict",
    "_rebuild_device_tensor_from_numpy": "is on a device that torch reads only there: save it as "
    ".cpu()",
    "_rebuild_device_tensor_from_cpu_tensor": "is on a device that torch reads only there: save "
    "it as .cpu()",
    "_rebuild_xla_tensor": "is on an XLA device: save it as .cpu()",
}
_TYPED = "torch._tensor._rebuild_from_type_v2"
_PLACES = "torch._utils.", "torch._tensor."
_LARGEST = 2**48


class PthError(ValueError):
    """The file holds no state dict that can be read safely; the message names cause and fix."""


class TensorError(ValueError):
    """A tensor that cannot be used; the message goes on after its name."""


@dataclass(frozen=True)
class StorageKey:
    """A storage: its key in the file, and how many numbers of which type it holds."""

    key: str
    dtype: torch.dtype
    count: int

    @property
    def nbytes(self) -> int:
        """How many bytes it has."""
        return self.count * self.dtype.itemsize


@dataclass(frozen=True)
class TensorPlace:
    """A tensor within a storage: dtype, offset in numbers, shape, and strides in numbers."""

    storage: StorageKey
    dtype: torch.dtype
    offset: int
    shape: tuple[int, ...]
    strides: tuple[int, ...]

    @property
    def nbytes(self) -> int:
        """Bytes that the tensor takes once its numbers are copied one by one."""
        return math.prod(self.shape) * self.dtype.itemsize


def is_tensor(value: Any) -> bool:
    """Return whether this is a tensor, or what a pickle would make one of, of any kind."""
    return (
        isinstance(value, Tensor)
        or isinstance(value, Made)
        and (
            value.name == _TYPED
            or any(value.name.startswith(place + "_rebuild_") for place in _PLACES)
        )
    )


def is_array(value: Any) -> bool:
    """Return whether the pickle would make a numpy array of this."""
    return isinstance(value, Made) and value.name.endswith(".multiarray._reconstruct")


def tensor_place(value: Made) -> TensorPlace:
    """Return where a tensor's numbers are.

    Raises:
        TensorError: a kind of tensor that is not read, or a damaged description.
    """
    for _ in range(3):  # a parameter around a tensor of its own type around a tensor
        name, arguments = value.name.rpartition(".")[2], value.arguments
        if not isinstance(arguments, tuple) or not arguments:
            break
        if name in _WRAPPED and isinstance(arguments[0], Made):
            value = arguments[0]
        elif value.name == _TYPED and len(arguments) > 2:
            value = Made(arguments[0], arguments[2], True)
        elif name in _DENSE:
            return _dense(name, arguments)
        elif name in _OTHER_KINDS:
            raise TensorError(_OTHER_KINDS[name])
    raise TensorError("is of a kind that is not read: save it as a plain tensor on the CPU")


def storage_key(stored: Any) -> StorageKey:
    """Read the identification that torch gives a storage.

    Raises:
        TensorError: of a type that is not read, or damaged.
    """
    identification = stored.identification if isinstance(stored, Stored) else None
    if not isinstance(identification, tuple) or len(identification) < 5:
        raise TensorError("has no numbers in the file: copy the file again")
    word, kind, key, _location, count = identification[:5]
    name = kind.name if isinstance(kind, Named) else ""
    if word != "storage" or not name.startswith("torch.") or not isinstance(key, str):
        raise TensorError("has no numbers in the file: copy the file again")
    dtype = _STORAGES.get(name.rpartition(".")[2].removesuffix("Storage"))
    if dtype is None:
        raise TensorError(f"has numbers of type {name}: save it as float32")
    if not _is_count(count) or (len(identification) > 5 and identification[5] is not None):
        raise TensorError("has numbers in a layout of torch before 0.4: save it with a newer one")
    return StorageKey(key, dtype, count)


def _dense(name: str, arguments: tuple[Any, ...]) -> TensorPlace:
    if len(arguments) < 4:
        raise TensorError("is described incompletely: copy the file again")
    stored, offset, shape, strides = arguments[:4]
    storage = storage_key(stored)
    dtype = storage.dtype
    if name == "_rebuild_tensor_v3":
        dtype = _named_dtype(arguments[6] if len(arguments) > 6 else None)
    counts = (offset, *shape, *strides) if _are_tuples(shape, strides) else (None,)
    if not all(map(_is_count, counts)) or len(shape) != len(strides):
        raise TensorError("has an impossible shape: copy the file again")
    place = TensorPlace(storage, dtype, offset, shape, strides)
    last = offset + sum((size - 1) * step for size, step in zip(shape, strides, strict=True))
    if math.prod(max(size, 1) for size in shape) > _LARGEST or (
        0 not in shape and (last + 1) * dtype.itemsize > storage.nbytes
    ):
        raise TensorError("has more numbers than the file: copy the file again")
    return place


def _named_dtype(named: Any) -> torch.dtype:
    name = named.name if isinstance(named, Named) else ""
    dtype = getattr(torch, name.removeprefix("torch."), None) if name.startswith("torch.") else None
    if not isinstance(dtype, torch.dtype):
        raise TensorError("has numbers of a type that this torch does not know: save it as float32")
    return dtype


def _are_tuples(*values: Any) -> bool:
    return all(isinstance(value, tuple) and len(value) <= 16 for value in values)


def _is_count(value: Any) -> bool:
    return type(value) is int and 0 <= value <= _LARGEST
