"""Pairs of picture files.

Two folders with the same names, or one folder with NAME_rgb and NAME_thermal.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np

_SUFFIXES = {".png", ".jpg", ".jpeg", ".bmp", ".tif", ".tiff", ".webp"}
_RGB_ENDING = re.compile(r"[_-](rgb|visible|vis|color|colour)$", re.IGNORECASE)
_THERMAL_ENDING = re.compile(r"[_-](thermal|infrared|ir|th)$", re.IGNORECASE)


class PictureError(Exception):
    """A folder or picture cannot be used; the message is one line with the cause and the mend."""


class PicturePair(NamedTuple):
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
            PictureError: a file that cannot be read, or coloured thermal.
        """
        return read_rgb(self.rgb), read_thermal(self.thermal)


def read_rgb(path: Path) -> np.ndarray:
    """A colour picture as H x W x 3 uint8 RGB."""
    picture = cv2.imread(str(path), cv2.IMREAD_COLOR)
    if picture is None:
        raise PictureError(f"{path} cannot be read as a picture")
    return cv2.cvtColor(picture, cv2.COLOR_BGR2RGB)


def read_thermal(path: Path) -> np.ndarray:
    """A thermal picture as h x w in its own depth (uint8, uint16, float32).

    Three channels are taken for grey where they are nearly equal (JPEG rounds).

    Raises:
        PictureError: it cannot be read, or it is coloured.
    """
    picture = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
    if picture is None:
        raise PictureError(f"{path} cannot be read as a picture")
    if picture.ndim == 2:
        return picture
    channels = picture[..., :3].astype(np.int32)
    spread = channels.max(axis=2) - channels.min(axis=2)
    if np.percentile(spread, 99) > 0.05 * np.iinfo(picture.dtype).max:
        raise PictureError(
            f"{path} is in false colours, which hold no temperature order: "
            "export the camera's pictures as grey (white hot)"
        )
    return cv2.cvtColor(picture[..., :3], cv2.COLOR_BGR2GRAY)


def find_pairs(rgb: Path, thermal: Path | None = None) -> list[PicturePair]:
    """Match files by name, in the order of their names.

    Args:
        rgb: folder of the colour pictures, or of both kinds.
        thermal: folder of the thermal pictures; None: all are in ``rgb``, as ``NAME_rgb.png`` and
            ``NAME_thermal.png`` (also ``_visible``, ``_infrared``, ``_ir``).

    Raises:
        PictureError: a folder is missing, or nothing in it matches.
    """
    for folder in (rgb, thermal):
        if folder is not None and not folder.is_dir():
            raise PictureError(f"folder {folder} does not exist")
    if thermal is None:
        colour = {
            _RGB_ENDING.sub("", p.stem): p for p in _pictures(rgb) if _RGB_ENDING.search(p.stem)
        }
        heat = {
            _THERMAL_ENDING.sub("", p.stem): p
            for p in _pictures(rgb)
            if _THERMAL_ENDING.search(p.stem)
        }
        advice = f"{rgb} holds no NAME_rgb.png with a NAME_thermal.png: give two folders instead"
    else:
        colour = {_RGB_ENDING.sub("", path.stem): path for path in _pictures(rgb)}
        heat = {_THERMAL_ENDING.sub("", path.stem): path for path in _pictures(thermal)}
        advice = f"no picture of {rgb} has a partner of the same name in {thermal}"
    pairs = [
        PicturePair(name, colour[name], heat[name]) for name in sorted(colour.keys() & heat.keys())
    ]
    if not pairs:
        raise PictureError(advice)
    return pairs


def _pictures(folder: Path) -> Iterator[Path]:
    return (path for path in sorted(folder.iterdir()) if path.suffix.lower() in _SUFFIXES)
