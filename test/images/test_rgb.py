"""Every encoding of colour images, odd steps, and what is refused."""

import sys
from pathlib import Path

import numpy as np
import pytest

from amdanet_ros.images.errors import BadImage
from amdanet_ros.images.rgb import check_rgb_message, rgb_from_message, rgb_sample

sys.path.insert(0, str(Path(__file__).parent))
from made_messages import (
    HEIGHT,
    WIDTH,
    ImageMessage,
    encoded,
    interleaved,
    mosaic,
    packed,
    smooth_rgb,
    yuv422,
)


@pytest.mark.parametrize("padding", [0, 1, 7])
@pytest.mark.parametrize("last_padding", [True, False])
@pytest.mark.parametrize("encoding", ["rgb8", "bgr8", "8UC3", "rgba8", "bgra8", "8UC4"])
def test_interleaved_colours_come_out_exactly(encoding, padding, last_padding):
    rgb = smooth_rgb()
    pixels = rgb if encoding.startswith("rgb") else rgb[..., ::-1]
    if encoding.endswith(("a8", "C4")):
        pixels = np.dstack([pixels, np.full(rgb.shape[:2], 77, np.uint8)])
    message = packed(interleaved(pixels), encoding, WIDTH, padding, last_padding)
    check_rgb_message(message)
    np.testing.assert_array_equal(rgb_from_message(message), rgb)


@pytest.mark.parametrize("encoding", ["mono8", "8UC1"])
def test_grey_becomes_three_equal_channels(encoding):
    grey = smooth_rgb()[..., 0]
    rgb = rgb_from_message(packed(interleaved(grey), encoding, WIDTH, 5))
    np.testing.assert_array_equal(rgb, np.dstack([grey] * 3))


@pytest.mark.parametrize("pattern", ["rggb", "bggr", "gbrg", "grbg"])
def test_bayer_patterns_are_demosaiced_with_their_own_order(pattern):
    rgb = smooth_rgb()
    message = packed(interleaved(mosaic(rgb, pattern)), f"bayer_{pattern}8", WIDTH, 3)
    seen = rgb_from_message(message)
    difference = np.abs(seen.astype(int) - rgb)[2:-2, 2:-2]
    assert difference.max() <= 6


@pytest.mark.parametrize(
    ("encoding", "order"),
    [("uyvy", "U0V1"), ("yuv422", "U0V1"), ("yuyv", "0U1V"), ("yuv422_yuy2", "0U1V")],
)
def test_yuv_comes_out_close(encoding, order):
    rgb = smooth_rgb()
    message = packed(interleaved(yuv422(rgb, order)), encoding, WIDTH, 4)
    assert np.abs(rgb_from_message(message).astype(int) - rgb).max() <= 6


def test_rgb8_is_viewed_not_copied():
    message = packed(interleaved(smooth_rgb()), "rgb8", WIDTH, 2)
    assert np.shares_memory(rgb_from_message(message), np.frombuffer(message.data, np.uint8))


def as_encoding(rgb, encoding):
    """The bytes of an RGB image in an encoding, row by row."""
    if encoding.startswith("bayer"):
        return interleaved(mosaic(rgb, encoding[6:10]))
    if encoding in ("uyvy", "yuyv"):
        return interleaved(yuv422(rgb, "U0V1" if encoding == "uyvy" else "0U1V"))
    if encoding == "mono8":
        return interleaved(rgb[..., 1])
    return interleaved(rgb if encoding == "rgb8" else rgb[..., ::-1])


@pytest.mark.parametrize(
    "encoding", ["rgb8", "bgr8", "mono8", "uyvy", "yuyv", "bayer_rggb8", "bayer_bggr8"]
)
@pytest.mark.parametrize("size", [(96, 128), (97, 130)])
def test_a_sample_has_the_statistics_of_the_whole_image(encoding, size):
    y, x = np.mgrid[0 : size[0], 0 : size[1]]
    rgb = np.stack([30 + x, 40 + y, 220 - x], axis=-1).astype(np.uint8)
    rgb[: size[0] // 4] = 255  # a quarter is saturated
    message = packed(as_encoding(rgb, encoding), encoding, size[1], padding=3)
    sample = rgb_sample(message, 1500)
    whole = rgb_from_message(message)
    assert sample.dtype == np.uint8 and sample.shape[2] == 3
    assert 300 <= sample.shape[0] * sample.shape[1] <= 2000
    np.testing.assert_allclose(sample.mean((0, 1)), whole.mean((0, 1)), atol=6)
    np.testing.assert_allclose(sample.std((0, 1)), whole.std((0, 1)), rtol=0.1)
    share = np.mean(sample.min(axis=-1) >= 230), np.mean(whole.min(axis=-1) >= 230)
    assert share[0] == pytest.approx(share[1], abs=0.04)


@pytest.mark.parametrize("size", [(3, 4), (2, 2), (1, 640)])
@pytest.mark.parametrize("encoding", ["rgb8", "uyvy", "mono8"])
def test_a_sample_of_a_tiny_image_is_never_empty(encoding, size):
    rgb = smooth_rgb(*size)
    sample = rgb_sample(packed(as_encoding(rgb, encoding), encoding, size[1]), 100)
    assert sample.size


def test_what_must_be_decoded_has_no_sample():
    assert rgb_sample(encoded(".png", smooth_rgb(), "png"), 100) is None
    assert rgb_sample(ImageMessage(1, 1, "nv12", step=1, data=b"0"), 100) is None


def changed(**fields):
    message = packed(interleaved(smooth_rgb()), "rgb8", WIDTH)
    for name, value in fields.items():
        setattr(message, name, value)
    return message


@pytest.mark.parametrize(
    ("fields", "cause"),
    [
        ({"data": b""}, "no data"),
        ({"width": 0}, "empty"),
        ({"height": 0}, "empty"),
        ({"step": 0}, "step is 0"),
        ({"step": 3 * WIDTH - 1}, "step is 95"),
        ({"height": HEIGHT + 1}, "rows of step"),
        ({"height": HEIGHT - 1}, "rows of step"),
        ({"data": bytes(100)}, "100 bytes"),
        ({"encoding": "rgb16"}, "'rgb16'"),
        ({"encoding": ""}, "''"),
        ({"encoding": "uyvy", "width": 33, "step": 96}, "width is 33"),
    ],
)
def test_bad_rgb_messages_are_refused_before_and_at_conversion(fields, cause):
    for refuse in (check_rgb_message, rgb_from_message):
        with pytest.raises(BadImage) as refusal:
            refuse(changed(**fields))
        assert cause in refusal.value.cause
        assert refusal.value.remedy


class Fallback:
    name = "cv_bridge"

    def __init__(self, encoding, convert):
        self.knows = lambda asked: asked == encoding
        self.convert = convert


def test_other_encodings_go_to_the_fallback_and_its_failure_is_told():
    message = changed(encoding="rgb16")
    nines = Fallback("rgb16", lambda m: np.full((m.height, m.width, 3), 9, np.uint8))
    check_rgb_message(message, nines)
    assert rgb_from_message(message, nines)[0, 0, 0] == 9
    with pytest.raises(BadImage, match="cv_bridge cannot convert"):
        rgb_from_message(message, Fallback("rgb16", lambda m: 1 / 0))
    for refuse in (check_rgb_message, rgb_from_message):
        with pytest.raises(BadImage, match="not known here.*, or install cv_bridge$"):
            refuse(message, Fallback("nv21", None))
        with pytest.raises(BadImage, match="not known here.* in the driver$"):
            refuse(message)
