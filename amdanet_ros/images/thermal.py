"""Image messages of a thermal camera (counts, kelvin or 8-bit video) as arrays."""

from __future__ import annotations

from typing import Any

import numpy as np

from .buffer import image_view
from .compressed import check_compressed, decode_thermal, is_compressed
from .errors import BadImage

_ENCODINGS = {"mono8": "u1", "8UC1": "u1", "mono16": "u2", "16UC1": "u2", "32FC1": "f4"}

THERMAL_ENCODINGS = tuple(_ENCODINGS)
"""Encodings in which thermal images are read."""

_COLOURS = ("rgb", "bgr", "yuv", "uyvy", "yuyv", "bayer", "nv12", "nv21", "nv24", "C2", "C3", "C4")


def check_thermal_message(message: Any) -> None:
    """Check a message without reading its pixels.

    Whether compressed data decodes is not checked.

    Raises:
        BadImage: ``thermal_from_message`` would refuse the message too.
    """
    if is_compressed(message):
        check_compressed(message)
    else:
        _view(message)


def thermal_from_message(message: Any) -> np.ndarray:
    """Return the thermal image of a message.

    It has the fields of ``sensor_msgs/Image`` in one of ``THERMAL_ENCODINGS`` and either byte
    order, or of ``CompressedImage`` with a grey PNG (8 or 16 bit) or JPEG image.

    Returns:
        h x w uint8, uint16 or float32, as the camera gave it; a view of the message's data where
        byte order and alignment allow.

    Raises:
        BadImage: the image is empty, its size, step and data do not agree, it has colours, its
            encoding is unknown, or it does not decode.
    """
    if is_compressed(message):
        return decode_thermal(message)
    return _view(message)


def crop(thermal: np.ndarray, margins: tuple[int, int, int, int]) -> np.ndarray:
    """Cut margins (top, bottom, left, right) off a thermal image, h x w; return a view of the rest.

    Raises:
        BadImage: the margins leave no pixel.
    """
    if not any(margins):
        return thermal
    top, bottom, left, right = margins
    height, width = thermal.shape
    if top + bottom >= height or left + right >= width:
        raise BadImage(
            f"the crop {list(margins)} leaves nothing of an image of {width} x {height}",
            "crop fewer pixels: [top, bottom, left, right]",
            "thermal",
        )
    return thermal[top : height - bottom, left : width - right]


def _view(message: Any) -> np.ndarray:
    dtype = _ENCODINGS.get(message.encoding)
    if dtype is not None:
        return image_view(message, dtype, 1)
    if any(part in message.encoding for part in _COLOURS):
        raise BadImage(
            f"the thermal image is in colour ({message.encoding})",
            "set the camera or its driver to mono16 counts or to white-hot mono8: false colours "
            "(ironbow etc.) cannot be converted to temperatures",
        )
    raise BadImage(
        f"encoding {message.encoding!r} is not known for thermal images",
        f"set one of {', '.join(THERMAL_ENCODINGS)} in the driver",
    )
