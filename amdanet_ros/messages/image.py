"""Arrays as image messages."""

from __future__ import annotations

import sys
from typing import Any

import numpy as np

from ..images.compressed import encode_jpeg
from .types import MessageTypes

_ENCODINGS = {
    "rgb8": (np.uint8, 3),
    "bgr8": (np.uint8, 3),
    "8UC3": (np.uint8, 3),
    "mono8": (np.uint8, 1),
    "8UC1": (np.uint8, 1),
    "mono16": (np.uint16, 1),
    "16UC1": (np.uint16, 1),
    "32FC1": (np.float32, 1),
}


def image_message(types: MessageTypes, array: np.ndarray, encoding: str, header: Any) -> Any:
    """Return an array as a ``sensor_msgs/Image`` with a given ``std_msgs/Header``.

    It is H x W (one channel) or H x W x 3, of the type of its encoding: rgb8, bgr8, 8UC3, mono8,
    8UC1, mono16, 16UC1 or 32FC1.

    Raises:
        ValueError: another encoding, or an array that does not fit it.
    """
    if encoding not in _ENCODINGS:
        raise ValueError(f"encoding {encoding!r}: choose one of {', '.join(_ENCODINGS)}")
    dtype, channels = _ENCODINGS[encoding]
    if array.dtype != dtype or array.shape[2:] != (() if channels == 1 else (channels,)):
        raise ValueError(f"{encoding} does not fit an array of {array.dtype}, {array.shape}")
    height, width = array.shape[:2]
    return types.make(
        "sensor_msgs/msg/Image",
        header=header,
        height=height,
        width=width,
        encoding=encoding,
        is_bigendian=int(sys.byteorder == "big"),
        step=width * channels * array.itemsize,
        data=np.ascontiguousarray(array).view(np.uint8),
    )


def compressed_message(types: MessageTypes, rgb: np.ndarray, header: Any, quality: int = 95) -> Any:
    """Return an RGB image, H x W x 3 uint8, as a JPEG ``sensor_msgs/CompressedImage``.

    Its format is named as image_transport names it; the quality is 1 to 100.
    """
    return types.make(
        "sensor_msgs/msg/CompressedImage",
        header=header,
        format="rgb8; jpeg compressed bgr8",
        data=encode_jpeg(rgb, quality),
    )
