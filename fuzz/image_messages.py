"""``sensor_msgs/Image``: header fields that fit nothing, and any pixels."""

from __future__ import annotations

import numpy as np

from amdanet_ros.bags.message_types import typestore
from amdanet_ros.images.errors import BadImage
from amdanet_ros.images.read_options import THERMAL_FRAMES, ReadOptions
from amdanet_ros.pipeline.arrived_image import ArrivedImage

from .spending import Spending
from .target import Target

_ENCODINGS = (
    *("rgb8", "bgr8", "rgba8", "bgra8", "8UC1", "8UC3", "8UC4", "mono8", "mono16", "16UC1"),
    *("rgb16", "bgr16", "rgba16", "bgra16", "16UC3", "16SC1", "32FC1", "32FC3", "32SC1", "64FC1"),
    *("bayer_rggb8", "bayer_bggr8", "bayer_gbrg8", "bayer_grbg8", "bayer_rggb16", "bayer_grbg16"),
    *("yuv422", "yuv422_yuy2", "uyvy", "yuyv", "nv12", "nv21", "nv24", "8UC2", "", "RGB8"),
)
_LARGEST = 1 << 20
"""Bytes of pixels that an input may be repeated to."""


def hostile_image(spending: Spending):
    """Return an image message (of rosbags) whose fields fit by chance alone."""
    types = typestore().types
    stamp = types["builtin_interfaces/msg/Time"](sec=spending.byte() - 1, nanosec=0)
    header = types["std_msgs/msg/Header"](stamp=stamp, frame_id="camera")
    is_known = spending.byte() < 230
    encoding = spending.choice(_ENCODINGS) if is_known else spending.text()
    height, width, step = (spending.unsigned() for _ in range(3))
    if spending.byte() < 200:  # mostly a step that fits
        step = width * (spending.byte() % 9) % 2**32
    is_bigendian = spending.byte() % 3
    is_filled = spending.byte() < 128 and height * step <= _LARGEST
    content = spending.rest()
    if content and is_filled:
        content = (content * (height * step // len(content) + 1))[: height * step]
    return types["sensor_msgs/msg/Image"](
        header=header,
        height=height,
        width=width,
        encoding=encoding,
        is_bigendian=is_bigendian,
        step=step,
        data=np.frombuffer(content, np.uint8),
    )


def run(data: bytes) -> None:
    """Decode one message as each camera's image."""
    image = hostile_image(Spending(data))
    # The sum decides, so that a frame's layout needs no byte of its own in the corpus.
    reading = ReadOptions(thermal_frame=THERMAL_FRAMES[sum(data[:32]) % len(THERMAL_FRAMES)])
    for stream in ("rgb", "thermal"):
        try:
            arrived = ArrivedImage(stream, image, reading)
            arrived.sample()
            pixels = arrived.image()
        except BadImage as bad:
            if stream == "thermal":
                raise
            assert "\n" not in str(bad)
            continue
        assert pixels.size > 0
        assert pixels.shape[0] * pixels.shape[1] <= 64_000_000


def seeds() -> list[bytes]:
    """A small image in each encoding."""
    made = []
    for number in range(len(_ENCODINGS)):
        sizes = bytes([0, 4, 0, 6, 0, 0, 0, 1 + number % 8])
        made.append(bytes([1, 0, number]) + sizes + bytes([0, 0]) + bytes(range(96)))
    return made


TARGET = Target("image_messages", run, (BadImage,), seeds)
