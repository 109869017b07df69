"""Thermal images in every depth, both byte orders and any step, and what is refused."""

import sys
from pathlib import Path

import numpy as np
import pytest

from amdanet_ros.images.errors import BadImage
from amdanet_ros.images.thermal import check_thermal_message, crop, thermal_from_message

sys.path.insert(0, str(Path(__file__).parent))
from made_messages import (
    HEIGHT,
    WIDTH,
    ImageMessage,
    interleaved,
    packed,
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


@pytest.mark.parametrize("encoding", ["mono8", "8UC1"])
def test_eight_bit_thermal_is_viewed(encoding):
    grey = smooth_rgb()[..., 1]
    message = packed(interleaved(grey), encoding, WIDTH, 3)
    seen = thermal_from_message(message)
    np.testing.assert_array_equal(seen, grey)
    assert np.shares_memory(seen, np.frombuffer(message.data, np.uint8))


@pytest.mark.parametrize(
    "encoding", ["rgb8", "bgr8", "rgba8", "yuv422_yuy2", "bayer_rggb8", "8UC3"]
)
def test_colour_thermal_is_refused_with_the_fix(encoding):
    message = ImageMessage(height=2, width=2, step=12, encoding=encoding, data=bytes(24))
    with pytest.raises(BadImage, match="mono16") as refusal:
        thermal_from_message(message)
    assert "colour" in refusal.value.cause


@pytest.mark.parametrize("encoding", ["64FC1", "16SC1", "nonsense"])
def test_unknown_thermal_encodings_are_refused(encoding):
    message = ImageMessage(height=2, width=2, step=16, encoding=encoding, data=bytes(32))
    with pytest.raises(BadImage, match="not known for thermal"):
        check_thermal_message(message)


def test_crop_cuts_each_side_and_refuses_to_cut_everything():
    counts = np.arange(48, dtype=np.uint16).reshape(6, 8)
    np.testing.assert_array_equal(crop(counts, (1, 2, 3, 0)), counts[1:4, 3:])
    with pytest.raises(BadImage, match="leaves nothing of an image of 8 x 6") as refusal:
        crop(counts, (3, 3, 0, 0))
    assert refusal.value.stream == "thermal"
