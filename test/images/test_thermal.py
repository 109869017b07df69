"""Thermal images in every depth, both byte orders and any step, and what is refused."""

import sys
from pathlib import Path

import cv2
import numpy as np
import pytest

from amdanet_ros.images.errors import BadImage
from amdanet_ros.images.read_options import ReadOptions
from amdanet_ros.images.thermal import (
    check_thermal_message,
    crop,
    needs_decoding,
    thermal_from_message,
)

sys.path.insert(0, str(Path(__file__).parent))
from made_messages import (
    HEIGHT,
    WIDTH,
    ImageMessage,
    encoded,
    interleaved,
    packed,
    planes,
    smooth_rgb,
)


@pytest.mark.parametrize("padding", [0, 1, 2, 6])
@pytest.mark.parametrize("bigendian", [False, True])
@pytest.mark.parametrize(
    ("encoding", "dtype"),
    [("mono16", np.uint16), ("16UC1", np.uint16), ("32FC1", np.float32)],
)
def test_wide_thermal_pixels_in_both_byte_orders_and_any_step(encoding, dtype, bigendian, padding):
    values = (np.arange(HEIGHT * WIDTH).reshape(HEIGHT, WIDTH) * 37 + 7000).astype(dtype)
    stored = values.astype(values.dtype.newbyteorder(">" if bigendian else "<"))
    message = packed(interleaved(stored), encoding, WIDTH, padding, bigendian=bigendian)
    check_thermal_message(message)
    seen = thermal_from_message(message)
    assert seen.dtype == dtype
    assert seen.flags.aligned
    np.testing.assert_array_equal(seen, values)


@pytest.mark.parametrize("bigendian", [False, True])
@pytest.mark.parametrize(
    ("encoding", "dtype"), [("64FC1", "f8"), ("16SC1", "i2"), ("32SC1", "i4"), ("8SC1", "i1")]
)
def test_signed_values_and_doubles_become_float32(encoding, dtype, bigendian):
    values = np.linspace(-100, 100, HEIGHT * WIDTH).reshape(HEIGHT, WIDTH).astype(dtype)
    stored = values.astype((">" if bigendian else "<") + dtype)
    seen = thermal_from_message(packed(interleaved(stored), encoding, WIDTH, 5, False, bigendian))
    assert seen.dtype == np.float32
    np.testing.assert_array_equal(seen, values.astype(np.float32))


@pytest.mark.parametrize("encoding", ["mono8", "8UC1", "MONO8"])
def test_eight_bit_thermal_is_viewed(encoding):
    grey = smooth_rgb()[..., 1]
    message = packed(interleaved(grey), encoding, WIDTH, 3)
    seen = thermal_from_message(message)
    np.testing.assert_array_equal(seen, grey)
    assert np.shares_memory(seen, np.frombuffer(message.data, np.uint8))
    assert not needs_decoding(message)


def scene(height=96, width=128):
    """A white-hot image: a cool ground, and a warm body."""
    y, x = np.mgrid[0:height, 0:width]
    body = 140.0 * np.exp(-((x - width * 0.4) ** 2 + (y - height / 2) ** 2) / (0.02 * width**2))
    return (40 + x / 4 + body).astype(np.uint8)


def grey_messages(grey):
    """The image in each encoding of three or four equal channels, and as YUV without colours."""
    rows, width = grey.shape
    for channels, names in ((3, ("rgb8", "bgr8", "8UC3")), (4, ("rgba8", "bgra8", "8UC4"))):
        pixels = np.dstack([grey] * 3 + [np.full_like(grey, 255)] * (channels - 3))
        for name in names:
            yield name, packed(interleaved(pixels), name, width, 1)
    neutral = np.full_like(grey, 128)
    for names, order in ((("yuyv", "yuv422_yuy2"), 1), (("uyvy", "yuv422"), -1)):
        for name in names:
            yield name, packed(interleaved(np.dstack([grey, neutral][::order])), name, width, 3)
    for name, colours in (("nv12", rows // 2), ("nv21", rows // 2), ("nv24", rows * 2)):
        data = grey.tobytes() + bytes([128]) * (colours * width)
        yield name, ImageMessage(rows, width, name, width, data)


@pytest.mark.parametrize("name", [name for name, _ in grey_messages(scene())])
def test_grey_thermal_in_the_encodings_of_colours_is_grey(name):
    message = dict(grey_messages(scene()))[name]
    check_thermal_message(message)
    seen = thermal_from_message(message)
    np.testing.assert_array_equal(seen, scene())
    assert seen.flags.c_contiguous
    assert needs_decoding(message)


@pytest.mark.parametrize(
    ("encoding", "dtype"), [("rgb16", "<u2"), ("bgra16", "<u2"), ("16UC3", "<u2"), ("32FC3", "<f4")]
)
def test_wide_grey_thermal_keeps_its_values(encoding, dtype):
    counts = (scene().astype(np.uint16) * 61 + 7000).astype(dtype)
    channels = 4 if "a" in encoding else 3
    seen = thermal_from_message(
        packed(interleaved(np.dstack([counts] * channels)), encoding, counts.shape[1], 4)
    )
    np.testing.assert_array_equal(seen, counts)


@pytest.mark.parametrize(
    ("extension", "quality", "difference"), [(".jpg", 95, 6), (".jpg", 40, 12), (".png", 0, 0)]
)
def test_grey_thermal_in_a_file_of_three_channels_is_grey(extension, quality, difference):
    rng = np.random.default_rng(1)
    noisy = np.clip(scene() + rng.normal(0, 3, scene().shape), 0, 255).astype(np.uint8)
    flags = [cv2.IMWRITE_JPEG_QUALITY, quality] if extension == ".jpg" else []
    # The camera's own JPEG of equal channels, decoded and packed again by a second program.
    again = cv2.imdecode(cv2.imencode(extension, np.dstack([noisy] * 3), flags)[1], 1)
    jitter = rng.integers(-3, 4, again.shape) if extension == ".jpg" else 0
    again = np.clip(again + jitter, 0, 255).astype(np.uint8)
    seen = thermal_from_message(encoded(extension, again, "rgb8; compressed bgr8"))
    assert (seen.dtype, seen.shape) == (np.uint8, noisy.shape)
    assert np.abs(seen.astype(int) - noisy).mean() <= difference


def with_logo(grey, share):
    """The image in three channels with a coloured rectangle of this share of it in a corner."""
    image = np.dstack([grey] * 3)
    height, width = (round(side * share**0.5) for side in grey.shape)
    image[-height:, -width:] = (20, 60, 220)
    return image


def test_a_coloured_logo_of_a_twentieth_is_let_through_and_more_is_not():
    grey = scene()
    seen = thermal_from_message(packed(interleaved(with_logo(grey, 0.04)), "bgr8", grey.shape[1]))
    np.testing.assert_array_equal(seen[:70, :90], grey[:70, :90])
    with pytest.raises(BadImage, match="in colour"):
        thermal_from_message(packed(interleaved(with_logo(grey, 0.08)), "bgr8", grey.shape[1]))


PALETTES = ("INFERNO", "JET", "HOT", "MAGMA", "RAINBOW", "PLASMA", "BONE", "OCEAN", "TURBO")


@pytest.mark.parametrize("palette", PALETTES)
@pytest.mark.parametrize("kind", ["rgb8", "bgra8", "uyvy", ".png", ".jpg"])
def test_false_colours_are_refused_with_the_fix(palette, kind):
    coloured = cv2.applyColorMap(scene(), getattr(cv2, f"COLORMAP_{palette}"))
    if kind.startswith("."):
        message = encoded(kind, coloured, "bgr8; compressed")
    elif kind == "uyvy":
        yuv = cv2.cvtColor(coloured, cv2.COLOR_BGR2YUV_UYVY)
        message = packed(interleaved(yuv), kind, coloured.shape[1])
    else:
        pixels = coloured if kind == "rgb8" else cv2.cvtColor(coloured, cv2.COLOR_BGR2BGRA)
        message = packed(interleaved(pixels), kind, coloured.shape[1])
    with pytest.raises(BadImage, match="mono16") as refusal:
        thermal_from_message(message)
    assert "in colour" in refusal.value.cause


@pytest.mark.parametrize("kind", ["rgb8", "yuyv"])
def test_a_small_hot_spot_on_a_black_palette_is_false_colour(kind):
    cold = np.zeros((96, 128), np.uint8)
    cold[10:24, 10:24] = 150  # 1.6 % of the image; inferno is black where it is cold
    coloured = cv2.applyColorMap(cold, cv2.COLORMAP_INFERNO)
    if kind == "yuyv":
        coloured = cv2.cvtColor(coloured, cv2.COLOR_BGR2YUV_YUY2)
    with pytest.raises(BadImage, match="in colour"):
        thermal_from_message(packed(interleaved(coloured), kind, 128))


@pytest.mark.parametrize("encoding", ["bayer_rggb8", "bayer_gbrg16"])
def test_raw_colours_are_refused_before_pixels_are_read(encoding):
    message = ImageMessage(height=2, width=2, step=12, encoding=encoding, data=bytes(24))
    with pytest.raises(BadImage, match="mono16"):
        check_thermal_message(message)


@pytest.mark.parametrize("encoding", ["32FC2", "8UC2", "depth", "nonsense", ""])
def test_unknown_thermal_encodings_are_refused(encoding):
    message = ImageMessage(height=2, width=2, step=16, encoding=encoding, data=bytes(32))
    with pytest.raises(BadImage, match="not known for thermal"):
        check_thermal_message(message)


def test_planes_with_colours_are_refused():
    with pytest.raises(BadImage, match="in colour"):
        thermal_from_message(planes(smooth_rgb(), "nv12", 0))


def test_crop_cuts_each_side_and_refuses_to_cut_everything():
    counts = np.arange(48, dtype=np.uint16).reshape(6, 8)
    np.testing.assert_array_equal(crop(counts, (1, 2, 3, 0)), counts[1:4, 3:])
    with pytest.raises(BadImage, match="leaves nothing of an image of 8 x 6") as refusal:
        crop(counts, (3, 3, 0, 0))
    assert refusal.value.stream == "thermal"


def test_the_bound_holds_for_thermal_images():
    message = packed(interleaved(scene()), "mono8", 128)
    with pytest.raises(BadImage, match=r"128 x 96 pixels.*max_image_megapixels"):
        check_thermal_message(message, ReadOptions(max_image_megapixels=0.01))
