"""JPEG and PNG images, and damaged ones."""

import sys
from pathlib import Path

import numpy as np
import pytest

from amdanet_ros.images.errors import BadImage
from amdanet_ros.images.rgb import check_rgb_message, rgb_from_message
from amdanet_ros.images.thermal import thermal_from_message

sys.path.insert(0, str(Path(__file__).parent))
from made_messages import (
    HEIGHT,
    WIDTH,
    CompressedMessage,
    encoded,
    mosaic,
    smooth_rgb,
)


def test_compressed_rgb_png_is_exact_and_jpeg_close():
    rgb = smooth_rgb()
    png = encoded(".png", rgb[..., ::-1], "rgb8; png compressed bgr8")
    np.testing.assert_array_equal(rgb_from_message(png), rgb)
    jpeg = encoded(".jpg", rgb[..., ::-1], "jpeg")
    assert np.abs(rgb_from_message(jpeg).astype(int) - rgb).max() <= 12


def test_compressed_grey_and_bayer_serve_as_rgb():
    rgb = smooth_rgb()
    grey = encoded(".png", rgb[..., 0], "mono8; png compressed ")
    np.testing.assert_array_equal(rgb_from_message(grey), np.dstack([rgb[..., 0]] * 3))
    raw = encoded(".png", mosaic(rgb, "grbg"), "bayer_grbg8; png compressed ")
    assert np.abs(rgb_from_message(raw).astype(int) - rgb)[2:-2, 2:-2].max() <= 6


def test_compressed_thermal_keeps_its_sixteen_bits():
    counts = (np.arange(HEIGHT * WIDTH).reshape(HEIGHT, WIDTH) * 37 + 7000).astype(np.uint16)
    seen = thermal_from_message(encoded(".png", counts, "16UC1; png compressed "))
    assert seen.dtype == np.uint16
    np.testing.assert_array_equal(seen, counts)


def test_compressed_thermal_jpeg_is_grey():
    seen = thermal_from_message(encoded(".jpg", smooth_rgb()[..., 1], "mono8; jpeg compressed "))
    assert (seen.shape, seen.dtype) == ((HEIGHT, WIDTH), np.uint8)


def test_compressed_colour_thermal_is_refused_with_the_fix():
    with pytest.raises(BadImage, match="mono16"):
        thermal_from_message(encoded(".png", smooth_rgb(), "rgb8; png compressed bgr8"))


def test_damaged_compressed_images_are_refused():
    whole = encoded(".png", smooth_rgb(), "png")
    cut = CompressedMessage(format="png", data=bytes(whole.data)[:-20])
    with pytest.raises(BadImage, match="cut off"):
        check_rgb_message(cut)
    jpeg = bytes(encoded(".jpg", smooth_rgb(), "jpeg").data)
    with pytest.raises(BadImage, match="cut off"):
        rgb_from_message(CompressedMessage(format="jpeg", data=jpeg[: len(jpeg) // 2]))
    with pytest.raises(BadImage, match="is no image"):
        rgb_from_message(CompressedMessage(format="ffmpeg", data=bytes(64)))
    with pytest.raises(BadImage, match="no data"):
        thermal_from_message(CompressedMessage(format="png"))
    headless = bytes(whole.data)[:8] + bytes(40) + b"IEND\xaeB`\x82"
    broken = bytes(whole.data)[:60] + bytes(40) + bytes(whole.data)[100:]
    for data, cause in ((headless, "without IHDR"), (broken, "does not decode")):
        with pytest.raises(BadImage, match=cause):
            rgb_from_message(CompressedMessage(format="png", data=data))


def test_jpeg_with_padding_behind_its_end_is_read():
    jpeg = bytes(encoded(".jpg", smooth_rgb()[..., ::-1], "jpeg").data) + bytes(300)
    assert rgb_from_message(CompressedMessage(format="jpeg", data=jpeg)).shape == (HEIGHT, WIDTH, 3)
