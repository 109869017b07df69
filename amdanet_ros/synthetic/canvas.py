"""The canvas: polygons are drawn into images of their indices.

There is an index image for visible light and one for heat, drawn from far to near. Paint on signs
and on the road has the temperature of the surface below, so it is drawn into the first one only.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

import cv2
import numpy as np

_SHIFT = 4  # binary digits of sub-pixel position in OpenCV's polygon filler
_FARTHEST_PIXEL = 60000.0  # pixels; no corner in a street is farther out, so clipping moves none


@dataclass(frozen=True)
class Surface:
    """The material of a polygon.

    Attributes:
        color: reflectance of red, green and blue, 0 to 1 (linear light).
        temperature: kelvin.
        label: class index.
        texture: strength of the random pattern in reflectance, 0 to 1.
        heat_texture: strength of the random pattern in temperature, kelvin.
        emission: light of its own (lamps, lit windows), linear, 1 = a white surface by day.
        only_visible: True: paint; the heat image shows the surface below.
    """

    color: tuple[float, float, float]
    temperature: float
    label: int
    texture: float = 0.1
    heat_texture: float = 0.1
    emission: float = 0.0
    only_visible: bool = False


class Polygon(NamedTuple):
    """A polygon and what it looks like.

    Attributes:
        corners: N x 2 pixels (x, y).
        surface: the material.
        depth: distance, metres; infinite for the sky, NaN for the road with its own depths.
        instance: number of the object, 0 for none.
        light: lamp light that falls on it at night.
        anchor: pixel (x, y) and scale (pixels a metre) of its texture.
    """

    corners: np.ndarray
    surface: Surface
    depth: float
    instance: int = 0
    light: float = 0.0
    anchor: tuple[float, float, float] = (0.0, 0.0, 1.0)


@dataclass
class Canvas:
    """Polygons of an image of a size (height, width), each above the earlier ones."""

    size: tuple[int, int]
    polygons: list[Polygon] = field(default_factory=list)

    def rasterize(self) -> tuple[np.ndarray, np.ndarray]:
        """Return the images (visible, heat) of the polygons' indices, H x W uint16 each."""
        visible = np.zeros(self.size, np.uint16)
        heat = np.zeros(self.size, np.uint16)
        corners = np.concatenate([each.corners for each in self.polygons]).astype(np.float64)
        np.minimum(corners, _FARTHEST_PIXEL, out=corners)
        np.maximum(corners, -_FARTHEST_PIXEL, out=corners)
        corners = np.rint(corners * (1 << _SHIFT)).astype(np.int32)
        start = 0
        for index, polygon in enumerate(self.polygons):
            outline = [corners[start : start + len(polygon.corners)]]
            start += len(polygon.corners)
            cv2.fillPoly(visible, outline, index, cv2.LINE_8, _SHIFT)
            if not polygon.surface.only_visible:
                cv2.fillPoly(heat, outline, index, cv2.LINE_8, _SHIFT)
        return visible, heat
