"""Image messages and files of a thermal camera (counts, kelvin or 8-bit video) as arrays."""

from __future__ import annotations

import os
from typing import Any

import numpy as np

from .buffer import image_view, plane_views
from .compressed import check_compressed, decode_values, is_compressed
from .encodings import ENCODINGS, Encoding, encoding_of
from .errors import BadImage, shown
from .grey import FALSE_COLOURS, RAW_INSTEAD, grey_of, grey_of_luma
from .image_file import read_values
from .read_options import DEFAULT, ReadOptions
from .thermal_frame import check_frame, counts_of, part_of

THERMAL_ENCODINGS = tuple(name for name, each in ENCODINGS.items() if "thermal" in each.serves)
"""Encodings in which thermal images are read, also in other case; colours must be grey."""

_TWO_BYTES = Encoding("yuv422", "u1", 2, luma=0)
"""8UC2, which may be YUYV or counts: read only where the frame's layout says which."""


def check_thermal_message(message: Any, options: ReadOptions = DEFAULT) -> None:
    """Check a message without reading its pixels.

    Whether compressed data decodes, and whether colours are grey, is not checked.

    Raises:
        BadImage: ``thermal_from_message`` would refuse the message too.
    """
    if is_compressed(message):
        check_compressed(message, options)
        return
    encoding = _encoding(message, options)
    check_frame(options.thermal_frame, int(message.height), encoding, shown(message.encoding))
    _views(message, encoding, options)


def thermal_from_message(message: Any, options: ReadOptions = DEFAULT) -> np.ndarray:
    """Return the thermal image of a message.

    Args:
        message: with the fields of ``sensor_msgs/Image`` in one of ``THERMAL_ENCODINGS`` and either
            byte order, or of ``CompressedImage``. Colours must be grey, see ``grey_of``; of YUV the
            brightness Y is taken as it is.
        options: bound the image's size; say which part of the frame is the image.

    Returns:
        h x w uint8, uint16 or float32, as the camera gave it: signed integers and 64-bit floats
        become float32. A view of the message's data where byte order and alignment allow.

    Raises:
        BadImage: the image is empty or too large, its size, step and data do not agree, it has
            colours, its encoding is unknown, or it does not decode.
    """
    if is_compressed(message):
        return _of_values(decode_values(message, options), options, shown(message.format))
    encoding = _encoding(message, options)
    name = shown(message.encoding)
    check_frame(options.thermal_frame, int(message.height), encoding, name)
    if encoding.kind == "planes":
        luma, chroma = _views(message, encoding, options)
        part = part_of(luma, options.thermal_frame)
        return grey_of_luma(part, chroma[: len(part) // encoding.chroma[0]])
    view = _views(message, encoding, options)[0]
    if encoding.kind == "packed":
        return _of_values(view, options, name)
    if options.thermal_frame == "lower_half_raw16":
        return counts_of(view)
    part = part_of(view, options.thermal_frame)
    return grey_of_luma(part[..., encoding.luma], part[..., 1 - encoding.luma])


def read_thermal(path: str | os.PathLike, options: ReadOptions = DEFAULT) -> np.ndarray:
    """Return a thermal image file as ``thermal_from_message`` returns a message's image.

    Raises:
        BadImage: it cannot be read, is too large, or has colours.
    """
    return _of_values(read_values(path, options), options, "the file")


def needs_decoding(message: Any) -> bool:
    """Tell whether ``thermal_from_message`` must do more than view the message's data."""
    encoding = None if is_compressed(message) else encoding_of(message.encoding, "thermal")
    return encoding is None or encoding.kind != "packed" or encoding.channels > 1


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


def _of_values(values: np.ndarray, options: ReadOptions, name: str) -> np.ndarray:
    """Return pixels of one or more channels each as h x w uint8, uint16 or float32."""
    layout = options.thermal_frame
    if layout != "whole":
        channels = 1 if values.ndim == 2 else values.shape[2]
        encoding = Encoding("packed", values.dtype.str[1:], channels)
        check_frame(layout, len(values), encoding, name)
        if layout == "upper_half" and values.dtype == np.uint16 and values.ndim == 2:
            upper = part_of(values, layout)  # the bytes of YUYV, two and two
            return grey_of_luma((upper & 0xFF).astype(np.uint8), (upper >> 8).astype(np.uint8))
        values = part_of(values, layout)
    if values.dtype not in (np.uint8, np.uint16, np.float32):
        with np.errstate(over="ignore"):
            values = values.astype(np.float32)
    if values.ndim == 3:
        values = values[..., 0] if values.shape[2] == 1 else grey_of(values)
    return values


def _encoding(message: Any, options: ReadOptions) -> Encoding:
    found = encoding_of(message.encoding, "thermal")
    if found is not None:
        return found
    lower = message.encoding.strip().lower()
    if lower == "8uc2" and options.thermal_frame != "whole":
        return _TWO_BYTES
    if encoding_of(message.encoding, "rgb") is not None:
        raise BadImage(f"{FALSE_COLOURS} ({shown(message.encoding)})", RAW_INSTEAD)
    raise BadImage(
        f"encoding {shown(message.encoding)} is not known for thermal images",
        "set mono16, 16UC1, 32FC1 or white-hot mono8 in the driver",
    )


def _views(message: Any, encoding: Encoding, options: ReadOptions) -> tuple[np.ndarray, ...]:
    if encoding.kind == "planes":
        return plane_views(message, encoding, options)
    return (image_view(message, encoding, options),)
