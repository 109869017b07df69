"""Image files of data sets, read as the node and ``amdanet fuse`` read theirs.

Pixels are taken as they are stored: an orientation in the metadata (EXIF) turns none of a pair's
three images. Files of more than 64 million pixels are refused by their headers.
"""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np

from ..images.errors import BadImage
from ..images.image_file import bytes_as_stored, read_rgb, read_values
from ..images.pixels import eight_bits
from ..images.read_options import DEFAULT
from .labelled_pair import DataError


def image_file(path: Path, flags: int = cv2.IMREAD_UNCHANGED) -> np.ndarray:
    """Return an image as OpenCV would read it with these flags, but as it is stored.

    Args:
        path: of a file.
        flags: ``IMREAD_UNCHANGED``, ``IMREAD_COLOR`` (H x W x 3 uint8 BGR) or
            ``IMREAD_GRAYSCALE`` (H x W uint8).

    Raises:
        DataError: it is missing, cannot be read or is too large; the message names the file.
    """
    if not path.exists():
        raise DataError(f"{path} is missing: copy the data set again")
    try:
        if flags == cv2.IMREAD_COLOR:
            return cv2.cvtColor(read_rgb(path), cv2.COLOR_RGB2BGR)
        values = read_values(path)
    except BadImage as bad:
        raise DataError(f"{path} is not a readable image ({bad.cause}): copy it again") from bad
    if flags != cv2.IMREAD_GRAYSCALE:
        return values
    if values.ndim == 3:
        values = cv2.cvtColor(np.ascontiguousarray(values[..., :3]), cv2.COLOR_BGR2GRAY)
    return eight_bits(values)


def image_bytes(path: Path) -> bytes:
    """Return a file that ``image_file`` would read, so that no decoder turns it.

    Raises:
        DataError: ``image_file`` would refuse it; the message names the file.
    """
    try:
        return bytes_as_stored(path).tobytes()
    except BadImage as bad:
        raise DataError(f"{path} is not a readable image ({bad.cause}): copy it again") from bad


def check_size(path: Path, size: tuple[int, int]) -> None:
    """Refuse a (height, width) that is too large; raises DataError."""
    try:
        DEFAULT.check_size(size[1], size[0])
    except BadImage as bad:
        raise DataError(f"{path} is not a readable image ({bad.cause}): export it smaller") from bad
