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
from .png_header import png_size
from .read_options import ReadOptions
from .tiff_header import TiffSize, tiff_size

KINDS = "JPEG, PNG, TIFF, WebP, BMP or PGM"

_MOST_WEBP_CHUNKS = 100
_UNCOMPRESSED_BMP = {0, 3, 6}  # BI_RGB, BI_BITFIELDS, BI_ALPHABITFIELDS
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
        tiff: more of a TIFF's header.
    """

    kind: str
    width: int
    height: int
    is_float: bool = False
    bits: int = 8
    tiff: TiffSize | None = None


def file_header(data: bytes, options: ReadOptions) -> FileHeader:
    """Return the header of an image file.

    Args:
        data: the whole file.
        options: bound its size.

    Raises:
        BadImage: it is of a kind that is not read, too large, damaged in its header, or cut off.
    """
    try:
        if data.startswith(b"\xff\xd8\xff"):
            return FileHeader("JPEG", *jpeg_size(data, options))
        if data.startswith(b"\x89PNG\r\n\x1a\n"):
            size = png_size(data, options)
            return FileHeader("PNG", size.width, size.height, bits=size.bits)
        if data.startswith((b"II*\x00", b"MM\x00*", b"II+\x00", b"MM\x00+")):
            size = tiff_size(data, options)
            return FileHeader("TIFF", size.width, size.height, size.is_float, size.bits, size)
        if data.startswith(b"RIFF") and data[8:12] == b"WEBP":
            return FileHeader("WebP", *_webp_size(data, options))
        if data.startswith(b"BM"):
            return FileHeader("BMP", *_bmp_size(data, options))
        if re.match(rb"P[1-6][\s#]", data):
            return _pnm(data, options)
    except (struct.error, IndexError, OverflowError) as error:
        raise cut_off() from error
    for place, magic, name in _OTHERS:
        if data[place:].startswith(magic):
            raise _not_read(f"the data is {name}")
    raise _not_read(f"the data is no image (it starts with {data[:8].hex(' ')})")


def _not_read(cause: str) -> BadImage:
    return BadImage(cause, f"send or export {KINDS} images")


def _webp_size(data: bytes, options: ReadOptions) -> tuple[int, int]:
    """Largest of the canvas (VP8X) and the first image (VP8, VP8L), RFC 9649."""
    canvas = (0, 0)
    place = 12
    for _ in range(_MOST_WEBP_CHUNKS):
        name, length = struct.unpack_from("<4sI", data, place)
        body = place + 8
        if name == b"VP8X":
            sides = data[body + 4 : body + 7], data[body + 7 : body + 10]
            canvas = tuple(int.from_bytes(side, "little") + 1 for side in sides)
            options.check_size(*canvas)
        elif name in (b"VP8 ", b"VP8L"):
            width, height = _webp_image_size(data, body, is_lossless=name == b"VP8L")
            options.check_size(width, height)
            if body + length > len(data):
                raise cut_off()
            return max(width, canvas[0]), max(height, canvas[1])
        elif name in (b"ANIM", b"ANMF"):
            raise BadImage("the file is an animation", f"export single {KINDS} images")
        place = body + length + length % 2
    raise damaged("a WebP without an image")


def _webp_image_size(data: bytes, body: int, is_lossless: bool) -> tuple[int, int]:
    if is_lossless:
        packed = struct.unpack_from("<I", data, body + 1)[0]
        return (packed & 0x3FFF) + 1, (packed >> 14 & 0x3FFF) + 1
    width, height = struct.unpack_from("<HH", data, body + 6)
    return width & 0x3FFF, height & 0x3FFF


def _bmp_size(data: bytes, options: ReadOptions) -> tuple[int, int]:
    """BITMAPCOREHEADER (12 bytes) has 16-bit sides, later headers 32-bit ones."""
    length = struct.unpack_from("<I", data, 14)[0]
    if length == 12:
        width, height, _, bits = struct.unpack_from("<HHHH", data, 18)
    else:
        width, height, _, bits, compression = struct.unpack_from("<iiHHI", data, 18)
        if compression not in _UNCOMPRESSED_BMP:
            raise _not_read("the BMP is compressed")
    width, height = abs(width), abs(height)
    options.check_size(width, height)
    if len(data) < (width * bits + 31) // 32 * 4 * height:
        raise cut_off()
    return width, height


def _pnm(data: bytes, options: ReadOptions) -> FileHeader:
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
    options.check_size(width, height)
    most = 1 if is_bitmap else int(found[3])
    if not 1 <= most <= 65535:
        raise damaged(f"a PNM of values up to {most}")
    channels = 3 if data[1:2] in b"36" else 1
    row = (width + 7) // 8 if is_bitmap else width * channels * (1 if most < 256 else 2)
    least = row * height if data[1:2] in b"456" else width * height * channels
    if len(data) - found.end() < least:
        raise cut_off()
    return FileHeader("PNM", width, height, bits=8 if most < 256 else 16)
