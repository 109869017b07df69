"""Any object with the fields of an image message serves, of whatever library."""

import sys
from array import array
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from amdanet_ros.bags.message_types import RosbagsTypes
from amdanet_ros.images.rgb import check_rgb_message, rgb_from_message
from amdanet_ros.images.thermal import check_thermal_message, thermal_from_message
from amdanet_ros.messages.image import compressed_message, image_message
from amdanet_ros.messages.stamps import header_message

sys.path.insert(0, str(Path(__file__).parent))
from made_messages import smooth_rgb


def rclpy_types():
    pytest.importorskip("rclpy")
    from amdanet_ros.ros.message_types import RclpyTypes

    return RclpyTypes()


@pytest.mark.parametrize("library", [RosbagsTypes, rclpy_types])
def test_messages_of_both_libraries_are_read(library):
    types, rgb = library(), smooth_rgb()
    header = header_message(types, 1, "camera")
    message = image_message(types, rgb, "rgb8", header)
    check_rgb_message(message)
    np.testing.assert_array_equal(rgb_from_message(message), rgb)
    counts = rgb[..., 0].astype(np.uint16) * 100
    message = image_message(types, counts, "mono16", header)
    check_thermal_message(message)
    np.testing.assert_array_equal(thermal_from_message(message), counts)
    message = compressed_message(types, rgb, header)
    check_rgb_message(message)
    assert np.abs(rgb_from_message(message).astype(int) - rgb).max() <= 12


@pytest.mark.parametrize("kind", [bytes, bytearray, memoryview, lambda data: array("B", data)])
def test_an_object_without_byte_order_is_little_endian_whatever_holds_its_bytes(kind):
    counts = np.arange(12, dtype="<u2").reshape(3, 4) * 1000
    fields = {"encoding": "mono16", "height": 3, "width": 4, "step": 8}
    message = SimpleNamespace(**fields, data=kind(counts.tobytes()))
    np.testing.assert_array_equal(thermal_from_message(message), counts)
