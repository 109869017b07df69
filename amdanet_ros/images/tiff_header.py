"""The size of the first image of a TIFF (TIFF 6.0, and BigTIFF)."""

from __future__ import annotations

import struct
from dataclasses import dataclass

import numpy as np

from .errors import BadImage, cut_off, damaged
from .read_options import ReadOptions

_SHAPES = {1: "B", 3: "H", 4: "I", 16: "Q"}
_BYTES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 13: 4}
_BYTES |= {16: 8, 17: 8, 18: 8}
_WIDTH, _HEIGHT, _BITS, _COMPRESSION, _SAMPLES, _ROWS = 256, 257, 258, 259, 277, 278
_TILE_WIDTH, _TILE_HEIGHT, _SAMPLE_FORMAT = 322, 323, 339
_ORIENTATION = 274
_WANTED = {
    _WIDTH,
    _HEIGHT,
    _BITS,
    _COMPRESSION,
    _SAMPLES,
    _ROWS,
    _TILE_WIDTH,
    _TILE_HEIGHT,
    _SAMPLE_FORMAT,
}
_COMPRESSIONS = {1: "none", 5: "LZW", 7: "JPEG", 8: "deflate", 32773: "PackBits", 32946: "deflate"}
_MOST_ENTRIES = 4096
_FLOAT = 3
_MOST_COMPRESSED = 1400  # bytes for one: deflate 1032, LZW 1365


@dataclass(frozen=True)
class TiffSize:
    """What the first directory says.

    Attributes:
        width: in pixels; of a tile where that is more.
        height: likewise.
        is_float: whether values are floating-point numbers.
        bits: of a value.
        orientations: where the file says how viewers turn it: first byte and byte behind.
    """

    width: int
    height: int
    is_float: bool
    bits: int
    orientations: tuple[tuple[int, int], ...] = ()


def tiff_size(data: bytes, options: ReadOptions) -> TiffSize:
    """Return what the first directory of a TIFF says; further pages are not looked at.

    Raises:
        BadImage: a size is missing, or the compression or the number of channels is not usual.
        struct.error: the directory lies outside of the data.
    """
    order = "<" if data[:2] == b"II" else ">"
    if struct.unpack_from(f"{order}H", data, 2)[0] == 43:
        start = struct.unpack_from(f"{order}Q", data, 8)[0]
        values, orientations = _entries(data, order, start, "Q", "Q")
    else:
        start = struct.unpack_from(f"{order}I", data, 4)[0]
        values, orientations = _entries(data, order, start, "H", "I")
    if _WIDTH not in values or _HEIGHT not in values:
        raise damaged("a TIFF without a size")
    # A tile is decoded as a whole, also where it is larger than the image.
    width = max(values[_WIDTH], values.get(_TILE_WIDTH, 0))
    height = max(values[_HEIGHT], values.get(_TILE_HEIGHT, 0))
    options.check_size(width, height)
    compression, samples = values.get(_COMPRESSION, 1), values.get(_SAMPLES, 1)
    if compression not in _COMPRESSIONS:
        raise BadImage(
            f"the TIFF's compression {compression} is not read",
            "export it without compression, or with LZW or deflate",
        )
    if samples > 4:
        raise BadImage(f"the TIFF has {samples} channels", "export one channel, or three colours")
    bits = values.get(_BITS, 1)
    if values[_WIDTH] * values[_HEIGHT] * samples * bits > 8 * len(data) * _MOST_COMPRESSED:
        raise cut_off()
    if bits > 64:
        raise damaged(f"a TIFF of {bits} bits")
    is_float = values.get(_SAMPLE_FORMAT) == _FLOAT
    return TiffSize(width, height, is_float, bits, orientations)


def without_orientation(data: np.ndarray, size: TiffSize) -> np.ndarray:
    """Return the bytes of a TIFF, N uint8, with the orientation that turns nothing.

    OpenCV and Pillow turn TIFF files whatever they are asked for.
    """
    if not size.orientations:
        return data
    data = data.copy()
    for first, end in size.orientations:
        value = np.zeros(end - first, np.uint8)
        value[0 if data[0] == ord("I") else -1] = 1
        data[first:end] = value
    return data


def _entries(
    data: bytes, order: str, start: int, count: str, offset: str
) -> tuple[dict[int, int], tuple[tuple[int, int], ...]]:
    """Return the largest value of each wanted tag: where a tag stands twice, readers differ.

    And the places of the orientations that turn something.
    """
    number = struct.unpack_from(order + count, data, start)[0]
    if number > _MOST_ENTRIES:
        raise damaged(f"a TIFF of {number} entries")
    place = start + struct.calcsize(order + count)
    head, inline = struct.calcsize(f"{order}HH{offset}"), struct.calcsize(order + offset)
    found: dict[int, int] = {}
    orientations = []
    for _ in range(number):
        tag, kind, length = struct.unpack_from(f"{order}HH{offset}", data, place)
        if tag == _ORIENTATION and kind in _SHAPES and length == 1:
            at = place + head
            if struct.unpack_from(f"{order}{_SHAPES[kind]}", data, at)[0] != 1:
                orientations.append((at, at + _BYTES[kind]))
        if tag in _WANTED:
            if kind not in _SHAPES or not 1 <= length <= 64:
                raise damaged(f"a TIFF whose tag {tag} is no number")
            at = place + head
            if length * _BYTES[kind] > inline:
                at = struct.unpack_from(order + offset, data, at)[0]
            values = struct.unpack_from(f"{order}{length}{_SHAPES[kind]}", data, at)
            found[tag] = max(found.get(tag, 0), *values)
        place += head + inline
    return found, tuple(orientations)
