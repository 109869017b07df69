"""The bytes of an image message as an array, without a copy, checked against its other fields."""

from __future__ import annotations

from typing import Any

import numpy as np

from .errors import BadImage


def image_view(message: Any, dtype: str, channels: int) -> np.ndarray:
    """Return the pixels of an image message, any object with the fields of ``sensor_msgs/Image``.

    Any row step is allowed, also one that is no multiple of the pixel's size. The last row may lack
    its padding. Pixels of the other byte order and rows that are not aligned are copied. Without
    ``is_bigendian`` pixels are little-endian. They have ``channels`` values of type ``"u1"``,
    ``"u2"`` or ``"f4"``.

    Returns:
        H x W (one channel) or H x W x channels, in the machine's byte order. It is a view of the
        message's data where that is possible: do not write to it.

    Raises:
        BadImage: the image is empty, or its size, step and data do not agree.
    """
    height, width, step = int(message.height), int(message.width), int(message.step)
    if height <= 0 or width <= 0:
        raise BadImage(
            f"the image is empty ({width} x {height})", "set width and height in the driver"
        )
    data = np.frombuffer(message.data, np.uint8)
    if data.size == 0:
        raise BadImage("the image holds no data", "check the camera and its driver")
    item = np.dtype(dtype).itemsize
    row = width * channels * item
    if step < row:
        raise BadImage(
            f"step is {step} bytes, but {width} pixels of {message.encoding} need {row}",
            "the driver must set step to the bytes of a row, padding included",
        )
    least, most = step * (height - 1) + row, step * height
    if not least <= data.size <= most:
        raise BadImage(
            f"the data is {data.size} bytes long, but {height} rows of step {step} need {most}",
            "the driver's height, width, step and encoding must fit its data",
        )
    order = "" if item == 1 else ">" if getattr(message, "is_bigendian", False) else "<"
    shape = (height, width) if channels == 1 else (height, width, channels)
    strides = (step, item) if channels == 1 else (step, channels * item, item)
    view = np.ndarray(shape, order + dtype, data, strides=strides)
    if not view.dtype.isnative:
        return view.astype(view.dtype.newbyteorder("="))
    if not view.flags.aligned or step % item:
        return np.ascontiguousarray(view)
    return view
