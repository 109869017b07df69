"""Pairs of image files.

Two folders with the same names, or one folder with NAME_rgb and NAME_thermal.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np

from ..images.errors import BadImage
from ..images.image_file import read_rgb
from ..images.read_options import DEFAULT, ReadOptions
from ..images.thermal import read_thermal

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

    def read(self, reading: ReadOptions = DEFAULT) -> tuple[np.ndarray, np.ndarray]:
        """H x W x 3 uint8 RGB, and h x w uint8, uint16 or float32 thermal.

        Raises:
            BadImage: a file that cannot be read, or coloured thermal; its ``stream`` says which.
        """
        stream = "rgb"
        try:
            rgb = read_rgb(self.rgb, reading)
            stream = "thermal"
            return rgb, read_thermal(self.thermal, reading)
        except BadImage as bad:
            bad.stream = stream
            raise


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
