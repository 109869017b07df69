"""Files of every kind are read as they are stored, or refused with their cause."""

import os
import struct
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest

from amdanet_ros.images.errors import BadImage
from amdanet_ros.images.image_file import read_rgb, read_values
from amdanet_ros.images.read_options import ReadOptions
from amdanet_ros.images.thermal import read_thermal

sys.path.insert(0, str(Path(__file__).parent))
from made_messages import smooth_rgb


def turned(jpeg, orientation):
    """A JPEG with an EXIF orientation (1 to 8)."""
    entry = struct.pack("<HHIHH", 0x0112, 3, 1, orientation, 0)
    exif = b"Exif\0\0II*\0" + struct.pack("<IH", 8, 1) + entry + bytes(4)
    return jpeg[:2] + b"\xff\xe1" + struct.pack(">H", 2 + len(exif)) + exif + jpeg[2:]


@pytest.mark.parametrize("orientation", [3, 6, 8])
@pytest.mark.parametrize("read", [read_rgb, read_values, read_thermal])
def test_an_orientation_in_the_metadata_turns_nothing(read, orientation, tmp_path):
    grey = smooth_rgb()[..., 1]
    plain, path = tmp_path / "plain.jpg", tmp_path / "turned.jpg"
    cv2.imwrite(str(plain), np.dstack([grey] * 3))
    path.write_bytes(turned(plain.read_bytes(), orientation))
    assert cv2.imread(str(path)).shape[:2] == (grey.shape if orientation == 3 else grey.shape[::-1])
    np.testing.assert_array_equal(read(path), read(plain))


@pytest.mark.parametrize("orientation", range(2, 9))
def test_an_orientation_of_a_tiff_turns_nothing(orientation, tmp_path):
    image_module = pytest.importorskip("PIL.Image")
    path, exif = tmp_path / "turned.tiff", image_module.Exif()
    exif[0x0112] = orientation
    counts = np.arange(24 * 32, dtype=np.uint16).reshape(24, 32)
    for image, read in (
        (smooth_rgb(), read_rgb),
        (counts, read_thermal),
        (counts.astype(np.float32), read_values),
    ):
        image_module.fromarray(image).save(path, exif=exif)
        assert not np.array_equal(cv2.imread(str(path), cv2.IMREAD_UNCHANGED), image)
        np.testing.assert_array_equal(read(path), image)


def test_colours_of_sixteen_bits_and_with_alpha_are_read(tmp_path):
    bgr = smooth_rgb()[..., ::-1]
    for name, image in (
        ("wide.png", bgr * np.uint16(257)),
        ("alpha.png", np.dstack([bgr, np.full(bgr.shape[:2], 9, np.uint8)])),
        ("wide.tif", bgr * np.uint16(257)),
    ):
        cv2.imwrite(str(tmp_path / name), image)
        np.testing.assert_array_equal(read_rgb(tmp_path / name), smooth_rgb())


@pytest.mark.parametrize("kind", [np.uint16, np.float32, np.float64])
def test_thermal_tiff_keeps_its_values_in_one_channel_and_in_three_equal_ones(kind, tmp_path):
    values = np.linspace(7000, 9000, 24 * 32).reshape(24, 32).astype(kind)
    path = tmp_path / "thermal.tiff"
    for image in (values, np.dstack([values] * 3)):
        cv2.imwrite(str(path), image)
        seen = read_thermal(path)
        assert seen.dtype == (np.uint16 if kind == np.uint16 else np.float32)
        np.testing.assert_array_equal(seen, values.astype(seen.dtype))


def test_a_float_tiff_of_three_channels_is_told_as_what_it_is(tmp_path):
    path = tmp_path / "three.tiff"
    cv2.imwrite(str(path), smooth_rgb().astype(np.float32))
    with pytest.raises(BadImage, match="the thermal image is in colour"):
        read_thermal(path)
    with pytest.raises(BadImage, match="values of 32 bits, which are no colours"):
        read_rgb(path)


def test_the_first_page_of_a_tiff_is_read(tmp_path):
    path = tmp_path / "pages.tiff"
    pages = [np.full((8, 8), value, np.uint16) for value in (1000, 2000)]
    cv2.imwritemulti(str(path), pages)
    np.testing.assert_array_equal(read_thermal(path), pages[0])


@pytest.mark.parametrize("read", [read_rgb, read_thermal])
def test_what_is_no_file_or_cannot_be_read_is_refused(read, tmp_path):
    (tmp_path / "empty.png").touch()
    os.mkfifo(tmp_path / "pipe.png")
    (tmp_path / "text.png").write_text("no image")
    for name, cause in (
        ("missing.png", "No such file"),
        ("empty.png", "empty"),
        ("pipe.png", "is a pipe or a device"),
        ("", "is a folder"),
        ("text.png", "no image"),
    ):
        with pytest.raises(BadImage, match=cause):
            read(tmp_path / name)


def test_a_file_far_larger_than_any_allowed_image_is_not_even_read(tmp_path):
    path = tmp_path / "sparse.png"
    with path.open("wb") as stream:
        stream.truncate(1 << 40)
    with pytest.raises(BadImage, match="1099511627776 bytes"):
        read_rgb(path, ReadOptions(max_image_megapixels=1.0))
