"""The pinhole camera of the robot: a metre above the road, looking along it.

World axes: x to the right of the road's middle, y up from the road's surface, z along the road; metres.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

NEAREST = 0.7
"""Metres before the camera: what is nearer is cut off there."""


@dataclass(frozen=True)
class Pinhole:
    """An upright pinhole camera with a level optical axis.

    Attributes:
        size: (height, width) of the picture.
        position: (x, y, z) of the optical centre, metres.
    """

    size: tuple[int, int]
    position: tuple[float, float, float]

    @property
    def focal_length(self) -> float:
        """In pixels; the horizontal field of view is 61 degrees."""
        return 0.85 * self.size[1]

    @property
    def horizon(self) -> float:
        """Row of the horizon, pixels: the camera looks a little down, so it lies above the middle."""
        return 0.42 * self.size[0]

    def project(self, points: np.ndarray) -> np.ndarray:
        """Project N x 3 world points to N x 2 pixels (x, y); points behind the near plane are moved onto it."""
        depth = np.maximum(points[:, 2] - self.position[2], NEAREST)
        scale = self.focal_length / depth
        return np.column_stack(
            [
                0.5 * (self.size[1] - 1) + scale * (points[:, 0] - self.position[0]),
                self.horizon - scale * (points[:, 1] - self.position[1]),
            ]
        )

    def ground(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Where each pixel's ray meets the road.

        Returns:
            (x, z, depth), each H x W float32: world coordinates, metres, and the distance along the axis; above the horizon
            the depth is infinite and x and z are zero.
        """
        height, width = self.size
        rows = np.arange(height, dtype=np.float32)[:, None]
        columns = np.arange(width, dtype=np.float32)[None, :]
        below = rows > self.horizon + 0.5
        drop = np.where(below, rows - self.horizon, 1.0)
        depth = np.where(below, self.position[1] * self.focal_length / drop, np.inf)
        finite = np.where(below, depth, 0.0)
        x = self.position[0] + finite * (columns - 0.5 * (width - 1)) / self.focal_length
        z = np.broadcast_to(self.position[2] + finite, (height, width))
        depth = np.broadcast_to(depth, (height, width))
        return x.astype(np.float32), z.astype(np.float32), depth.astype(np.float32)
