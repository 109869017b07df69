"""Compressed image messages (JPEG, PNG), as image_transport's compressed plugin sends them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import cv2
import numpy as np

from .errors import BadImage

_JPEG, _PNG = b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n"
_JPEG_END, _PNG_END = b"\xff\xd9", b"IEND"
_TAIL = 4096  # cameras pad JPEG pictures behind their end


def is_compressed(message: Any) -> bool:
    """Tell whether a message is a ``sensor_msgs/CompressedImage``."""
    return hasattr(message, "format")


def check_compressed(message: Any) -> None:
    """Refuse data that is no JPEG or PNG picture, or ends before the picture does.

    Raises:
        BadImage: empty, of another kind, or cut off.
    """
    _bytes_of(message)


def decode_rgb(message: Any, bayer: Mapping[str, int]) -> np.ndarray:
    """Return the picture of a ``CompressedImage`` as H x W x 3 uint8 RGB.

    Args:
        message: with a JPEG or PNG picture; grey ones become R = G = B, 16 bit become 8.
        bayer: demosaicing codes of OpenCV by encoding, for grey pictures whose ``format`` says that
            they hold a Bayer pattern.

    Raises:
        BadImage: it does not decode.
    """
    data = _bytes_of(message)
    source = message.format.split(";")[0].strip()
    if source in bayer:
        picture = _decode(message, data, cv2.IMREAD_UNCHANGED)
        if picture.ndim == 2 and picture.dtype == np.uint8:
            return cv2.cvtColor(picture, bayer[source])
    # A camera's picture must not be turned by what a JPEG says of its orientation.
    picture = _decode(message, data, cv2.IMREAD_COLOR | cv2.IMREAD_IGNORE_ORIENTATION)
    return cv2.cvtColor(picture, cv2.COLOR_BGR2RGB)


def decode_thermal(message: Any) -> np.ndarray:
    """Return the picture of a ``CompressedImage`` as h x w uint8 or uint16.

    Raises:
        BadImage: it does not decode, or is a colour picture.
    """
    data = _bytes_of(message)
    picture = _decode(message, data, cv2.IMREAD_UNCHANGED | cv2.IMREAD_IGNORE_ORIENTATION)
    if picture.ndim != 2:
        raise BadImage(
            f"the compressed thermal picture comes in colour ({message.format})",
            "set the camera or its driver to mono16 (PNG) or white-hot mono8",
        )
    return picture


def encode_jpeg(picture: np.ndarray, quality: int) -> np.ndarray:
    """Return an H x W x 3 uint8 RGB picture as the bytes of a JPEG file.

    Args:
        picture: H x W x 3 uint8, R, G, B.
        quality: 1 to 100.
    """
    swapped = cv2.cvtColor(picture, cv2.COLOR_RGB2BGR)
    _, encoded = cv2.imencode(".jpg", swapped, (cv2.IMWRITE_JPEG_QUALITY, quality))
    return encoded


def _bytes_of(message: Any) -> np.ndarray:
    data = np.frombuffer(message.data, np.uint8)
    if data.size == 0:
        raise BadImage("the message holds no data", "check the camera and its driver")
    head, tail = data[:8].tobytes(), data[-_TAIL:].tobytes()
    if head.startswith(_JPEG):
        whole = _JPEG_END in tail
    elif head == _PNG:
        whole = _PNG_END in tail
    else:
        raise BadImage(
            f"the compressed data is neither JPEG nor PNG (format {message.format!r})",
            "use the raw transport, or compressed with jpeg or png (depth, theora and ffmpeg "
            "transports need a republisher)",
        )
    if not whole:
        raise BadImage(
            "the compressed picture is cut off", "check the camera's cable and the driver's buffer"
        )
    return data


def _decode(message: Any, data: np.ndarray, flags: int) -> np.ndarray:
    try:
        picture = cv2.imdecode(data, flags)
    except cv2.error as error:
        raise BadImage(
            f"the compressed picture does not decode ({error.err})", "check the driver"
        ) from error
    if picture is None:
        raise BadImage(
            f"the compressed picture does not decode (format {message.format!r})",
            "check the camera's cable and the driver's buffer",
        )
    return picture
