"""Small bags of image pairs."""

import numpy as np

from amdanet_ros.bags.message_types import typestore
from amdanet_ros.bags.writer import BagWriter, quality

RGB, THERMAL = "/rgb/image_raw", "/thermal/image_raw"
HEIGHT, WIDTH = 48, 64
START = 1_700_000_000_000_000_000
IMAGE = "sensor_msgs/msg/Image"


def header(stamp_ns, frame="camera"):
    types = typestore().types
    time = types["builtin_interfaces/msg/Time"](*divmod(stamp_ns, 1_000_000_000))
    return types["std_msgs/msg/Header"](time, frame)


def image(stamp_ns, picture, encoding, frame="camera"):
    height, width = picture.shape[:2]
    data = np.ascontiguousarray(picture).reshape(-1).view(np.uint8)
    make = typestore().types[IMAGE]
    return make(header(stamp_ns, frame), height, width, encoding, 0, data.size // height, data)


def pictures(index, height=HEIGHT, width=WIDTH):
    """An RGB and a thermal picture with something to see, other ones for each index."""
    numbers = np.random.default_rng(index)
    rgb = numbers.integers(0, 256, (height, width, 3), np.uint8)
    thermal = np.full((height // 2, width // 2), 29000, np.uint16)
    thermal[4:12, 4 + index % 8 : 12 + index % 8] = 31000
    return rgb, thermal + numbers.integers(0, 50, thermal.shape).astype(np.uint16)


def write_pairs(path, count=10, storage="mcap", period=0.1, thermal_delay=0.01, reliable=True):
    """A bag of pairs, ``period`` seconds apart; returns the RGB stamps."""
    stamps = [START + round(index * period * 1e9) for index in range(count)]
    with BagWriter(path, storage) as bag:
        for topic in (RGB, THERMAL):
            bag.add_topic(topic, IMAGE, [quality(reliable=reliable)])
        for index, stamp in enumerate(stamps):
            rgb, thermal = pictures(index)
            later = stamp + round(thermal_delay * 1e9)
            bag.write_message(RGB, stamp, image(stamp, rgb, "rgb8", "rgb_optical"))
            bag.write_message(THERMAL, later, image(later, thermal, "mono16", "thermal_optical"))
    return stamps
