"""Pairs of image files.

Two folders with the same names, or one folder with NAME_rgb and NAME_thermal.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np

from ..images.errors import BadImage

_SUFFIXES = {".png", ".jpg", ".jpeg", ".bmp", ".tif", ".tiff", ".webp"}
_RGB_ENDING = re.compile(r"[_-](rgb|visible|vis|color|colour)$", re.IGNORECASE)
_THERMAL_ENDING = re.compile(r"[_-](thermal|infrared|ir|th)$", re.IGNORECASE)


class ImageFolderError(Exception):
    """A folder cannot be used; the message is one line with the cause and the fix."""


class FilePair(NamedTuple):
    """Two files that belong together.

    Attributes:
        name: what their names have in common.
        rgb, thermal: the files.
    """

    name: str
    rgb: Path
    thermal: Path

    def read(self) -> tuple[np.ndarray, np.ndarray]:
        """H x W x 3 uint8 RGB, and h x w uint8, uint16 or float32 thermal.

        Raises:
            BadImage: a file that cannot be read, or coloured thermal.
        """
        return read_rgb(self.rgb), read_thermal(self.thermal)


def read_rgb(path: Path) -> np.ndarray:
    """Return a colour image as H x W x 3 uint8 RGB.

    Raises:
        BadImage: it cannot be read.
    """
    return cv2.cvtColor(_read(path, "rgb", cv2.IMREAD_COLOR), cv2.COLOR_BGR2RGB)


def read_thermal(path: Path) -> np.ndarray:
    """Return a thermal image as h x w in its own depth (uint8, uint16, float32).

    Three channels are taken for grey where they are nearly equal (JPEG rounds).

    Raises:
        BadImage: it cannot be read, or it is coloured.
    """
    image = _read(path, "thermal", cv2.IMREAD_UNCHANGED)
    if image.ndim == 2:
        return image
    channels = image[..., :3].astype(np.int32)
    spread = channels.max(axis=2) - channels.min(axis=2)
    if np.percentile(spread, 99) > 0.05 * np.iinfo(image.dtype).max:
        raise BadImage(
            "the image is in false colours, which hold no temperature order",
            "export the camera's images as grey (white hot)",
            "thermal",
        )
    return cv2.cvtColor(image[..., :3], cv2.COLOR_BGR2GRAY)


def _read(path: Path, stream: str, flags: int) -> np.ndarray:
    image = cv2.imread(str(path), flags)
    if image is None:
        raise BadImage(
            "the file cannot be read as an image", "export it as PNG, JPEG, TIFF or WebP", stream
        )
    return image


def find_pairs(rgb: Path, thermal: Path | None = None) -> list[FilePair]:
    """Match files by name, in the order of their names.

    Args:
        rgb: folder of the colour images, or of both kinds.
        thermal: folder of the thermal images; None: all are in ``rgb``, as ``NAME_rgb.png`` and
            ``NAME_thermal.png`` (also ``_visible``, ``_infrared``, ``_ir``).

    Raises:
        ImageFolderError: a folder is missing, or nothing in it matches.
    """
    for folder in (rgb, thermal):
        if folder is not None and not folder.is_dir():
            raise ImageFolderError(f"folder {folder} does not exist")
    if thermal is None:
        colour = {
            _RGB_ENDING.sub("", p.stem): p for p in _images(rgb) if _RGB_ENDING.search(p.stem)
        }
        heat = {
            _THERMAL_ENDING.sub("", p.stem): p
            for p in _images(rgb)
            if _THERMAL_ENDING.search(p.stem)
        }
        advice = f"{rgb} holds no NAME_rgb.png with a NAME_thermal.png: give two folders instead"
    else:
        colour = {_RGB_ENDING.sub("", path.stem): path for path in _images(rgb)}
        heat = {_THERMAL_ENDING.sub("", path.stem): path for path in _images(thermal)}
        advice = f"no image of {rgb} has a partner of the same name in {thermal}"
    pairs = [
        FilePair(name, colour[name], heat[name]) for name in sorted(colour.keys() & heat.keys())
    ]
    if not pairs:
        raise ImageFolderError(advice)
    return pairs


def _images(folder: Path) -> Iterator[Path]:
    return (path for path in sorted(folder.iterdir()) if path.suffix.lower() in _SUFFIXES)
