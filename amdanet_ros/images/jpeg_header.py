"""The size of a JPEG (ITU-T T.81), found as libjpeg finds it."""

from __future__ import annotations

import struct

from .errors import BadImage, cut_off, damaged
from .read_options import ReadOptions

MOST_SCANS = 64
"""Scans of a progressive JPEG; encoders make 6 to 20. Each costs a pass over the whole image."""

_USUAL_SCANS = 16
_MOST_WORK = 1_000_000_000  # pixels times scans: some 3 s

_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_PROGRESSIVE = {0xC2, 0xC6, 0xCA, 0xCE}
_HUFFMAN = {0xC0, 0xC1, 0xC2}
_ALONE = {0x01, *range(0xD0, 0xD8)}
_SCAN, _END = 0xDA, b"\xff\xd9"


def jpeg_size(data: bytes, options: ReadOptions) -> tuple[int, int]:
    """Return width and height.

    Images inside of metadata (thumbnails) are skipped with it.

    Raises:
        BadImage: there is no frame or no end, too little data for the size, or too many scans.
        struct.error, IndexError: the data ends inside of the header.
    """
    size, place, frame = None, 2, 0
    while True:
        place = data.find(b"\xff", place)
        if place < 0:
            raise cut_off()
        while data[place] == 0xFF:
            place += 1
        marker = data[place]
        place += 1
        if marker == 0 or marker in _ALONE:
            continue
        if marker == _SCAN:
            break
        if marker == 0xD9:
            raise damaged("a JPEG without an image")
        length = struct.unpack_from(">H", data, place)[0]
        if marker in _FRAMES:
            if size is not None:
                raise damaged("a JPEG of two frames")
            height, width = struct.unpack_from(">HH", data, place + 3)
            size, frame = (width, height), marker
            options.check_size(width, height)
        place += max(2, length)
    if size is None:
        raise damaged("a JPEG without the size of its frame")
    if data.find(_END, place) < 0 or 8 * (len(data) - place) < _fewest_bits(frame, size):
        raise cut_off()
    if frame in _PROGRESSIVE:
        # In a scan's data 0xFF is followed by 0 or by the number of a restart.
        scans = data.count(b"\xff\xda", place) + 1
        pixels = size[0] * size[1]
        if scans > MOST_SCANS or scans * pixels > max(_MOST_WORK, _USUAL_SCANS * pixels):
            raise BadImage(f"the JPEG has {scans} scans", "export it anew, or as baseline JPEG")
    return size


def _fewest_bits(frame: int, size: tuple[int, int]) -> int:
    """Return how long the data of a frame is at least: a bit for each block of 8 x 8 pixels."""
    return size[0] * size[1] // 64 if frame in _HUFFMAN else 0
