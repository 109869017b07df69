"""Image files, from a disk or from a message: one way to read them all.

Pixels are taken as they are stored. An orientation in the metadata (EXIF) is ignored, in messages
as in files: calibrations, labels and the other camera's images belong to the stored pixels.
"""

from __future__ import annotations

import os
import stat

import cv2
import numpy as np

from ..regular_file import PIPE_OR_DEVICE
from .errors import BadImage
from .file_header import FileHeader, file_header
from .read_options import DEFAULT, ReadOptions
from .tiff_header import without_orientation

# OpenCV would print lines of its own about each damaged image, which is refused with one line here.
cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_SILENT)

_MOST_BYTES = 8
"""Of a pixel: four channels of 16 bits, or one of 64."""

_METADATA = 64 << 20
"""Bytes that a file may have beside its pixels."""


def read_rgb(path: str | os.PathLike, options: ReadOptions = DEFAULT) -> np.ndarray:
    """Return a colour image file as H x W x 3 uint8 RGB.

    Grey becomes R = G = B, 16 bits become 8, alpha is left out.

    Raises:
        BadImage: it cannot be read, is too large, or holds floating-point numbers.
    """
    return rgb_of_file(read_bytes(path, options), options)


def read_values(path: str | os.PathLike, options: ReadOptions = DEFAULT) -> np.ndarray:
    """Return an image file in its own depth and channels, as OpenCV orders them (BGR, BGRA).

    Returns:
        h x w or h x w x channels.

    Raises:
        BadImage: it cannot be read, or is too large.
    """
    return values_of_file(read_bytes(path, options), options)


def rgb_of_file(data: np.ndarray, options: ReadOptions = DEFAULT) -> np.ndarray:
    """Return the bytes of a colour image file, N uint8, as ``read_rgb`` does."""
    header = _checked(data, options)
    if header.is_float or header.bits > 16:
        raise BadImage(
            f"the image has values of {header.bits} bits, which are no colours",
            "export it with 8 or 16 bits, or choose the folder or topic of the colour camera",
        )
    data = _as_stored(data, header)
    image = _decode(data, cv2.IMREAD_COLOR | cv2.IMREAD_IGNORE_ORIENTATION, options)
    return cv2.cvtColor(image, cv2.COLOR_BGR2RGB)


def values_of_file(data: np.ndarray, options: ReadOptions = DEFAULT) -> np.ndarray:
    """Return the bytes of an image file, N uint8, as ``read_values`` does."""
    data = _as_stored(data, _checked(data, options))
    return _decode(data, cv2.IMREAD_UNCHANGED | cv2.IMREAD_IGNORE_ORIENTATION, options)


def bytes_as_stored(path: str | os.PathLike, options: ReadOptions = DEFAULT) -> np.ndarray:
    """Return the bytes of an image file, N uint8, for a decoder that would turn it.

    Raises:
        BadImage: as ``check_file``, or it cannot be read.
    """
    data = read_bytes(path, options)
    return _as_stored(data, _checked(data, options))


def check_file(data: np.ndarray, options: ReadOptions = DEFAULT) -> None:
    """Check the bytes of an image file, N uint8, without decoding them.

    Raises:
        BadImage: it is of a kind that is not read, too large, or cut off.
    """
    _checked(data, options)


def size_of_file(path: str | os.PathLike, options: ReadOptions = DEFAULT) -> tuple[int, int]:
    """Return (height, width) of an image file without decoding it.

    Raises:
        BadImage: as ``check_file``, or it cannot be read.
    """
    header = _checked(read_bytes(path, options), options)
    return header.height, header.width


def read_bytes(path: str | os.PathLike, options: ReadOptions = DEFAULT) -> np.ndarray:
    """Return a file's bytes, N uint8.

    Raises:
        BadImage: it is no file, cannot be read, is empty, or larger than any allowed image.
    """
    try:
        found = os.stat(path)
        if not stat.S_ISREG(found.st_mode):
            what = "a folder" if stat.S_ISDIR(found.st_mode) else PIPE_OR_DEVICE
            raise BadImage(f"it is {what}", "give an image file")
        if found.st_size > options.max_image_megapixels * 1e6 * _MOST_BYTES + _METADATA:
            raise BadImage(
                f"the file has {found.st_size} bytes, more than an image of "
                f"{options.max_image_megapixels:g} million pixels",
                "export smaller images, or raise max_image_megapixels",
            )
        data = np.fromfile(path, np.uint8)
    except OSError as error:
        raise BadImage(
            f"the file cannot be read ({error.strerror})", "check its name and its permissions"
        ) from error
    if data.size == 0:
        raise BadImage("the file is empty", "copy it again")
    return data


def _checked(data: np.ndarray, options: ReadOptions) -> FileHeader:
    return file_header(data.tobytes(), options)


def _as_stored(data: np.ndarray, header: FileHeader) -> np.ndarray:
    return data if header.tiff is None else without_orientation(data, header.tiff)


def _decode(data: np.ndarray, flags: int, options: ReadOptions) -> np.ndarray:
    cause = "OpenCV cannot read it"
    try:
        image = cv2.imdecode(data, flags)
    except cv2.error as error:
        image, cause = None, error.err
    except MemoryError:
        image, cause = None, "not enough memory"
    if image is None:
        raise BadImage(
            f"the image does not decode ({cause})",
            "check the camera's cable and the driver's buffer, or export it anew",
        )
    options.check_size(image.shape[1], image.shape[0])
    return image
