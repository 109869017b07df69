"""Flat upright figures that face the camera, drawn in metres relative to their foot point."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from .canvas import Canvas, Surface
from .pinhole import NEAREST, Pinhole


@lru_cache(maxsize=32)
def _unit_circle(points: int) -> np.ndarray:
    angle = np.linspace(0, 2 * np.pi, points, endpoint=False)
    return np.column_stack([np.cos(angle), np.sin(angle)])


def ellipse(
    x: float, y: float, half_width: float, half_height: float, points: int = 12
) -> np.ndarray:
    """Polygon of an upright ellipse about (x, y), N x 2."""
    return _unit_circle(points) * (half_width, half_height) + (x, y)


def box(left: float, bottom: float, right: float, top: float) -> np.ndarray:
    """Polygon of an upright rectangle, 4 x 2."""
    return np.array([[left, bottom], [right, bottom], [right, top], [left, top]], dtype=np.float64)


def limb(x0: float, y0: float, x1: float, y1: float, width: float) -> np.ndarray:
    """Polygon of a straight limb between two joints, 4 x 2."""
    dx, dy = x1 - x0, y1 - y0
    half = 0.5 * width / max(math.hypot(dx, dy), 1e-6)
    u, v = -dy * half, dx * half
    return np.array([[x0 - u, y0 - v], [x0 + u, y0 + v], [x1 + u, y1 + v], [x1 - u, y1 - v]])


@dataclass(frozen=True)
class Part:
    """A part of a figure.

    Attributes:
        polygon: N x 2 metres, x to the right and y up from the foot point.
        surface: its material.
    """

    polygon: np.ndarray
    surface: Surface


def draw_figure(
    canvas: Canvas,
    camera: Pinhole,
    foot: tuple[float, float, float],
    parts: list[Part],
    instance: int,
    light: float,
) -> None:
    """Paint a figure's parts in order.

    Args:
        canvas: to paint on.
        camera: that the scene is drawn for.
        foot: world position of the figure's origin, metres.
        parts: from back to front.
        instance: number of the figure in the instance image.
        light: lamp light on the figure at night.
    """
    depth = foot[2] - camera.position[2]
    if depth <= NEAREST:
        return
    scale = camera.focal_length / depth
    origin = camera.project(np.array([foot]))[0]
    for part in parts:
        index = canvas.add(part.surface, depth, instance, light, (origin[0], origin[1], scale))
        canvas.fill(index, origin + part.polygon * (scale, -scale))
