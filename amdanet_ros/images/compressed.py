"""Compressed image messages: image files, as image_transport's compressed plugin sends them."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np

from .buffer import data_of
from .encodings import encoding_of
from .errors import BadImage, shown
from .image_file import check_file, rgb_of_file, values_of_file
from .pixels import rgb_of
from .read_options import DEFAULT, ReadOptions


def is_compressed(message: Any) -> bool:
    """Tell whether a message is a ``sensor_msgs/CompressedImage``."""
    return hasattr(message, "format")


def check_compressed(message: Any, options: ReadOptions = DEFAULT) -> None:
    """Check that a message holds a whole image file of an allowed size, without decoding it.

    What the data is decides, not what ``format`` says.

    Raises:
        BadImage: the data is empty, of another kind, too large or cut off.
    """
    check_file(_bytes_of(message), options)


def decode_rgb(message: Any, options: ReadOptions = DEFAULT) -> np.ndarray:
    """Return the image of a ``CompressedImage`` as H x W x 3 uint8, R, G, B.

    A grey one becomes R = G = B, 16 bits become 8. Where ``format`` names a Bayer pattern, a grey
    image is demosaiced.

    Raises:
        BadImage: the image is too large, or does not decode.
    """
    data = _bytes_of(message)
    bayer = encoding_of(message.format.split(";")[0], "rgb")
    if bayer is not None and bayer.kind == "bayer":
        raw = values_of_file(data, options)
        if raw.ndim == 2 and raw.dtype in (np.uint8, np.uint16) and min(raw.shape) > 2:
            return rgb_of(raw, bayer)
    return rgb_of_file(data, options)


def decode_values(message: Any, options: ReadOptions = DEFAULT) -> np.ndarray:
    """Return the image of a ``CompressedImage`` in its own depth and channels, see ``read_values``.

    Raises:
        BadImage: the image is too large, or does not decode.
    """
    return values_of_file(_bytes_of(message), options)


def encode_jpeg(image: np.ndarray, quality: int) -> np.ndarray:
    """Return an RGB image, H x W x 3 uint8, as the bytes of a JPEG file of quality 1 to 100."""
    swapped = cv2.cvtColor(image, cv2.COLOR_RGB2BGR)
    _, encoded = cv2.imencode(".jpg", swapped, (cv2.IMWRITE_JPEG_QUALITY, quality))
    return encoded


def _bytes_of(message: Any) -> np.ndarray:
    if "compresseddepth" in message.format.lower():
        raise BadImage(
            f"it is an image of the compressedDepth transport (format {shown(message.format)})",
            "choose the topic that ends in /compressed, or the raw one",
        )
    return data_of(message)
