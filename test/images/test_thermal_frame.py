"""Thermal cameras that send two images in one frame: InfiRay P2 Pro, Topdon TC001."""

import sys
from pathlib import Path

import cv2
import numpy as np
import pytest

from amdanet_ros.images.errors import BadImage
from amdanet_ros.images.read_options import ReadOptions
from amdanet_ros.images.thermal import check_thermal_message, read_thermal, thermal_from_message

sys.path.insert(0, str(Path(__file__).parent))
from made_messages import ImageMessage, interleaved, packed

ROWS, WIDTH = 12, 16
UPPER, RAW16 = (
    ReadOptions(thermal_frame="upper_half"),
    ReadOptions(thermal_frame="lower_half_raw16"),
)


def video():
    return (np.arange(ROWS * WIDTH).reshape(ROWS, WIDTH) + 30).astype(np.uint8)


def counts():
    """Kelvin times 64, as P2 Pro and TC001 count."""
    celsius = np.linspace(-10, 90, ROWS * WIDTH).reshape(ROWS, WIDTH)
    return np.round((celsius + 273.15) * 64).astype("<u2")


def frame():
    """Rows of bytes: YUYV without colours above, counts below."""
    yuyv = np.dstack([video(), np.full_like(video(), 128)])
    return np.vstack([interleaved(yuyv), interleaved(counts())])


@pytest.mark.parametrize("padding", [0, 4, 5])
@pytest.mark.parametrize("encoding", ["yuyv", "yuv422_yuy2", "8UC2", "16UC1", "mono16"])
def test_both_halves_of_the_cameras_own_bytes_are_read(encoding, padding):
    message = packed(frame(), encoding, WIDTH, padding)
    for options, wanted in ((UPPER, video()), (RAW16, counts())):
        check_thermal_message(message, options)
        seen = thermal_from_message(message, options)
        assert seen.dtype == wanted.dtype
        np.testing.assert_array_equal(seen, wanted)
    assert counts()[0, 0] / 64 - 273.15 == pytest.approx(-10, abs=0.01)


def test_the_frame_as_a_whole_is_refused_with_the_parameter_that_helps():
    with pytest.raises(BadImage, match=r"choose one by thermal\.frame"):
        thermal_from_message(packed(frame(), "yuyv", WIDTH))


def test_a_converted_frame_has_its_video_but_has_lost_its_counts():
    pixels = cv2.cvtColor(frame().reshape(2 * ROWS, WIDTH, 2), cv2.COLOR_YUV2BGR_YUYV)
    message = packed(interleaved(pixels), "bgr8", WIDTH)
    seen = thermal_from_message(message, UPPER)
    np.testing.assert_allclose(seen, np.clip((video() - 16.0) * 1.164, 0, 255), atol=1)
    for read in (check_thermal_message, thermal_from_message):
        with pytest.raises(BadImage, match="'bgr8' has lost the 16-bit counts.*YUYV unconverted"):
            read(message, RAW16)


@pytest.mark.parametrize(
    ("encoding", "row", "more"), [("mono8", 1, 0), ("32FC1", 4, 0), ("nv12", 1, 1)]
)
def test_what_cannot_hold_counts_is_refused_for_them(encoding, row, more):
    data = bytes(2 * ROWS * WIDTH * row) + bytes([128]) * (ROWS * WIDTH * more)
    message = ImageMessage(2 * ROWS, WIDTH, encoding, WIDTH * row, data)
    with pytest.raises(BadImage, match="lost the 16-bit counts"):
        check_thermal_message(message, RAW16)
    assert thermal_from_message(message, UPPER).shape == (ROWS, WIDTH)


def test_uyvy_is_the_other_order_above_and_the_same_bytes_below():
    swapped = frame().copy()
    swapped[:ROWS] = swapped[:ROWS].reshape(ROWS, -1, 2)[..., ::-1].reshape(ROWS, -1)
    message = packed(swapped, "uyvy", WIDTH)
    np.testing.assert_array_equal(thermal_from_message(message, UPPER), video())
    np.testing.assert_array_equal(thermal_from_message(message, RAW16), counts())


@pytest.mark.parametrize("options", [UPPER, RAW16])
def test_frames_that_do_not_halve_are_refused(options):
    message = ImageMessage(5, WIDTH, "yuyv", 2 * WIDTH, bytes(5 * 2 * WIDTH))
    with pytest.raises(BadImage, match="5 rows has no two halves"):
        check_thermal_message(message, options)


def test_a_file_of_sixteen_bits_keeps_both_halves(tmp_path):
    path = tmp_path / "frame.png"
    cv2.imwrite(str(path), frame().view("<u2"))
    np.testing.assert_array_equal(read_thermal(path, UPPER), video())
    np.testing.assert_array_equal(read_thermal(path, RAW16), counts())
    cv2.imwrite(str(path), np.zeros((24, 16, 3), np.uint8))
    with pytest.raises(BadImage, match="lost the 16-bit counts"):
        read_thermal(path, RAW16)
