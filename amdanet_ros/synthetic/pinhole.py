"""The pinhole camera of the robot: one and a half metres above the road, looking along it.

World axes, metres: x to the right of the road's middle, y up from its surface, z along it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

NEAREST = 0.7
"""Distance of the near plane, metres: nearer parts are cut off."""


@dataclass(frozen=True)
class Pinhole:
    """An upright pinhole camera with a level optical axis.

    Attributes:
        size: (height, width) of the image.
        position: (x, y, z) of the optical centre, metres.
    """

    size: tuple[int, int]
    position: tuple[float, float, float]

    @property
    def focal_length(self) -> float:
        """In pixels; the horizontal field of view is 61 degrees."""
        return 0.85 * self.size[1]

    @property
    def middle(self) -> float:
        """Column of the principal point, pixels."""
        return 0.5 * (self.size[1] - 1)

    @property
    def horizon(self) -> float:
        """Row of the horizon and of the principal point, pixels; it lies above the middle."""
        return 0.42 * self.size[0]

    def matrix(self) -> np.ndarray:
        """Camera matrix of a lens without distortion (K of sensor_msgs/CameraInfo), 3 x 3."""
        f = self.focal_length
        return np.array([[f, 0.0, self.middle], [0.0, f, self.horizon], [0.0, 0.0, 1.0]])

    def project(self, points: np.ndarray) -> np.ndarray:
        """Pixels N x 2 of N x 3 world points; nearer points are moved to the near plane."""
        scale = self.focal_length / np.maximum(points[:, 2] - self.position[2], NEAREST)
        pixels = np.empty((len(points), 2), points.dtype)
        pixels[:, 0] = self.middle + scale * (points[:, 0] - self.position[0])
        pixels[:, 1] = self.horizon - scale * (points[:, 1] - self.position[1])
        return pixels

    def first_ground_row(self) -> int:
        """The uppermost row whose rays meet the road."""
        return int(self.horizon + 0.5) + 1

    def ground(self) -> tuple[np.ndarray, np.ndarray]:
        """Where the rays of the rows from `first_ground_row` down meet the road.

        Returns:
            (x, distance), R x W and R x 1 float32: world x and the distance along the axis, metres.
        """
        height, width = self.size
        rows = np.arange(self.first_ground_row(), height, dtype=np.float32)[:, None]
        distance = np.float32(self.position[1] * self.focal_length) / (rows - self.horizon)
        slope = (np.arange(width, dtype=np.float32) - self.middle) / self.focal_length
        x = np.float32(self.position[0]) + distance * slope
        return x.astype(np.float32), distance.astype(np.float32)
