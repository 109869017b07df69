"""Depth images as image_transport's compressedDepth plugin sends them: a header and a PNG.

The plugin writes 12 bytes before the file: a number for the kind of the content and, for depth in
metres, two numbers a and b. 16 bits of the PNG hold millimetres, or p = a / depth + b.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from .buffer import data_of
from .errors import BadImage, shown
from .image_file import check_file, values_of_file
from .read_options import DEFAULT, ReadOptions

_HEADER = 12
_PNG = b"\x89PNG\r\n\x1a\n"
_KINDS = ("16uc1", "32fc1")


def check_compressed_depth(message: Any, options: ReadOptions = DEFAULT) -> None:
    """Check a message without decoding it; raises BadImage as ``decode_depth``."""
    _kind_of(message)
    check_file(_file_of(message), options)


def decode_depth(message: Any, options: ReadOptions = DEFAULT) -> np.ndarray:
    """Return the depth image of a ``sensor_msgs/CompressedImage`` of the compressedDepth transport.

    Args:
        message: its ``format`` is "16UC1; compressedDepth" or "32FC1; compressedDepth", with or
            without "png" behind it.
        options: bound the image's size.

    Returns:
        H x W: uint16 millimetres, or float32 metres with NaN where depth is not known.

    Raises:
        BadImage: another format, a content that is no PNG, or one that does not decode.
    """
    kind = _kind_of(message)
    values = values_of_file(_file_of(message), options)
    if values.ndim != 2 or values.dtype != np.uint16:
        raise BadImage(
            "its PNG is not one of 16 bits and one channel", "publish 16UC1 or 32FC1", "depth"
        )
    if kind == "16uc1":
        return values
    a, b = np.frombuffer(bytes(data_of(message)[4:_HEADER]), "<f4")
    with np.errstate(all="ignore"):
        metres = a / (values.astype(np.float32) - b)
    return np.where((values > 0) & (metres > 0), metres, np.float32(np.nan))


def _kind_of(message: Any) -> str:
    kind, _, transport = message.format.lower().replace(" ", "").partition(";")
    if kind not in _KINDS or transport not in ("compresseddepth", "compresseddepthpng"):
        fix = "publish 16UC1 or 32FC1 by the compressedDepth transport with its format png"
        raise BadImage(f"format {shown(message.format)} is not read as depth", fix, "depth")
    return kind


def _file_of(message: Any) -> np.ndarray:
    data = data_of(message)[_HEADER:]
    if bytes(data[: len(_PNG)]) != _PNG:
        raise BadImage(
            "behind the 12 bytes of the compressedDepth transport there is no PNG",
            "publish by the compressedDepth transport with its format png",
            "depth",
        )
    return data
