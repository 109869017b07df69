"""``sensor_msgs/CompressedImage``: damaged JPEG, PNG, TIFF and more, under any format."""

from __future__ import annotations

import cv2
import numpy as np

from amdanet_ros.bags.message_types import typestore
from amdanet_ros.images.errors import BadImage
from amdanet_ros.images.read_options import THERMAL_FRAMES, ReadOptions
from amdanet_ros.pipeline.arrived_image import ArrivedImage

from .spending import Spending
from .target import Target

_FORMATS = (
    *("jpeg", "png", "rgb8; jpeg compressed bgr8", "bgr8; png compressed bgr8", "mono8; jpeg"),
    *("16UC1; png compressed", "mono16; png compressed", "32FC1; tiff compressed", "", "tiff"),
    *("bayer_rggb8; jpeg compressed", "16UC1; compressedDepth", "h264", "webp", "JPG"),
)
_SUFFIXES = (".jpg", ".png", ".tiff", ".bmp", ".webp", ".ppm")


def hostile_compressed(spending: Spending):
    """Return a compressed image message (of rosbags) under any format."""
    types = typestore().types
    stamp = types["builtin_interfaces/msg/Time"](sec=1, nanosec=0)
    header = types["std_msgs/msg/Header"](stamp=stamp, frame_id="camera")
    is_known = spending.byte() < 230
    kind = spending.choice(_FORMATS) if is_known else spending.text()
    content = np.frombuffer(spending.rest(), np.uint8)
    return types["sensor_msgs/msg/CompressedImage"](header=header, format=kind, data=content)


def run(data: bytes) -> None:
    """Decode one message as each camera's image."""
    image = hostile_compressed(Spending(data))
    errors = []
    # The sum decides, so that a frame's layout needs no byte of its own in the corpus.
    reading = ReadOptions(thermal_frame=THERMAL_FRAMES[sum(data[:32]) % len(THERMAL_FRAMES)])
    for stream in ("rgb", "thermal"):
        try:
            pixels = ArrivedImage(stream, image, reading).image()
            assert 0 < pixels.shape[0] * pixels.shape[1] <= 64_000_000
        except BadImage as bad:
            errors.append(bad)
    for bad in errors:
        assert "\n" not in str(bad)
    if errors:
        raise errors[0]


def seeds() -> list[bytes]:
    """A small image in each container, as colours and as 16 bit where it can."""
    colours = np.arange(8 * 8 * 3, dtype=np.uint8).reshape(8, 8, 3)
    counts = (np.arange(64, dtype=np.uint16) * 100).reshape(8, 8)
    made = []
    for number, suffix in enumerate(_SUFFIXES):
        made.append(bytes([1, number]) + cv2.imencode(suffix, colours)[1].tobytes())
        if suffix in (".png", ".tiff"):
            made.append(bytes([1, 5 + number]) + cv2.imencode(suffix, counts)[1].tobytes())
    degrees = cv2.imencode(".tiff", counts.astype(np.float32))[1].tobytes()
    return [*made, bytes([1, 7]) + degrees]


TARGET = Target("compressed_images", run, (BadImage,), seeds)
