"""Image messages of a colour camera, in any usual encoding, as RGB arrays."""

from __future__ import annotations

import math
from typing import Any, Protocol

import cv2
import numpy as np

from .buffer import image_view
from .compressed import check_compressed, decode_rgb, is_compressed
from .errors import BadImage

# OpenCV's older names (BayerBG) start at the second row's second pixel; these (BayerRGGB) name the
# first two rows, as ROS does.
BAYER = {
    "bayer_rggb8": cv2.COLOR_BayerRGGB2RGB,
    "bayer_bggr8": cv2.COLOR_BayerBGGR2RGB,
    "bayer_gbrg8": cv2.COLOR_BayerGBRG2RGB,
    "bayer_grbg8": cv2.COLOR_BayerGRBG2RGB,
}

# Encoding: channels, and OpenCV's conversion to RGB (None: it is RGB already).
# 8UC3 and 8UC4 do not tell the order of channels: they are read as BGR(A), as cv_bridge reads them.
_ENCODINGS: dict[str, tuple[int, int | None]] = {
    "rgb8": (3, None),
    "bgr8": (3, cv2.COLOR_BGR2RGB),
    "8UC3": (3, cv2.COLOR_BGR2RGB),
    "rgba8": (4, cv2.COLOR_RGBA2RGB),
    "bgra8": (4, cv2.COLOR_BGRA2RGB),
    "8UC4": (4, cv2.COLOR_BGRA2RGB),
    "mono8": (1, cv2.COLOR_GRAY2RGB),
    "8UC1": (1, cv2.COLOR_GRAY2RGB),
    **{encoding: (1, code) for encoding, code in BAYER.items()},
    "uyvy": (2, cv2.COLOR_YUV2RGB_UYVY),
    "yuv422": (2, cv2.COLOR_YUV2RGB_UYVY),
    "yuyv": (2, cv2.COLOR_YUV2RGB_YUYV),
    "yuv422_yuy2": (2, cv2.COLOR_YUV2RGB_YUYV),
}

RGB_ENCODINGS = tuple(_ENCODINGS)
"""Encodings that are read without a `Fallback`."""


class Fallback(Protocol):
    """Reads encodings that are not in `RGB_ENCODINGS`.

    Attributes:
        name: of the package that does so, for error messages.
    """

    name: str

    def knows(self, encoding: str) -> bool:
        """Tell whether an encoding can be converted."""

    def convert(self, message: Any) -> np.ndarray:
        """Return H x W x 3 uint8 RGB, or raise any exception."""


def check_rgb_message(message: Any, fallback: Fallback | None = None) -> None:
    """Check a message without reading its pixels.

    Whether compressed data decodes is not checked.

    Raises:
        BadImage: ``rgb_from_message`` would refuse the message too.
    """
    if is_compressed(message):
        check_compressed(message)
    elif message.encoding in _ENCODINGS:
        _view(message)
    elif fallback is None or not fallback.knows(message.encoding):
        raise _unknown_encoding(message, fallback)


def rgb_from_message(message: Any, fallback: Fallback | None = None) -> np.ndarray:
    """Return the RGB image of a message.

    Args:
        message: any object with the fields of ``sensor_msgs/Image`` in one of ``RGB_ENCODINGS``, or
            of ``CompressedImage`` with a JPEG or PNG image. ``8UC3`` and ``8UC4`` are read as
            BGR(A).
        fallback: converts other encodings.

    Returns:
        H x W x 3 uint8, R, G, B; a view of the message's data where that is RGB already.

    Raises:
        BadImage: the image is empty, its size, step and data do not agree, its encoding is unknown,
            or it does not decode.
    """
    if is_compressed(message):
        return decode_rgb(message, BAYER)
    if message.encoding not in _ENCODINGS:
        if fallback is None or not fallback.knows(message.encoding):
            raise _unknown_encoding(message, fallback)
        return _by_fallback(message, fallback)
    conversion = _ENCODINGS[message.encoding][1]
    view = _view(message)
    return view if conversion is None else cv2.cvtColor(view, conversion)


def rgb_sample(message: Any, most: int) -> np.ndarray | None:
    """Return about ``most`` evenly spread pixels of a message that ``check_rgb_message`` accepts.

    Returns:
        h x w x 3 uint8; None where the whole message must be decoded: compressed images and
        encodings that only a `Fallback` reads.
    """
    if is_compressed(message) or message.encoding not in _ENCODINGS:
        return None
    view = _view(message)
    height, width = view.shape[:2]
    stride = max(1, math.ceil(math.sqrt(height * width / most)))
    conversion = _ENCODINGS[message.encoding][1]
    if message.encoding in BAYER:
        return _bayer_sample(view, message.encoding[6:10], stride)
    if message.encoding.startswith(("yuv", "uyvy", "yuyv")):
        # Two neighbours share their colour: both are taken, or neither.
        rows = view[::stride]
        even, odd = rows[:, 0 :: 2 * stride], rows[:, 1 :: 2 * stride]
        view = np.stack((even, odd), axis=2).reshape(len(rows), -1, 2)
    else:
        view = np.ascontiguousarray(view[::stride, ::stride])
    return view if conversion is None else cv2.cvtColor(view, conversion)


def _bayer_sample(raw: np.ndarray, pattern: str, stride: int) -> np.ndarray:
    """Return one RGB pixel for a cell of two by two raw pixels in about every ``stride`` pixels."""
    height, width = raw.shape[0] // 2 * 2, raw.shape[1] // 2 * 2
    cells = (stride + 1) // 2 * 2
    channels = []
    for colour in "rgb":
        place = pattern.index(colour)
        channels.append(raw[place // 2 : height : cells, place % 2 : width : cells])
    return np.stack(channels, axis=-1)


def _view(message: Any) -> np.ndarray:
    view = image_view(message, "u1", _ENCODINGS[message.encoding][0])
    height, width = view.shape[:2]
    if message.encoding.startswith(("yuv", "uyvy", "yuyv")) and width % 2:
        raise BadImage(
            f"{message.encoding} stores pixels in pairs, but the width is {width}",
            "set an even width in the driver",
        )
    if message.encoding in BAYER and min(height, width) < 3:
        raise BadImage(
            f"a Bayer image of {width} x {height} cannot be demosaiced",
            "set the camera's full size in the driver",
        )
    return view


def _unknown_encoding(message: Any, fallback: Fallback | None) -> BadImage:
    install = "" if fallback is None else f", or install {fallback.name}"
    return BadImage(
        f"encoding {message.encoding!r} is not known here",
        f"set one of {', '.join(RGB_ENCODINGS)} in the driver{install}",
    )


def _by_fallback(message: Any, fallback: Fallback) -> np.ndarray:
    try:
        return fallback.convert(message)
    except Exception as error:  # cv_bridge raises its own, OpenCV's and Python's errors
        raise BadImage(
            f"{fallback.name} cannot convert encoding {message.encoding!r} ({error})",
            f"set one of {', '.join(RGB_ENCODINGS)} in the driver",
        ) from error
