"""Reading and writing safetensors files: a JSON header, then raw numbers, no code.

The format (https://github.com/huggingface/safetensors): 8 bytes, the header's length,
little-endian; the header, a JSON object of ``name -> {dtype, shape, data_offsets}`` with an
optional ``__metadata__`` of strings; then the tensors' bytes. This reader saves a robot
one more library.
"""

from __future__ import annotations

import json
import math
import os
from collections.abc import Mapping
from pathlib import Path
from typing import BinaryIO, NamedTuple

import torch
from torch import Tensor

from ..whole_file import whole_file

_DTYPES = {
    "F64": torch.float64,
    "F32": torch.float32,
    "F16": torch.float16,
    "BF16": torch.bfloat16,
    "I64": torch.int64,
    "I32": torch.int32,
    "I16": torch.int16,
    "I8": torch.int8,
    "U8": torch.uint8,
    "BOOL": torch.bool,
}
_NAMES = {dtype: name for name, dtype in _DTYPES.items()}
_LARGEST_HEADER = 100_000_000
"""Bytes; the format's own limit."""


class SafetensorsError(ValueError):
    """The file is not a complete safetensors file; the message says why."""


class _Entry(NamedTuple):
    dtype: torch.dtype
    shape: list[int]
    begin: int
    end: int


def write_safetensors(
    path: str | os.PathLike, tensors: Mapping[str, Tensor], metadata: Mapping[str, str]
) -> None:
    """Write tensors in their dtype and metadata; the file is replaced only when all is written.

    Its folder is made.
    """
    header: dict[str, object] = {"__metadata__": dict(metadata)}
    chunks = []
    offset = 0
    for name in sorted(tensors):
        tensor = tensors[name].detach().cpu().contiguous()
        raw = tensor.reshape(-1).view(torch.uint8).numpy().tobytes()
        header[name] = {
            "dtype": _NAMES[tensor.dtype],
            "shape": list(tensor.shape),
            "data_offsets": [offset, offset + len(raw)],
        }
        chunks.append(raw)
        offset += len(raw)
    text = json.dumps(header).encode()
    # Readers that map the file into memory need aligned numbers.
    text += b" " * (-len(text) % 8)
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    with whole_file(path) as partial, partial.open("wb") as file:
        file.writelines([len(text).to_bytes(8, "little"), text, *chunks])


def read_safetensors(path: str | os.PathLike) -> tuple[dict[str, Tensor], dict[str, str]]:
    """Read all tensors and the metadata.

    Raises:
        OSError: the file cannot be opened.
        SafetensorsError: it is cut short or no safetensors file.
    """
    with open(path, "rb") as file:
        size = os.fstat(file.fileno()).st_size
        entries, metadata, start = _read_header(file, size)
        tensors = {}
        for name, entry in entries.items():
            if start + entry.end > size:
                raise SafetensorsError(f"it ends within tensor {name!r}")
            if entry.begin == entry.end:
                tensors[name] = torch.empty(entry.shape, dtype=entry.dtype)
                continue
            raw = bytearray(entry.end - entry.begin)
            file.seek(start + entry.begin)
            file.readinto(raw)
            tensors[name] = torch.frombuffer(raw, dtype=entry.dtype).reshape(entry.shape)
    return tensors, metadata


def _read_header(file: BinaryIO, size: int) -> tuple[dict[str, _Entry], dict[str, str], int]:
    """Return the entries, the metadata, and the offset of the numbers in bytes."""
    if size < 8:
        raise SafetensorsError(f"it has {size} bytes, less than the length of a header")
    length = int.from_bytes(file.read(8), "little")
    if length > _LARGEST_HEADER or 8 + length > size:
        raise SafetensorsError(f"its header should have {length} bytes, the file has {size}")
    try:
        header = json.loads(file.read(length))
        metadata = dict(header.pop("__metadata__", {}))
        entries = {
            name: _Entry(_DTYPES[entry["dtype"]], list(entry["shape"]), *entry["data_offsets"])
            for name, entry in header.items()
        }
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise SafetensorsError(f"its header cannot be read ({error})") from error
    for name, entry in entries.items():
        numbers = (*entry.shape, entry.begin, entry.end)
        if not all(isinstance(number, int) and number >= 0 for number in numbers):
            raise SafetensorsError(f"tensor {name!r} has an impossible shape or place")
        if entry.end - entry.begin != math.prod(entry.shape) * entry.dtype.itemsize:
            raise SafetensorsError(
                f"tensor {name!r} has {entry.end - entry.begin} bytes, not those of its shape"
            )
    return entries, {str(key): str(value) for key, value in metadata.items()}, 8 + length
