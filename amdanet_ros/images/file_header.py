"""The size of an image in a file, read from its header before anything is decoded.

An image file of 400 bytes may claim 30000 x 30000 pixels, for which a decoder takes gigabytes. Only
kinds whose size is read here are decoded: JPEG, PNG, TIFF, WebP, BMP and PNM (PGM, PPM).
"""

from __future__ import annotations

import re
import struct
from dataclasses import dataclass

from .errors import BadImage, cut_off, damaged
from .jpeg_header import jpeg_size
from .tiff_header import tiff_size

KINDS = "JPEG, PNG, TIFF, WebP, BMP or PGM"

_OTHERS = (
    (0, b"GIF8", "GIF"),
    (0, b"\x00\x00\x00\x0cjP  ", "JPEG 2000"),
    (0, b"\xff\x4f\xff\x51", "JPEG 2000"),
    (4, b"ftypavi", "AVIF"),
    (4, b"ftyphei", "HEIF"),
    (4, b"ftypmif1", "HEIF"),
    (4, b"ftyp", "MP4 video"),
    (0, b"\x76\x2f\x31\x01", "OpenEXR"),
    (0, b"#?R", "Radiance HDR"),
    (0, b"\xff\x0a", "JPEG XL"),
    (0, b"\x00\x00\x00\x0cJXL ", "JPEG XL"),
    (0, b"\x1a\x45\xdf\xa3", "Matroska video"),
    (0, b"\x00\x00\x00\x01", "H.264 or H.265 video"),
    (0, b"\x00\x00\x01", "H.264 or H.265 video"),
    (0, b"fcrt", "FLIR radiometric"),
    (0, b"FFF\x00", "FLIR radiometric"),
    (0, b"OggS", "Theora video"),
)


@dataclass(frozen=True)
class FileHeader:
    """What the head of an image file says.

    Attributes:
        kind: "JPEG", "PNG", "TIFF", "WebP", "BMP" or "PNM".
        width: in pixels.
        height: in pixels.
        is_float: whether its values are floating-point numbers (TIFF).
        bits: of a value; 8 where the header need not say.
    """

    kind: str
    width: int
    height: int
    is_float: bool = False
    bits: int = 8


def file_header(data: bytes) -> FileHeader:
    """Return the header of an image file.

    Args:
        data: the whole file.

    Raises:
        BadImage: it is of a kind that is not read, its header is damaged, or its end is missing.
    """
    try:
        if data.startswith(b"\xff\xd8\xff"):
            return FileHeader("JPEG", *jpeg_size(data))
        if data.startswith(b"\x89PNG\r\n\x1a\n"):
            return _png(data)
        if data.startswith((b"II*\x00", b"MM\x00*", b"II+\x00", b"MM\x00+")):
            size = tiff_size(data)
            return FileHeader("TIFF", size.width, size.height, size.is_float, size.bits)
        if data.startswith(b"RIFF") and data[8:12] == b"WEBP":
            return FileHeader("WebP", *_webp_size(data))
        if data.startswith(b"BM"):
            return FileHeader("BMP", *_bmp_size(data))
        if re.match(rb"P[1-6][\s#]", data):
            return _pnm(data)
    except (struct.error, IndexError, OverflowError) as error:
        raise cut_off() from error
    for place, magic, name in _OTHERS:
        if data[place:].startswith(magic):
            raise _not_read(f"the data is {name}")
    raise _not_read(f"the data is no image (it starts with {data[:8].hex(' ')})")


def _not_read(cause: str) -> BadImage:
    return BadImage(cause, f"send or export {KINDS} images")


def _png(data: bytes) -> FileHeader:
    if data[12:16] != b"IHDR":
        raise damaged("a PNG without IHDR")
    width, height, bits = struct.unpack_from(">IIB", data, 16)
    if data.rfind(b"IEND") < 0:
        raise cut_off()
    return FileHeader("PNG", width, height, bits=bits)


def _webp_size(data: bytes) -> tuple[int, int]:
    """Largest of the canvas (VP8X) and the first image (VP8, VP8L), RFC 9649."""
    if struct.unpack_from("<I", data, 4)[0] + 8 > len(data):
        raise cut_off()
    width = height = 0
    place = 12
    while place + 8 <= len(data):
        name, length = data[place : place + 4], struct.unpack_from("<I", data, place + 4)[0]
        body = place + 8
        if name == b"VP8X":
            canvas = int.from_bytes(data[body + 4 : body + 7], "little") + 1
            width = max(width, canvas)
            height = max(height, int.from_bytes(data[body + 7 : body + 10], "little") + 1)
        elif name == b"VP8 ":
            sides = struct.unpack_from("<HH", data, body + 6)
            return max(width, sides[0] & 0x3FFF), max(height, sides[1] & 0x3FFF)
        elif name == b"VP8L":
            packed = struct.unpack_from("<I", data, body + 1)[0]
            return max(width, (packed & 0x3FFF) + 1), max(height, (packed >> 14 & 0x3FFF) + 1)
        elif name == b"ANMF":
            raise BadImage("the file is an animation", f"export single {KINDS} images")
        place = body + length + length % 2
    raise damaged("a WebP without an image")


def _bmp_size(data: bytes) -> tuple[int, int]:
    """BITMAPCOREHEADER (12 bytes) has 16-bit sides, later headers 32-bit ones."""
    length = struct.unpack_from("<I", data, 14)[0]
    if length == 12:
        width, height = struct.unpack_from("<HH", data, 18)
    else:
        width, height = struct.unpack_from("<ii", data, 18)
    return abs(width), abs(height)


def _pnm(data: bytes) -> FileHeader:
    """Return the header of a PBM, PGM or PPM file, plain or not."""
    gap = rb"(?:\s|#[^\r\n]*[\r\n])+"
    number = rb"(\d{1,9})"
    is_bitmap = data[1:2] in b"14"
    wanted = rb"P[1-6]" + gap + number + gap + number
    wanted += rb"" if is_bitmap else gap + number
    found = re.match(wanted + rb"\s", data)
    if found is None:
        raise damaged("the header of a PNM")
    width, height = int(found[1]), int(found[2])
    most = 1 if is_bitmap else int(found[3])
    if not 1 <= most <= 65535:
        raise damaged(f"a PNM of values up to {most}")
    channels = 3 if data[1:2] in b"36" else 1
    row = (width + 7) // 8 if is_bitmap else width * channels * (1 if most < 256 else 2)
    if data[1:2] in b"456" and len(data) - found.end() < row * height:
        raise cut_off()
    return FileHeader("PNM", width, height, bits=8 if most < 256 else 16)
