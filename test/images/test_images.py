"""Every encoding of the interface, odd steps, both byte orders, and what is refused."""

import time

import cv2
import numpy as np
import pytest

pytest.importorskip("sensor_msgs")

from sensor_msgs.msg import CompressedImage, Image
from std_msgs.msg import Header

from amdanet_ros.ros.image_messages import (
    BadImage,
    check_rgb_message,
    check_thermal_message,
    compressed_message,
    crop,
    image_message,
    rgb_from_message,
    rgb_sample,
    thermal_from_message,
)

HEIGHT, WIDTH = 24, 32


def picture(height=HEIGHT, width=WIDTH):
    """A smooth RGB picture: chroma subsampling and demosaicing hardly change it."""
    y, x = np.mgrid[0:height, 0:width]
    channels = (40 + 3 * x, 60 + 4 * y, 200 - 2 * x - y)
    return np.stack(channels, axis=-1).astype(np.uint8)


def packed(rows, encoding, width, padding=0, last_padding=True, bigendian=False):
    """A message from rows of bytes (H x row bytes), each followed by padding."""
    height, row = rows.shape
    padded = np.full((height, row + padding), 0xAB, np.uint8)
    padded[:, :row] = rows
    data = padded.tobytes()
    if padding and not last_padding:
        data = data[:-padding]
    return Image(
        height=height,
        width=width,
        encoding=encoding,
        step=row + padding,
        is_bigendian=int(bigendian),
        data=data,
    )


def interleaved(array):
    return np.ascontiguousarray(array).reshape(array.shape[0], -1).view(np.uint8)


def yuv422(rgb, order):
    """Pack R, G, B as the YUV 4:2:2 of BT.601 video range, by its definition."""
    r, g, b = (rgb[..., i].astype(float) for i in range(3))
    y = 16 + 0.257 * r + 0.504 * g + 0.098 * b
    u = 128 - 0.148 * r - 0.291 * g + 0.439 * b
    v = 128 + 0.439 * r - 0.368 * g - 0.071 * b
    planes = {
        "U": (u[:, ::2] + u[:, 1::2]) / 2,
        "V": (v[:, ::2] + v[:, 1::2]) / 2,
        "0": y[:, ::2],
        "1": y[:, 1::2],
    }
    return np.stack([planes[key] for key in order], -1).round().astype(np.uint8)


def mosaic(rgb, pattern):
    raw = np.empty(rgb.shape[:2], np.uint8)
    for place, colour in enumerate(pattern):
        rows, columns = slice(place // 2, None, 2), slice(place % 2, None, 2)
        raw[rows, columns] = rgb[rows, columns, "rgb".index(colour)]
    return raw


@pytest.mark.parametrize("padding", [0, 1, 7])
@pytest.mark.parametrize("last_padding", [True, False])
@pytest.mark.parametrize("encoding", ["rgb8", "bgr8", "8UC3", "rgba8", "bgra8", "8UC4"])
def test_interleaved_colours_come_out_exactly(encoding, padding, last_padding):
    rgb = picture()
    pixels = rgb if encoding.startswith("rgb") else rgb[..., ::-1]
    if encoding.endswith(("a8", "C4")):
        pixels = np.dstack([pixels, np.full(rgb.shape[:2], 77, np.uint8)])
    message = packed(interleaved(pixels), encoding, WIDTH, padding, last_padding)
    check_rgb_message(message)
    np.testing.assert_array_equal(rgb_from_message(message), rgb)


@pytest.mark.parametrize("encoding", ["mono8", "8UC1"])
def test_grey_becomes_three_equal_channels(encoding):
    grey = picture()[..., 0]
    rgb = rgb_from_message(packed(interleaved(grey), encoding, WIDTH, 5))
    np.testing.assert_array_equal(rgb, np.dstack([grey] * 3))


@pytest.mark.parametrize("pattern", ["rggb", "bggr", "gbrg", "grbg"])
def test_bayer_patterns_are_demosaiced_with_their_own_order(pattern):
    rgb = picture()
    message = packed(interleaved(mosaic(rgb, pattern)), f"bayer_{pattern}8", WIDTH, 3)
    seen = rgb_from_message(message)
    difference = np.abs(seen.astype(int) - rgb)[2:-2, 2:-2]
    assert difference.max() <= 6


@pytest.mark.parametrize(
    ("encoding", "order"),
    [("uyvy", "U0V1"), ("yuv422", "U0V1"), ("yuyv", "0U1V"), ("yuv422_yuy2", "0U1V")],
)
def test_yuv_comes_out_close(encoding, order):
    rgb = picture()
    message = packed(interleaved(yuv422(rgb, order)), encoding, WIDTH, 4)
    assert np.abs(rgb_from_message(message).astype(int) - rgb).max() <= 6


def test_rgb8_is_viewed_not_copied():
    message = packed(interleaved(picture()), "rgb8", WIDTH, 2)
    assert np.shares_memory(rgb_from_message(message), np.frombuffer(message.data, np.uint8))


def as_encoding(rgb, encoding):
    """The bytes of an RGB picture in an encoding, row by row."""
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
def test_a_sample_has_the_statistics_of_the_whole_picture(encoding, size):
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
def test_a_sample_of_a_tiny_picture_is_never_empty(encoding, size):
    rgb = picture(*size)
    sample = rgb_sample(packed(as_encoding(rgb, encoding), encoding, size[1]), 100)
    assert sample.size


def test_what_must_be_decoded_has_no_sample():
    assert rgb_sample(encoded(".png", picture(), "png"), 100) is None
    assert rgb_sample(Image(height=1, width=1, encoding="nv12", step=1, data=[0]), 100) is None


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


@pytest.mark.parametrize("encoding", ["mono8", "8UC1"])
def test_eight_bit_thermal_is_viewed(encoding):
    grey = picture()[..., 1]
    message = packed(interleaved(grey), encoding, WIDTH, 3)
    seen = thermal_from_message(message)
    np.testing.assert_array_equal(seen, grey)
    assert np.shares_memory(seen, np.frombuffer(message.data, np.uint8))


def encoded(extension, array, form):
    return CompressedImage(format=form, data=cv2.imencode(extension, array)[1].tobytes())


def test_compressed_rgb_png_is_exact_and_jpeg_close():
    rgb = picture()
    png = encoded(".png", rgb[..., ::-1], "rgb8; png compressed bgr8")
    np.testing.assert_array_equal(rgb_from_message(png), rgb)
    jpeg = encoded(".jpg", rgb[..., ::-1], "jpeg")
    assert np.abs(rgb_from_message(jpeg).astype(int) - rgb).max() <= 12


def test_compressed_grey_and_bayer_serve_as_rgb():
    rgb = picture()
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
    seen = thermal_from_message(encoded(".jpg", picture()[..., 1], "mono8; jpeg compressed "))
    assert (seen.shape, seen.dtype) == ((HEIGHT, WIDTH), np.uint8)


@pytest.mark.parametrize(
    "encoding", ["rgb8", "bgr8", "rgba8", "yuv422_yuy2", "bayer_rggb8", "8UC3"]
)
def test_colour_thermal_is_refused_with_the_mend(encoding):
    message = Image(height=2, width=2, step=12, encoding=encoding, data=bytes(24))
    with pytest.raises(BadImage, match="mono16") as refusal:
        thermal_from_message(message)
    assert "colour" in refusal.value.cause


def test_compressed_colour_thermal_is_refused_with_the_mend():
    with pytest.raises(BadImage, match="mono16"):
        thermal_from_message(encoded(".png", picture(), "rgb8; png compressed bgr8"))


def changed(**fields):
    message = packed(interleaved(picture()), "rgb8", WIDTH)
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
        assert refusal.value.mend


@pytest.mark.parametrize("encoding", ["64FC1", "16SC1", "nonsense"])
def test_unknown_thermal_encodings_are_refused(encoding):
    message = Image(height=2, width=2, step=16, encoding=encoding, data=bytes(32))
    with pytest.raises(BadImage, match="not known for thermal"):
        check_thermal_message(message)


def test_damaged_compressed_pictures_are_refused():
    whole = encoded(".png", picture(), "png")
    cut = CompressedImage(format="png", data=bytes(whole.data)[:-20])
    with pytest.raises(BadImage, match="cut off"):
        check_rgb_message(cut)
    jpeg = bytes(encoded(".jpg", picture(), "jpeg").data)
    with pytest.raises(BadImage, match="cut off"):
        rgb_from_message(CompressedImage(format="jpeg", data=jpeg[: len(jpeg) // 2]))
    with pytest.raises(BadImage, match="neither JPEG nor PNG"):
        rgb_from_message(CompressedImage(format="ffmpeg", data=bytes(64)))
    with pytest.raises(BadImage, match="no data"):
        thermal_from_message(CompressedImage(format="png"))
    broken = bytes(whole.data)[:8] + bytes(40) + b"IEND\xaeB`\x82"
    with pytest.raises(BadImage, match="does not decode"):
        rgb_from_message(CompressedImage(format="png", data=broken))


def test_jpeg_with_padding_behind_its_end_is_read():
    jpeg = bytes(encoded(".jpg", picture()[..., ::-1], "jpeg").data) + bytes(300)
    assert rgb_from_message(CompressedImage(format="jpeg", data=jpeg)).shape == (HEIGHT, WIDTH, 3)


def test_other_encodings_go_to_the_fallback_and_its_failure_is_told():
    message = changed(encoding="rgb16")
    nines = Fallback("rgb16", lambda m: np.full((m.height, m.width, 3), 9, np.uint8))
    check_rgb_message(message, nines)
    assert rgb_from_message(message, nines)[0, 0, 0] == 9
    with pytest.raises(BadImage, match="cv_bridge cannot convert"):
        rgb_from_message(message, Fallback("rgb16", lambda m: 1 / 0))
    for refuse in (check_rgb_message, rgb_from_message):
        with pytest.raises(BadImage, match="not known here"):
            refuse(message, Fallback("nv21", None))


class Fallback:
    def __init__(self, encoding, convert):
        self.knows = lambda asked: asked == encoding
        self.convert = convert


def test_crop_cuts_each_side_and_refuses_to_cut_everything():
    counts = np.arange(48, dtype=np.uint16).reshape(6, 8)
    np.testing.assert_array_equal(crop(counts, (1, 2, 3, 0)), counts[1:4, 3:])
    with pytest.raises(BadImage, match="leaves nothing"):
        crop(counts, (3, 3, 0, 0))


@pytest.mark.parametrize(
    ("encoding", "dtype", "shape"),
    [
        ("rgb8", np.uint8, (5, 7, 3)),
        ("mono8", np.uint8, (5, 7)),
        ("mono16", np.uint16, (5, 7)),
        ("32FC1", np.float32, (5, 7)),
    ],
)
def test_written_messages_read_back(encoding, dtype, shape):
    array = np.arange(np.prod(shape)).reshape(shape).astype(dtype)
    header = Header(frame_id="camera")
    message = image_message(array[:, ::-1], encoding, header)
    assert (message.height, message.width, message.header) == (5, 7, header)
    read = rgb_from_message if encoding == "rgb8" else thermal_from_message
    np.testing.assert_array_equal(read(message), array[:, ::-1])


def test_a_large_message_is_made_without_a_loop_over_its_bytes():
    """Handed over as bytes or as an array, 6 MB would take a second or more: byte by byte."""
    large = np.zeros((1080, 1920, 3), np.uint8)
    took = []
    for _ in range(3):
        started = time.perf_counter()
        image_message(large, "rgb8", Header())
        took.append(time.perf_counter() - started)
    assert min(took) < 0.2


def test_writing_refuses_an_array_that_does_not_fit():
    with pytest.raises(ValueError, match="does not fit"):
        image_message(np.zeros((4, 4), np.uint16), "mono8", Header())
    with pytest.raises(ValueError, match="choose one of"):
        image_message(np.zeros((4, 4), np.uint16), "nonsense", Header())


def test_compressed_output_reads_back():
    rgb = picture()
    message = compressed_message(rgb, Header(frame_id="camera"), 95)
    assert message.format == "rgb8; jpeg compressed bgr8"
    assert np.abs(rgb_from_message(message).astype(int) - rgb).max() <= 12
