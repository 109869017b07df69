"""Depth images: messages in millimetres or metres as metres."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

import numpy as np

from .buffer import image_view
from .compressed import is_compressed
from .compressed_depth import check_compressed_depth, decode_depth
from .encodings import Encoding
from .errors import BadImage, shown
from .read_options import DEFAULT, ReadOptions

_ENCODINGS = {
    "16uc1": Encoding("packed", "u2", 1),
    "mono16": Encoding("packed", "u2", 1),
    "32fc1": Encoding("packed", "f4", 1),
}
_MILLIMETRE = np.float32(0.001)


def check_depth_message(message: Any, options: ReadOptions = DEFAULT) -> None:
    """Check a message without reading its pixels; raises BadImage as ``depth_from_message``."""
    if is_compressed(message):
        with _of_depth():
            check_compressed_depth(message, options)
    else:
        _view(message, options)


def depth_from_message(message: Any, options: ReadOptions = DEFAULT) -> np.ndarray:
    """Return the depth image of a message.

    Args:
        message: with the fields of ``sensor_msgs/Image``: 16UC1 (or mono16) in millimetres, or
            32FC1 in metres (REP 118); or of ``sensor_msgs/CompressedImage``, by the
            compressedDepth transport.
        options: bound the image's size.

    Returns:
        H x W float32, metres; what is not known is 0, NaN or infinite. It may be a view of the
        message's data.

    Raises:
        BadImage: the image is empty or too large, its size, step and data do not agree, or it has
            another encoding.
    """
    if is_compressed(message):
        with _of_depth():
            view = decode_depth(message, options)
    else:
        view = _view(message, options)
    if view.dtype == np.uint16:
        return view * _MILLIMETRE
    return view


def _view(message: Any, options: ReadOptions) -> np.ndarray:
    encoding = _ENCODINGS.get(message.encoding.strip().lower())
    if encoding is None:
        raise BadImage(
            f"encoding {shown(message.encoding)} is not known for depth images",
            "publish 16UC1 in millimetres or 32FC1 in metres",
            "depth",
        )
    with _of_depth():
        return image_view(message, encoding, options)


@contextlib.contextmanager
def _of_depth() -> Iterator[None]:
    """Name the stream in what is raised by functions that serve all streams."""
    try:
        yield
    except BadImage as bad:
        raise BadImage(bad.cause, bad.remedy, "depth") from bad
