"""Flat figures that stand upright in the street and face the camera: drawn in metres about their foot point."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from amdanet_ros.synthetic.canvas import Canvas, Surface
from amdanet_ros.synthetic.pinhole import NEAREST, Pinhole


def ellipse(
    x: float, y: float, half_width: float, half_height: float, points: int = 12
) -> np.ndarray:
    """Polygon of an upright ellipse about (x, y), N x 2."""
    angle = np.linspace(0, 2 * np.pi, points, endpoint=False)
    return np.column_stack([x + half_width * np.cos(angle), y + half_height * np.sin(angle)])


def box(left: float, bottom: float, right: float, top: float) -> np.ndarray:
    """Polygon of an upright rectangle, 4 x 2."""
    return np.array([[left, bottom], [right, bottom], [right, top], [left, top]], dtype=np.float64)


def limb(x0: float, y0: float, x1: float, y1: float, width: float) -> np.ndarray:
    """Polygon of a straight limb from one joint to the other, 4 x 2."""
    along = np.array([x1 - x0, y1 - y0])
    across = 0.5 * width * np.array([-along[1], along[0]]) / max(float(np.hypot(*along)), 1e-6)
    ends = np.array([[x0, y0], [x1, y1]])
    return np.array([ends[0] - across, ends[0] + across, ends[1] + across, ends[1] - across])


@dataclass(frozen=True)
class Part:
    """A polygon of a figure, N x 2 metres (x to the right, y up from the foot point), and what it is made of."""

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
        foot: world position of the figure's origin, metres.
        instance: its number in the instance picture.
        light: lamp light on it at night.
    """
    depth = foot[2] - camera.position[2]
    if depth <= NEAREST:
        return
    scale = camera.focal_length / depth
    origin = camera.project(np.array([foot]))[0]
    for part in parts:
        index = canvas.add(part.surface, depth, instance, light, (origin[0], origin[1], scale))
        polygon = np.column_stack(
            [origin[0] + scale * part.polygon[:, 0], origin[1] - scale * part.polygon[:, 1]]
        )
        canvas.fill(index, polygon)
