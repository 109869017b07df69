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
    encoded,
    interleaved,
    mosaic,
    packed,
    planes,
    smooth_rgb,
    yuv422,
)


@pytest.mark.parametrize("padding", [0, 1, 7])
@pytest.mark.parametrize("last_padding", [True, False])
@pytest.mark.parametrize("encoding", ["rgb8", "bgr8", "8UC3", "rgba8", "bgra8", "8UC4", "RGB8"])
def test_interleaved_colours_come_out_exactly(encoding, padding, last_padding):
    rgb = smooth_rgb()
    pixels = rgb if encoding.lower().startswith("rgb") else rgb[..., ::-1]
    if encoding.endswith(("a8", "C4")):
        pixels = np.dstack([pixels, np.full(rgb.shape[:2], 77, np.uint8)])
    message = packed(interleaved(pixels), encoding, WIDTH, padding, last_padding)
    check_rgb_message(message)
    np.testing.assert_array_equal(rgb_from_message(message), rgb)


@pytest.mark.parametrize("padding", [0, 1, 6])
@pytest.mark.parametrize("bigendian", [False, True])
@pytest.mark.parametrize("encoding", ["rgb16", "bgr16", "16UC3", "rgba16", "bgra16", "16UC4"])
def test_sixteen_bits_become_eight_in_both_byte_orders(encoding, bigendian, padding):
    rgb = smooth_rgb()
    pixels = rgb if encoding.startswith("rgb") else rgb[..., ::-1]
    if encoding.endswith(("a16", "C4")):
        pixels = np.dstack([pixels, np.full(rgb.shape[:2], 77, np.uint8)])
    stored = (pixels * np.uint16(257)).astype(">u2" if bigendian else "<u2")
    message = packed(interleaved(stored), encoding, WIDTH, padding, bigendian=bigendian)
    check_rgb_message(message)
    np.testing.assert_array_equal(rgb_from_message(message), rgb)
    np.testing.assert_array_equal(rgb_sample(message, 10**6), rgb)


@pytest.mark.parametrize("bits", [8, 16])
@pytest.mark.parametrize("size", [(24, 32), (25, 33)])
def test_mono_serves_as_rgb_at_any_size(bits, size):
    grey = smooth_rgb(*size)[..., 0]
    stored = grey if bits == 8 else (grey * np.uint16(257)).astype("<u2")
    rgb = rgb_from_message(packed(interleaved(stored), f"mono{bits}", size[1], 3))
    np.testing.assert_array_equal(rgb, np.dstack([grey] * 3))


@pytest.mark.parametrize("padding", [0, 4])
@pytest.mark.parametrize("encoding", ["nv12", "nv21", "nv24"])
@pytest.mark.parametrize("counted", ["rows of Y", "all rows", "all bytes of a row"])
def test_planes_of_yuv_come_out_close_however_the_driver_counts_them(encoding, counted, padding):
    rgb = smooth_rgb()
    message = planes(rgb, encoding, padding)
    if counted == "all rows":
        message.height = len(message.data) // message.step
    elif counted == "all bytes of a row":
        message.step = len(message.data) // message.height
    check_rgb_message(message)
    seen = rgb_from_message(message)
    assert seen.shape == rgb.shape
    assert np.abs(seen.astype(int) - rgb).max() <= 8
    sample = rgb_sample(message, 200)
    assert 40 <= sample.shape[0] * sample.shape[1] <= 600
    np.testing.assert_allclose(sample.mean((0, 1)), rgb.mean((0, 1)), atol=8)


@pytest.mark.parametrize(
    ("fields", "cause"),
    [
        ({"width": 31}, "31 x 24"),
        ({"height": 23}, "32 x 23"),
        ({"step": 31}, "step is 31"),
        ({"data": bytes(900)}, "900 bytes"),
    ],
)
def test_planes_that_do_not_fit_are_refused(fields, cause):
    message = planes(smooth_rgb(), "nv12", 0)
    for name, value in fields.items():
        setattr(message, name, value)
    for refuse in (check_rgb_message, rgb_from_message):
        with pytest.raises(BadImage, match=cause):
            refuse(message)


@pytest.mark.parametrize("encoding", ["mono8", "8UC1"])
def test_grey_becomes_three_equal_channels(encoding):
    grey = smooth_rgb()[..., 0]
    rgb = rgb_from_message(packed(interleaved(grey), encoding, WIDTH, 5))
    np.testing.assert_array_equal(rgb, np.dstack([grey] * 3))


@pytest.mark.parametrize("bits", [8, 16])
@pytest.mark.parametrize("pattern", ["rggb", "bggr", "gbrg", "grbg"])
def test_bayer_patterns_are_demosaiced_with_their_own_order(pattern, bits):
    rgb = smooth_rgb()
    raw = mosaic(rgb, pattern)
    stored = raw if bits == 8 else (raw * np.uint16(257)).astype(">u2")
    message = packed(interleaved(stored), f"bayer_{pattern}{bits}", WIDTH, 3, bigendian=True)
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
        ({"encoding": "rgb32"}, "'rgb32'"),
        ({"encoding": "16UC1"}, "counts or distances"),
        ({"encoding": "32FC3"}, "no colours"),
        ({"encoding": "rgb16"}, "32 pixels of 'rgb16' need 192"),
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
