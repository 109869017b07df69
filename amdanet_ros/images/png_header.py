"""The size of a PNG (W3C PNG specification), and whether all of it is there."""

from __future__ import annotations

import struct
from typing import NamedTuple

from .errors import cut_off, damaged
from .read_options import ReadOptions

MOST_DEFLATED = 1032
"""Bytes that one byte of a deflate stream can stand for (zlib, technical details)."""

_CHANNELS = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}
_MOST_CHUNKS = 100_000
_SLACK = 1 << 16  # bytes by which a stream may be longer than what it stands for


class PngSize(NamedTuple):
    """Sides in pixels, and the bits of a value."""

    width: int
    height: int
    bits: int


def png_size(data: bytes, options: ReadOptions) -> PngSize:
    """Return the size of a PNG whose data fit it.

    Raises:
        BadImage: it is cut off, has no header, too much or too little image data for its size.
        struct.error: the data ends inside of a header.
    """
    if data[12:16] != b"IHDR":
        raise damaged("a PNG without IHDR")
    width, height, bits, kind = struct.unpack_from(">IIBB", data, 16)
    options.check_size(width, height)
    stored = _stored(data)
    if kind not in _CHANNELS or bits > 16:
        raise damaged(f"a PNG of kind {kind} and {bits} bits")
    pixels = (width * _CHANNELS[kind] * bits + 7) // 8 * height
    if pixels > stored * MOST_DEFLATED:
        raise cut_off()
    # 8 bytes of filters a row at most: of seven passes, where it is interlaced.
    if stored > 1.01 * (pixels + 8 * height) + _SLACK:
        raise damaged("a PNG with more image data than pixels")
    return PngSize(width, height, bits)


def _stored(data: bytes) -> int:
    """Return the bytes of all IDAT chunks, up to the end of the image."""
    place = stored = 0
    for _ in range(_MOST_CHUNKS):
        length, name = struct.unpack_from(">I4s", data, place + 8)
        if name == b"IEND":
            return stored
        if name == b"IDAT":
            stored += length
        place += 12 + length
    raise damaged(f"a PNG of more than {_MOST_CHUNKS} chunks")
