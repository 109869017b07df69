"""Image messages of a colour camera, in any usual encoding, as RGB arrays."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from .buffer import image_view, plane_views
from .compressed import check_compressed, decode_rgb, is_compressed
from .encodings import ENCODINGS, Encoding, encoding_of
from .errors import BadImage, shown
from .pixels import eight_bits, rgb_of, rgb_of_planes
from .read_options import DEFAULT, ReadOptions

RGB_ENCODINGS = tuple(name for name, each in ENCODINGS.items() if "rgb" in each.serves)
"""Encodings in which RGB images are read, also in other case."""


def check_rgb_message(message: Any, options: ReadOptions = DEFAULT) -> None:
    """Check a message without reading its pixels.

    Whether compressed data decodes is not checked.

    Raises:
        BadImage: ``rgb_from_message`` would refuse the message too.
    """
    if is_compressed(message):
        check_compressed(message, options)
        return
    encoding = _encoding(message)
    if encoding.kind == "planes":
        plane_views(message, encoding, options)
    else:
        _view(message, encoding, options)


def rgb_from_message(message: Any, options: ReadOptions = DEFAULT) -> np.ndarray:
    """Return the RGB image of a message.

    Args:
        message: any object with the fields of ``sensor_msgs/Image`` in one of ``RGB_ENCODINGS``, or
            of ``CompressedImage`` with an image file of the kinds of ``file_header``. ``8UC3``,
            ``8UC4``, ``16UC3`` and ``16UC4`` are read as BGR(A). 16 bits become 8: 65535 is 255.
        options: bound the image's size.

    Returns:
        H x W x 3 uint8, R, G, B; a view of the message's data where that is RGB already.

    Raises:
        BadImage: the image is empty or too large, its size, step and data do not agree, its
            encoding is unknown, or it does not decode.
    """
    if is_compressed(message):
        return decode_rgb(message, options)
    encoding = _encoding(message)
    if encoding.kind == "planes":
        luma, chroma = plane_views(message, encoding, options)
        return rgb_of_planes(luma, chroma, encoding)
    return rgb_of(_view(message, encoding, options), encoding)


def rgb_sample(message: Any, most: int, options: ReadOptions = DEFAULT) -> np.ndarray | None:
    """Return about ``most`` evenly spread pixels of a message that ``check_rgb_message`` accepts.

    Returns:
        h x w x 3 uint8; None where the whole message must be decoded: compressed images.
    """
    if is_compressed(message):
        return None
    encoding = _encoding(message)
    if encoding.kind == "planes":
        luma, chroma = plane_views(message, encoding, options)
        return _planes_sample(luma, chroma, encoding, most)
    view = _view(message, encoding, options)
    height, width = view.shape[:2]
    stride = max(1, math.ceil(math.sqrt(height * width / most)))
    if encoding.kind == "bayer":
        pattern = message.encoding.strip().lower()[6:10]
        return eight_bits(_bayer_sample(view, pattern, stride))
    if encoding.kind == "yuv422":
        # Two neighbours share their colour: both are taken, or neither.
        rows = view[::stride]
        even, odd = rows[:, 0 :: 2 * stride], rows[:, 1 :: 2 * stride]
        view = np.stack((even, odd), axis=2).reshape(len(rows), -1, 2)
    else:
        view = np.ascontiguousarray(view[::stride, ::stride])
    return rgb_of(view, encoding)


def _bayer_sample(raw: np.ndarray, pattern: str, stride: int) -> np.ndarray:
    """Return one RGB pixel for a cell of two by two raw pixels in about every ``stride`` pixels."""
    height, width = raw.shape[0] // 2 * 2, raw.shape[1] // 2 * 2
    cells = (stride + 1) // 2 * 2
    channels = []
    for colour in "rgb":
        place = pattern.index(colour)
        channels.append(raw[place // 2 : height : cells, place % 2 : width : cells])
    return np.stack(channels, axis=-1)


def _planes_sample(
    luma: np.ndarray, chroma: np.ndarray, encoding: Encoding, most: int
) -> np.ndarray:
    """Return two by two pixels, which share their colour, of some places in the image."""
    shared = encoding.chroma[0]
    height, width = luma.shape
    stride = shared * max(1, math.ceil(math.sqrt(height * width / most)))
    rows = (np.arange(0, height, stride)[:, None] + np.arange(shared)).reshape(-1)
    columns = (np.arange(0, width, stride)[:, None] + np.arange(shared)).reshape(-1)
    step = stride // shared
    return rgb_of_planes(luma[np.ix_(rows, columns)], chroma[::step, ::step], encoding)


def _encoding(message: Any) -> Encoding:
    found = encoding_of(message.encoding, "rgb")
    if found is not None:
        return found
    if encoding_of(message.encoding, "thermal") is not None:
        raise BadImage(
            f"encoding {shown(message.encoding)} holds counts or distances, no colours",
            "choose the topic of the colour camera, or another encoding in its driver",
        )
    raise BadImage(
        f"encoding {shown(message.encoding)} is not known here",
        f"set one of {', '.join(RGB_ENCODINGS[:15])}, bayer_*8, bayer_*16, uyvy, yuyv or nv12 "
        "in the driver",
    )


def _view(message: Any, encoding: Encoding, options: ReadOptions) -> np.ndarray:
    view = image_view(message, encoding, options)
    height, width = view.shape[:2]
    if encoding.kind == "yuv422" and width % 2:
        raise BadImage(
            f"{shown(message.encoding)} stores pixels in pairs, but the width is {width}",
            "set an even width in the driver",
        )
    if encoding.kind == "bayer" and min(height, width) < 3:
        raise BadImage(
            f"a Bayer image of {width} x {height} cannot be demosaiced",
            "set the camera's full size in the driver",
        )
    return view
