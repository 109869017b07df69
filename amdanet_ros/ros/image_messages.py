"""Image messages to arrays and back. See the modules that this one gathers for each direction."""

from __future__ import annotations

import sys
from array import array as byte_array

import numpy as np
from sensor_msgs.msg import CompressedImage, Image
from std_msgs.msg import Header

from ..images.compressed import encode_jpeg
from ..images.errors import BadImage
from ..images.rgb import RGB_ENCODINGS, check_rgb_message, rgb_from_message, rgb_sample
from ..images.thermal import THERMAL_ENCODINGS, check_thermal_message, crop, thermal_from_message

__all__ = [
    "RGB_ENCODINGS",
    "THERMAL_ENCODINGS",
    "BadImage",
    "check_rgb_message",
    "check_thermal_message",
    "compressed_message",
    "crop",
    "image_message",
    "rgb_from_message",
    "rgb_sample",
    "thermal_from_message",
]

_WRITABLE = {
    "rgb8": (np.uint8, 3),
    "bgr8": (np.uint8, 3),
    "8UC3": (np.uint8, 3),
    "mono8": (np.uint8, 1),
    "8UC1": (np.uint8, 1),
    "mono16": (np.uint16, 1),
    "16UC1": (np.uint16, 1),
    "32FC1": (np.float32, 1),
}


def image_message(array: np.ndarray, encoding: str, header: Header) -> Image:
    """Return an array as an image message.

    Args:
        array: H x W (one channel) or H x W x 3, of the encoding's type.
        encoding: rgb8, bgr8, 8UC3, mono8, 8UC1, mono16, 16UC1 or 32FC1.
        header: taken as it is.

    Raises:
        ValueError: another encoding, or an array that does not fit it.
    """
    if encoding not in _WRITABLE:
        raise ValueError(f"encoding {encoding!r}: choose one of {', '.join(_WRITABLE)}")
    dtype, channels = _WRITABLE[encoding]
    if array.dtype != dtype or array.shape[2:] != (() if channels == 1 else (channels,)):
        raise ValueError(f"{encoding} does not fit an array of {array.dtype}, {array.shape}")
    message = Image(header=header, encoding=encoding)
    message.height, message.width = array.shape[:2]
    message.step = array.shape[1] * channels * array.itemsize
    message.is_bigendian = int(sys.byteorder == "big")
    message.data = _bytes(array)
    return message


def compressed_message(picture: np.ndarray, header: Header, quality: int = 95) -> CompressedImage:
    """Return an RGB picture as a JPEG message, named as image_transport names it.

    Args:
        picture: H x W x 3 uint8, R, G, B.
        header: taken as it is.
        quality: of the JPEG, 1 to 100.
    """
    message = CompressedImage(header=header, format="rgb8; jpeg compressed bgr8")
    message.data = _bytes(encode_jpeg(picture, quality))
    return message


def _bytes(array: np.ndarray) -> byte_array:
    """Copy an array once: the messages take an ``array.array`` as it is, all else byte by byte."""
    data = byte_array("B")
    data.frombytes(np.ascontiguousarray(array).data.cast("B"))
    return data
