"""The size of a JPEG (ITU-T T.81), found as libjpeg finds it."""

from __future__ import annotations

import struct

from .errors import BadImage, cut_off, damaged

MOST_SCANS = 64
"""Scans of a progressive JPEG; encoders make 6 to 20. Each costs a pass over the whole image."""

_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_PROGRESSIVE = {0xC2, 0xC6, 0xCA, 0xCE}
_ALONE = {0x01, *range(0xD0, 0xD8)}
_SCAN, _END = 0xDA, b"\xff\xd9"


def jpeg_size(data: bytes) -> tuple[int, int]:
    """Return width and height.

    Images inside of metadata (thumbnails) are skipped with it.

    Raises:
        BadImage: there is no frame or no end, or there are more scans than `MOST_SCANS`.
        struct.error, IndexError: the data ends inside of the header.
    """
    size, place, is_progressive = None, 2, False
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
            size, is_progressive = (width, height), marker in _PROGRESSIVE
        place += max(2, length)
    if size is None:
        raise damaged("a JPEG without the size of its frame")
    if data.find(_END, place) < 0:
        raise cut_off()
    # In a scan's data 0xFF is followed by 0 or by the number of a restart.
    if is_progressive and data.count(b"\xff\xda", place) >= MOST_SCANS:
        raise BadImage(
            f"the JPEG has more than {MOST_SCANS} scans", "export it anew, or as baseline JPEG"
        )
    return size
