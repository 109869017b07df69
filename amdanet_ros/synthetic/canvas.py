"""The canvas: polygons are drawn into index images; tables hold the properties of an index.

There is an index image for visible light and one for heat, drawn from far to near. Paint on signs
and on the road has the temperature of the surface below, so it is drawn into the first one only.
"""

from __future__ import annotations

from dataclasses import dataclass, field

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


@dataclass
class Canvas:
    """Polygons in the order of drawing, and the tables of their properties.

    Attributes:
        size: (height, width).
        polygons: (index, N x 2 pixels).
        surfaces, instances, depths, lights, anchors: arguments of `add`, one entry for each index.
    """

    size: tuple[int, int]
    polygons: list[tuple[int, np.ndarray]] = field(default_factory=list)
    surfaces: list[Surface] = field(default_factory=list)
    instances: list[int] = field(default_factory=list)
    depths: list[float] = field(default_factory=list)
    lights: list[float] = field(default_factory=list)
    anchors: list[tuple[float, float, float]] = field(default_factory=list)

    def add(
        self,
        surface: Surface,
        depth: float,
        instance: int = 0,
        light: float = 0.0,
        anchor: tuple[float, float, float] = (0.0, 0.0, 1.0),
    ) -> int:
        """Register a surface and return its index.

        Args:
            surface: the material.
            depth: distance, metres; infinite for the sky, NaN for the road with its own depths.
            instance: number of the object, 0 for none.
            light: lamp light that falls on it at night.
            anchor: pixel (x, y) and scale (pixels a metre) of its texture.
        """
        self.surfaces.append(surface)
        self.instances.append(instance)
        self.depths.append(depth)
        self.lights.append(light)
        self.anchors.append(anchor)
        return len(self.surfaces) - 1

    def fill(self, index: int, polygon: np.ndarray) -> None:
        """Add a polygon, N x 2 pixels (x, y), above the earlier ones; `rasterize` draws it."""
        self.polygons.append((index, polygon))

    def rasterize(self) -> tuple[np.ndarray, np.ndarray]:
        """Return the index images (visible, heat), H x W uint16 each."""
        visible = np.zeros(self.size, np.uint16)
        heat = np.zeros(self.size, np.uint16)
        corners = np.concatenate([polygon for _, polygon in self.polygons]).astype(np.float64)
        np.minimum(corners, _FARTHEST_PIXEL, out=corners)
        np.maximum(corners, -_FARTHEST_PIXEL, out=corners)
        corners = np.rint(corners * (1 << _SHIFT)).astype(np.int32)
        start = 0
        for index, polygon in self.polygons:
            outline = [corners[start : start + len(polygon)]]
            start += len(polygon)
            cv2.fillPoly(visible, outline, index, cv2.LINE_8, _SHIFT)
            if not self.surfaces[index].only_visible:
                cv2.fillPoly(heat, outline, index, cv2.LINE_8, _SHIFT)
        return visible, heat
