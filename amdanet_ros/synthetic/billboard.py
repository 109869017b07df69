"""Faces in the world, and flat figures that face the camera, in metres from their foot point."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from .canvas import Canvas, Polygon, Surface
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


def face(
    camera: Pinhole,
    surface: Surface,
    corners: Sequence[tuple[float, float, float]],
    depth: float,
    instance: int = 0,
    light: float = 0.0,
) -> Polygon:
    """Return the polygon of world points; its texture is anchored at the first of them."""
    pixels = camera.project(np.array(corners, dtype=np.float64))
    anchor = (float(pixels[0, 0]), float(pixels[0, 1]), camera.focal_length / depth)
    return Polygon(pixels, surface, depth, instance, light, anchor)


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
    """Paint a figure's parts, from back to front; ``foot`` is the world position of its origin, m.

    ``instance`` is its number in the instance image, ``light`` the lamp light on it at night.
    """
    depth = foot[2] - camera.position[2]
    if depth <= NEAREST:
        return
    scale = camera.focal_length / depth
    origin = camera.project(np.array([foot]))[0]
    for part in parts:
        corners, anchor = origin + part.polygon * (scale, -scale), (origin[0], origin[1], scale)
        canvas.polygons.append(Polygon(corners, part.surface, depth, instance, light, anchor))
