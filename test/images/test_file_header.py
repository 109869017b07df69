"""Sizes are read before pixels: what claims too much, or more than it holds, is not decoded."""

import struct
import sys
import zlib
from pathlib import Path

import cv2
import numpy as np
import pytest

from amdanet_ros.images import image_file
from amdanet_ros.images.errors import BadImage
from amdanet_ros.images.image_file import check_file, rgb_of_file, size_of_file, values_of_file
from amdanet_ros.images.read_options import ReadOptions

sys.path.insert(0, str(Path(__file__).parent))
from made_messages import smooth_rgb

HEIGHT, WIDTH = 24, 32


def file_of(extension, image=None, *flags):
    image = smooth_rgb() if image is None else image
    return cv2.imencode(extension, image, flags)[1].tobytes()


def array(data):
    return np.frombuffer(data, np.uint8)


def chunk(name, data):
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def png(width, height, pixels, more=b"", bits=8, kind=0):
    head = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, bits, kind, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + head + more + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")


def tiff(order="<", **tags):
    """A TIFF of one black strip; tags of 32 bits by "t256"."""
    usual = {"t256": 16, "t257": 16, "t258": 8, "t259": 1, "t262": 1, "t277": 1, "t278": 16}
    values = {int(name[1:]): value for name, value in {**usual, **tags}.items()}
    values |= {273: 400, 279: 256}
    head = (b"II*\0" if order == "<" else b"MM\0*") + struct.pack(f"{order}I", 8)
    entries = b"".join(
        struct.pack(f"{order}HHII", tag, 4, 1, value) for tag, value in sorted(values.items())
    )
    return (head + struct.pack(f"{order}H", len(values)) + entries).ljust(400, b"\0") + bytes(256)


def jpeg(height, width):
    data = file_of(".jpg")
    frame = data.index(b"\xff\xc0")
    return data[: frame + 5] + struct.pack(">HH", height, width) + data[frame + 9 :]


def webp(width, height):
    data = file_of(".webp")
    sides = (width - 1).to_bytes(3, "little") + (height - 1).to_bytes(3, "little")
    return data[:12] + b"VP8X" + struct.pack("<I", 10) + bytes(4) + sides + data[12:]


def bmp(width, height, bits=24, compression=0):
    fields = (40, width, height, 1, bits, compression, 0, 0, 0, 0, 0)
    return b"BM" + struct.pack("<IHHI", 1000, 0, 0, 54) + struct.pack("<IiiHHIIiiII", *fields)


READ = (".jpg", ".png", ".tiff", ".webp", ".bmp", ".ppm")


@pytest.mark.parametrize("extension", READ)
def test_the_size_of_each_kind_is_read_from_its_header(extension, tmp_path):
    path = tmp_path / f"image{extension}"
    path.write_bytes(file_of(extension))
    assert size_of_file(path) == (HEIGHT, WIDTH)
    assert values_of_file(array(path.read_bytes())).shape == (HEIGHT, WIDTH, 3)


CLAIMS = {
    "jpeg": jpeg(30000, 30000),
    "png": png(30000, 30000, zlib.compress(bytes(30000), 9)),
    "tiff": tiff(t256=30000, t257=30000),
    "tiff, big-endian": tiff(">", t256=30000, t257=30000),
    "tiff of one large tile": tiff(t322=30000, t323=30000),
    "webp": webp(30000, 30000),
    "bmp": bmp(30000, -30000),
    "old bmp": b"BM" + bytes(12) + struct.pack("<IHHHH", 12, 60000, 60000, 1, 24) + bytes(24),
    "pgm": b"P5\n# made\n30000 30000\n255\n" + bytes(99),
    "plain ppm": b"P3 30000 30000 255 1 2 3",
    "jpeg with a small thumbnail": b"\xff\xd8\xff\xe1"
    + struct.pack(">H", 2 + len(file_of(".jpg")))
    + file_of(".jpg")
    + jpeg(30000, 30000)[2:],
}


@pytest.mark.parametrize("data", CLAIMS.values(), ids=CLAIMS)
def test_a_header_that_claims_900_million_pixels_is_never_decoded(data, monkeypatch):
    monkeypatch.setattr(image_file.cv2, "imdecode", lambda *_: pytest.fail("it was decoded"))
    for read in (check_file, values_of_file, rgb_of_file):
        with pytest.raises(BadImage, match=r"00 pixels, more than .* max_image_megapixels"):
            read(array(data))


HOLLOW = {
    "jpeg": (jpeg(8000, 8000), "cut off"),
    "png": (png(8000, 8000, zlib.compress(bytes(100)), bits=16, kind=6), "cut off"),
    "png of more data than pixels": (png(16, 16, zlib.compress(bytes(9 * 10**7), 1)), "more image"),
    "png of many chunks": (png(16, 16, b"", chunk(b"tEXt", b"a\0b") * 100_000), "chunks"),
    "tiff": (tiff(t256=8000, t257=8000, t258=64), "cut off"),
    "tiff of many channels": (tiff(t277=60000), "60000 channels"),
    "tiff of a fax": (tiff(t259=4, t258=1), "compression 4"),
    "bmp": (bmp(8000, 8000), "cut off"),
    "compressed bmp": (bmp(8000, 8000, 8, 1) + bytes(2000), "compressed"),
    "pgm": (b"P5 8000 8000 65535\n" + bytes(99), "cut off"),
    "plain pbm": (b"P1 8000 8000 1 0 1", "cut off"),
    "jpeg of no size": (jpeg(0, 8000), "empty"),
    "webp that moves": (webp(16, 16)[:30] + b"ANIM" + bytes(60), "animation"),
}


@pytest.mark.parametrize(("data", "cause"), HOLLOW.values(), ids=HOLLOW)
def test_a_file_that_holds_less_or_more_than_its_size_is_never_decoded(data, cause, monkeypatch):
    monkeypatch.setattr(image_file.cv2, "imdecode", lambda *_: pytest.fail("it was decoded"))
    with pytest.raises(BadImage, match=cause):
        values_of_file(array(data))


def test_a_jpeg_of_two_frames_is_refused():
    data = file_of(".jpg")
    frame = data.index(b"\xff\xc0")
    with pytest.raises(BadImage, match="two frames"):
        check_file(array(data[:frame] + data[frame : frame + 19] + data[frame:]))


def progressive(side, scans):
    """A progressive JPEG whose last scan comes again and again."""
    data = file_of(".jpg", np.zeros((side, side), np.uint8), cv2.IMWRITE_JPEG_PROGRESSIVE, 1)
    last, end = data.rfind(b"\xff\xda"), data.rfind(b"\xff\xd9")
    start = data.find(b"\xff\xc4", data.rfind(b"\xff\xda", 0, last))
    return data[:end] + data[start:end] * (scans - data.count(b"\xff\xda")) + data[end:]


def test_a_progressive_jpeg_may_have_the_usual_scans_and_no_bomb_of_them():
    assert values_of_file(array(progressive(64, 16))).shape == (64, 64)
    with pytest.raises(BadImage, match="65 scans"):
        check_file(array(progressive(64, 65)))
    with pytest.raises(BadImage, match="50 scans"):  # each takes 35 ms at this size
        check_file(array(progressive(5000, 50)))


@pytest.mark.parametrize(
    ("start", "name"),
    [
        (b"GIF89a", "GIF"),
        (b"\0\0\0\x0cjP  \r\n\x87\n", "JPEG 2000"),
        (b"\0\0\0\x1cftypavif", "AVIF"),
        (b"\0\0\0\x1cftypheic", "HEIF"),
        (b"\0\0\0\x01\x67\x42", "H.264"),
        (b"v/1\x01", "OpenEXR"),
        (b"#?RADIANCE", "HDR"),
        (b"%PDF-1.7", "no image"),
    ],
)
def test_what_is_not_read_is_refused_by_its_name(start, name):
    with pytest.raises(BadImage, match=f"{name}.*send or export JPEG, PNG, TIFF, WebP, BMP or PGM"):
        check_file(array(start + bytes(100)))


@pytest.mark.parametrize("extension", [".jpg", ".png", ".webp", ".bmp", ".ppm"])
def test_a_file_that_is_cut_off_is_refused(extension):
    data = file_of(extension)
    with pytest.raises(BadImage, match="cut off"):
        check_file(array(data[: len(data) * 2 // 3]))


def test_the_bound_is_exact():
    data = array(file_of(".png", np.zeros((100, 100), np.uint8)))
    assert values_of_file(data, ReadOptions(max_image_megapixels=0.01)).shape == (100, 100)
    with pytest.raises(BadImage, match="100 x 100"):
        values_of_file(data, ReadOptions(max_image_megapixels=0.0099))
