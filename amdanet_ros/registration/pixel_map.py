"""For each pixel of the RGB image the place in the thermal image that shows the same."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass

import cv2
import numpy as np

from .homography import resize_homography
from .rig import Rig

NOWHERE = -1e6
"""The place of what the thermal camera does not show: far outside its image."""

_MOST_POINTS = 80_000
_KEPT = 3
LARGEST_KEPT = 8_000_000
"""Pixels: 64 MB. Of larger images the map is drawn again for each pair."""


class PixelMap(ABC):
    """Gives thermal pixels for the pixels of an RGB image, at any size of that image.

    Attributes:
        is_fixed: whether it holds for many pairs, so that what is made of it may be kept.
    """

    is_fixed: bool

    @abstractmethod
    def at(self, size: tuple[int, int]) -> np.ndarray:
        """Return the places for the RGB image (its window) resized to a size (height, width).

        Returns:
            height x width x 2 float32: (x, y) in the thermal image after ``thermal.crop``, pixel
            centres at integers; `NOWHERE` where the thermal camera shows nothing. Not to be
            changed.
        """


@dataclass(frozen=True)
class View:
    """Which pixels of both images count.

    Attributes:
        window: (top, left, height, width), the part of the RGB image that is shown.
        margins: (top, left), what is cut off the thermal image.
    """

    window: tuple[int, int, int, int]
    margins: tuple[int, int] = (0, 0)

    def rgb_pixels(self, size: tuple[int, int], step: int = 1) -> np.ndarray:
        """Return pixels of the whole RGB image for those of the window resized to a size.

        Args:
            size: (height, width).
            step: every so many pixels, one more than needed at the right and below.

        Returns:
            rows x columns x 2 float64, (x, y).
        """
        top, left, height, width = self.window
        back = resize_homography(size, (height, width))
        rows, columns = (len(range(0, side, step)) + (step > 1) for side in size)
        x, y = np.meshgrid(np.arange(columns) * step, np.arange(rows) * step)
        return np.stack([x * back[0, 0] + back[0, 2] + left, y * back[1, 1] + back[1, 2] + top], -1)


class PlaneMap(PixelMap):
    """The places of what lies at one distance, lenses undone. Computed once a size.

    Args:
        rig: the calibrations.
        nearness: one over the distance of the plane that faces the RGB camera, 1 / m; 0: far.
        view: which pixels count.
    """

    is_fixed = True

    def __init__(self, rig: Rig, nearness: float, view: View) -> None:
        self._rig = rig
        self._nearness = nearness
        self._view = view
        self._maps: dict[tuple[int, int], np.ndarray] = {}

    def at(self, size: tuple[int, int]) -> np.ndarray:
        """Of large images, every second, fourth, ... place is computed and those between drawn."""
        size = (int(size[0]), int(size[1]))
        found = self._maps.get(size)
        if found is None:
            found = self._computed(size)
            found.flags.writeable = False
            if size[0] * size[1] <= LARGEST_KEPT:
                kept = list(self._maps.items())[1 - _KEPT :]
                self._maps = {**dict(kept), size: found}
        return found

    def _computed(self, size: tuple[int, int]) -> np.ndarray:
        step = 1
        while size[0] * size[1] > _MOST_POINTS * step**2:
            step *= 2
        pixels = self._view.rgb_pixels(size, step)
        directions = self._rig.rgb.directions(pixels.reshape(-1, 2))
        places = self._rig.thermal_pixels(directions, self._nearness)
        places -= np.array(self._view.margins[::-1])
        found = as_map(places, pixels.shape[:2])
        if step == 1:
            return found
        shrink = np.array([[1 / step, 0, 0], [0, 1 / step, 0]])
        how = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
        return cv2.warpAffine(found, shrink, size[::-1], flags=how, borderMode=cv2.BORDER_REPLICATE)


def as_map(places: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """Return N x 2 places, NaN where there is none, as a map of a size (height, width)."""
    far = ~(np.abs(places).max(axis=1) < -NOWHERE)
    return np.where(far[:, None], NOWHERE, places).astype(np.float32).reshape(*size, 2)


def warped(
    image: np.ndarray,
    places: np.ndarray,
    interpolation: int = cv2.INTER_LINEAR,
    outside: float = 0.0,
) -> np.ndarray:
    """Return an image (uint8, uint16 or float32) at places of ``PixelMap.at``."""
    return cv2.remap(
        image, places, None, interpolation, borderMode=cv2.BORDER_CONSTANT, borderValue=outside
    )
