"""The canvas: polygons become pixels of an index image, tables say what an index stands for.

The index images are painted from far to near. What only RGB shows (paint on signs and on the
road) is painted into that of visible light and left out of that of heat: there the surface below
shows through, at its temperature.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import cv2
import numpy as np

_SHIFT = 4  # binary digits of sub-pixel position in OpenCV's polygon filler
_FARTHEST_PIXEL = 60000.0  # nothing of a street lies farther out; a corner moved bends its edges


@dataclass(frozen=True)
class Surface:
    """What a polygon is made of.

    Attributes:
        color: reflectance of red, green and blue, 0 to 1 (linear light).
        temperature: kelvin.
        label: class index.
        texture: strength of the random pattern in reflectance, 0 to 1.
        heat_texture: strength of the random pattern in temperature, kelvin.
        emission: light of its own (lamps, lit windows), linear, 1 = a white surface by day.
        only_visible: True: paint; the heat image shows what lies below.
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
    """Polygons in the order of painting, and the tables behind their indices.

    Attributes:
        size: (height, width).
        polygons: (index, N x 2 pixels).
        surfaces, instances, depths, lights, anchors: what `add` was told, one entry an index.
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
            surface: what it is made of.
            depth: distance, metres; infinite for the sky, NaN where the road's own depth holds.
            instance: number of the object, 0 for none.
            light: lamp light that falls on it at night.
            anchor: pixel (x, y) and scale (pixels a metre) that its texture is fixed to.
        """
        self.surfaces.append(surface)
        self.instances.append(instance)
        self.depths.append(depth)
        self.lights.append(light)
        self.anchors.append(anchor)
        return len(self.surfaces) - 1

    def fill(self, index: int, polygon: np.ndarray) -> None:
        """Lay a polygon, N x 2 pixels (x, y), over what is there; `rasterize` paints it."""
        self.polygons.append((index, polygon))

    def rasterize(self) -> tuple[np.ndarray, np.ndarray]:
        """Paint: (visible, heat), both H x W uint16 indices into the tables."""
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
