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
from typing import Any, NamedTuple

import torch
from torch import Tensor

from ..one_line import one_line
from ..whole_file import whole_file
from .weights_file import FileView, open_weights

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
_READ_TOO = {
    "F8_E4M3": torch.float8_e4m3fn,
    "F8_E5M2": torch.float8_e5m2,
    "U16": torch.uint16,
    "U32": torch.uint32,
    "U64": torch.uint64,
}
_LARGEST_HEADER = 16 * 2**20
"""Bytes; that of a network of 10,000 tensors has 1 MB, and its text takes ten times the room once
it is read."""
_MOST_DIMENSIONS = 16
_LARGEST_COUNT = 2**48


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
        OSError: reading fails.
        WeightsFileError: no regular file.
        SafetensorsError: it is cut short or no safetensors file.
    """
    with open_weights(path) as file:
        entries, metadata, start = _read_header(file)
        tensors = {}
        for name, entry in entries.items():
            if entry.begin == entry.end:
                tensors[name] = torch.empty(entry.shape, dtype=entry.dtype)
                continue
            raw = bytearray(entry.end - entry.begin)
            file.seek(start + entry.begin)
            if file.readinto(raw) != len(raw):
                raise SafetensorsError(f"it ends within tensor {_shown(name)}")
            tensors[name] = torch.frombuffer(raw, dtype=entry.dtype).reshape(entry.shape)
    return tensors, metadata


def _read_header(file: FileView) -> tuple[dict[str, _Entry], dict[str, str], int]:
    """Return the entries, the metadata, and the offset of the numbers in bytes."""
    if file.size < 8:
        raise SafetensorsError(f"it has {file.size} bytes, less than the length of a header")
    length = int.from_bytes(file.read(8), "little")
    if 8 + length > file.size:
        raise SafetensorsError(f"its header should have {length} bytes, the file has {file.size}")
    if length > _LARGEST_HEADER:
        raise SafetensorsError(f"its header has {length} bytes, more than {_LARGEST_HEADER}")
    try:
        header = json.loads(file.read(length), object_pairs_hook=_unique)
        metadata = header.pop("__metadata__", {})
        if not isinstance(metadata, dict) or not all(
            isinstance(text, str) for text in metadata.values()
        ):
            raise SafetensorsError("its metadata are not strings")
        entries = {name: _entry(name, entry) for name, entry in header.items()}
    except SafetensorsError:
        raise
    except RecursionError as error:
        raise SafetensorsError("its header is nested too deeply") from error
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise SafetensorsError(f"its header cannot be read ({one_line(error, 120)})") from error
    _check_places(entries, file.size - 8 - length)
    return entries, metadata, 8 + length


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    content = dict(pairs)
    if len(content) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for at, name in enumerate(names) if name in names[:at])
        raise SafetensorsError(f"its header has {_shown(twice)} twice")
    return content


def _entry(name: str, content: Mapping[str, Any]) -> _Entry:
    kind = content["dtype"]
    dtype = _DTYPES.get(kind) or _READ_TOO.get(kind)
    if dtype is None:
        raise SafetensorsError(
            f"its header cannot be read (tensor {_shown(name)} has dtype {_shown(kind)}, which is "
            "not known)"
        )
    entry = _Entry(dtype, list(content["shape"]), *content["data_offsets"])
    numbers = (*entry.shape, entry.begin, entry.end)
    if (
        len(entry.shape) > _MOST_DIMENSIONS
        or not all(type(number) is int and number >= 0 for number in numbers)
        or math.prod(max(size, 1) for size in entry.shape) > _LARGEST_COUNT
    ):
        raise SafetensorsError(f"tensor {_shown(name)} has an impossible shape or place")
    if entry.end - entry.begin != math.prod(entry.shape) * dtype.itemsize:
        raise SafetensorsError(
            f"tensor {_shown(name)} has {entry.end - entry.begin} bytes, not those of its shape"
        )
    return entry


def _check_places(entries: Mapping[str, _Entry], size: int) -> None:
    """Refuse numbers that two tensors share, that none has, or that lie behind the file's end."""
    at = 0
    for name, entry in sorted(entries.items(), key=lambda each: (each[1].begin, each[1].end)):
        if entry.end > size:
            raise SafetensorsError(f"it ends within tensor {_shown(name)}")
        if entry.begin != at:
            what = "overlaps another" if entry.begin < at else "has bytes of no tensor before it"
            raise SafetensorsError(f"tensor {_shown(name)} {what}")
        at = entry.end
    if at != size:
        raise SafetensorsError(f"it has {size - at} bytes behind its last tensor")


def _shown(name: object) -> str:
    return one_line(repr(name), 80)
