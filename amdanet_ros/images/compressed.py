"""Compressed image messages (JPEG, PNG), as image_transport's compressed plugin sends them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import cv2
import numpy as np

from .errors import BadImage

_JPEG, _PNG = b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n"
_JPEG_END, _PNG_END = b"\xff\xd9", b"IEND"
_TAIL = 4096  # bytes; some cameras pad JPEG images after their end


def is_compressed(message: Any) -> bool:
    """Tell whether a message is a ``sensor_msgs/CompressedImage``."""
    return hasattr(message, "format")


def check_compressed(message: Any) -> None:
    """Check that a message holds a whole JPEG or PNG file, without decoding it.

    Raises:
        BadImage: the data is empty, of another format, or cut off.
    """
    _bytes_of(message)


def decode_rgb(message: Any, bayer: Mapping[str, int]) -> np.ndarray:
    """Return the image of a ``CompressedImage``, a JPEG or PNG, as H x W x 3 uint8, R, G, B.

    A grey one becomes R = G = B, 16 bits become 8. ``bayer`` holds demosaicing codes of OpenCV by
    encoding, for grey images whose ``format`` names a Bayer pattern.

    Raises:
        BadImage: the image does not decode.
    """
    data = _bytes_of(message)
    source = message.format.split(";")[0].strip()
    if source in bayer:
        image = _decode(message, data, cv2.IMREAD_UNCHANGED)
        if image.ndim == 2 and image.dtype == np.uint8:
            return cv2.cvtColor(image, bayer[source])
    # The orientation in a JPEG's metadata is ignored: the calibration is of the image as it comes.
    image = _decode(message, data, cv2.IMREAD_COLOR | cv2.IMREAD_IGNORE_ORIENTATION)
    return cv2.cvtColor(image, cv2.COLOR_BGR2RGB)


def decode_thermal(message: Any) -> np.ndarray:
    """Return the image of a ``CompressedImage`` as h x w uint8 or uint16.

    Raises:
        BadImage: the image does not decode, or has colours.
    """
    data = _bytes_of(message)
    image = _decode(message, data, cv2.IMREAD_UNCHANGED | cv2.IMREAD_IGNORE_ORIENTATION)
    if image.ndim != 2:
        raise BadImage(
            f"the compressed thermal image is in colour ({message.format})",
            "set the camera or its driver to mono16 (PNG) or white-hot mono8",
        )
    return image


def encode_jpeg(image: np.ndarray, quality: int) -> np.ndarray:
    """Return an RGB image, H x W x 3 uint8, as the bytes of a JPEG file of quality 1 to 100."""
    swapped = cv2.cvtColor(image, cv2.COLOR_RGB2BGR)
    _, encoded = cv2.imencode(".jpg", swapped, (cv2.IMWRITE_JPEG_QUALITY, quality))
    return encoded


def _bytes_of(message: Any) -> np.ndarray:
    data = np.frombuffer(message.data, np.uint8)
    if data.size == 0:
        raise BadImage("the image holds no data", "check the camera and its driver")
    head, tail = data[:8].tobytes(), data[-_TAIL:].tobytes()
    if head.startswith(_JPEG):
        whole = _JPEG_END in tail
    elif head == _PNG:
        whole = _PNG_END in tail
    else:
        raise BadImage(
            f"the compressed data is neither JPEG nor PNG (format {message.format!r})",
            "send raw images, or compressed ones in jpeg or png format (images of the depth, "
            "theora and ffmpeg transports must be republished as such)",
        )
    if not whole:
        raise BadImage(
            "the compressed image is cut off", "check the camera's cable and the driver's buffer"
        )
    return data


def _decode(message: Any, data: np.ndarray, flags: int) -> np.ndarray:
    try:
        image = cv2.imdecode(data, flags)
    except cv2.error as error:
        raise BadImage(
            f"the compressed image does not decode ({error.err})", "check the driver"
        ) from error
    if image is None:
        raise BadImage(
            f"the compressed image does not decode (format {message.format!r})",
            "check the camera's cable and the driver's buffer",
        )
    return image
