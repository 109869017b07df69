"""The bytes of an image message as an array, without a copy, checked against its other fields."""

from __future__ import annotations

from typing import Any

import numpy as np

from .encodings import Encoding
from .errors import BadImage, shown
from .read_options import ReadOptions

_SIGNED_LIMIT = 2**63
"""Strides of numpy are signed 64-bit numbers."""


def image_view(message: Any, encoding: Encoding, options: ReadOptions) -> np.ndarray:
    """Return the pixels of an image message, any object with the fields of ``sensor_msgs/Image``.

    Any row step is allowed, also one that is no multiple of the pixel's size. The last row may lack
    its padding. Pixels of the other byte order and rows that are not aligned are copied. Without
    ``is_bigendian`` pixels are little-endian.

    Args:
        message: not of the kind "planes".
        encoding: of the message.
        options: bound the image's size.

    Returns:
        H x W (one channel) or H x W x channels, in the machine's byte order. It is a view of the
        message's data where that is possible: do not write to it.

    Raises:
        BadImage: the image is empty or too large, or its size, step and data do not agree.
    """
    height, width, step = size_of(message, options)
    data = data_of(message)
    item = np.dtype(encoding.dtype).itemsize
    channels = encoding.channels
    row = width * channels * item
    if step < row:
        raise BadImage(
            f"step is {step} bytes, but {width} pixels of {shown(message.encoding)} need {row}",
            "the driver must set step to the bytes of a row, padding included",
        )
    least, most = step * (height - 1) + row, step * height
    if not least <= data.size <= most or most >= _SIGNED_LIMIT:
        raise BadImage(
            f"the data is {data.size} bytes long, but {height} rows of step {step} need {most}",
            "the driver's height, width, step and encoding must fit its data",
        )
    order = "" if item == 1 else ">" if getattr(message, "is_bigendian", False) else "<"
    shape = (height, width) if channels == 1 else (height, width, channels)
    strides = (step, item) if channels == 1 else (step, channels * item, item)
    view = np.ndarray(shape, order + encoding.dtype, data, strides=strides)
    if not view.dtype.isnative:
        return view.astype(view.dtype.newbyteorder("="))
    if not view.flags.aligned or step % item:
        return np.ascontiguousarray(view)
    return view


def plane_views(
    message: Any, encoding: Encoding, options: ReadOptions
) -> tuple[np.ndarray, np.ndarray]:
    """Return the planes of an image of the kind "planes" (nv12, nv21, nv24), without a copy.

    ``step`` is the bytes of a row of the first plane. Some drivers count the rows of both planes as
    ``height``, others the bytes of both planes as a row's: they are known by the data's length.

    Args:
        message: of such an encoding.
        encoding: of the message.
        options: bound the image's size.

    Returns:
        Y, H x W uint8; and U and V (V and U for nv21), H/2 x W/2 x 2 uint8, or H x W x 2 for nv24.

    Raises:
        BadImage: as in ``image_view``, or the sides are odd where pixels share their colour.
    """
    height, width, step = size_of(message, options)
    data = data_of(message)
    shared = encoding.chroma[0]
    if data.size == step * height:
        # Of three parts, nv12 and nv21 have two for Y, nv24 one.
        parts = 1 if shared == 1 else 2
        if step * parts >= width * 3:
            step = step * parts // 3
        elif height % 3 == 0:
            height = height * parts // 3
    if height % shared or width % shared or height == 0:
        raise BadImage(
            f"{shown(message.encoding)} shares colours between {shared} x {shared} pixels, but the "
            f"image is {width} x {height}",
            "set an even width and height in the driver",
        )
    if step < width:
        raise BadImage(
            f"step is {step} bytes, but a row of {shown(message.encoding)} needs {width}",
            "the driver must set step to the bytes of a row of the first plane, padding included",
        )
    rows, chroma_step = height // shared, step * 2 // shared
    brightness = step * height
    least = brightness + chroma_step * (rows - 1) + width // shared * 2
    most = brightness + chroma_step * rows
    if not least <= data.size <= most:
        raise BadImage(
            f"the data is {data.size} bytes long, but two planes of {height} rows of step {step} "
            f"need {most}",
            "the driver's height, width, step and encoding must fit its data",
        )
    luma = np.ndarray((height, width), np.uint8, data, strides=(step, 1))
    shape = (rows, width // shared, 2)
    chroma = np.ndarray(shape, np.uint8, data, offset=brightness, strides=(chroma_step, 2, 1))
    return luma, chroma


def size_of(message: Any, options: ReadOptions) -> tuple[int, int, int]:
    """Return height, width and step of a message; raises BadImage where it is empty or large."""
    height, width, step = int(message.height), int(message.width), int(message.step)
    options.check_size(width, height)
    return height, width, step


def data_of(message: Any) -> np.ndarray:
    """Return the bytes of a message, N uint8, without a copy; raises BadImage for none."""
    data = np.frombuffer(message.data, np.uint8) if len(message.data) else ()
    if len(data) == 0:
        raise BadImage("the image holds no data", "check the camera and its driver")
    return data
