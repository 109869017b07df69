"""Two calibrated cameras on one rig: where what an RGB pixel shows lies in the thermal image."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .lens import Lens

_FARTHEST_UNDONE = 0.2
"""Least length of an undone place, as a share of its place in the image."""
_WORST_CONDITION = 1e12
"""Of a camera matrix; that of a focal length of a million pixels has 1e6."""
_MOST_LOST = 0.25
"""Of an image's pixels, for which the distortion cannot be undone."""


@dataclass(frozen=True, eq=False)
class RigCamera:
    """A camera of a rig.

    Attributes:
        matrix: 3 x 3 float64 camera matrix of its images as they come, in pixels.
        lens: its distortion; None: none.
    """

    matrix: np.ndarray
    lens: Lens | None = None

    def directions(self, pixels: np.ndarray) -> np.ndarray:
        """Return the directions that N x 2 pixels show, N x 3 float64; NaN: none."""
        ones = np.ones((len(pixels), 1))
        flat = np.column_stack([pixels, ones]) @ np.linalg.inv(self.matrix).T
        if self.lens is None:
            return flat
        return self.lens.directions(flat[:, :2] / flat[:, 2:])

    def pixels(self, directions: np.ndarray) -> np.ndarray:
        """Return the pixels that show N x 3 directions, N x 2 float64; NaN: none."""
        if self.lens is None:
            with np.errstate(all="ignore"):
                places = directions[:, :2] / directions[:, 2:]
            places = np.where(directions[:, 2:] > 0, places, np.nan)
        else:
            places = self.lens.places(directions)
        return places @ self.matrix[:2, :2].T + self.matrix[:2, 2]

    def check(self, size: tuple[int, int]) -> None:
        """Raise a ValueError where this cannot be the camera of images (height, width).

        The matrix must have an inverse that numbers of 64 bits can hold, and the distortion one in
        most of the image.
        """
        is_finite = bool(np.all(np.isfinite(self.matrix)))
        if not is_finite or not np.linalg.cond(self.matrix) <= _WORST_CONDITION:
            raise ValueError(
                f"the camera matrix {self.matrix.tolist()} cannot be inverted: calibrate the "
                "camera again"
            )
        if self.lens is None:
            return
        height, width = size
        x, y = np.meshgrid(np.linspace(0, width - 1, 33), np.linspace(0, height - 1, 25))
        pixels = np.column_stack([x.ravel(), y.ravel()])
        plain = RigCamera(self.matrix).directions(pixels)
        found = self.directions(pixels)
        lost = float(np.isnan(found[:, 0]).mean())
        fix = "calibrate the camera again, with the board in the corners of the image too"
        if lost > _MOST_LOST:
            raise ValueError(f"the distortion D cannot be undone in {lost:.0%} of the image: {fix}")
        with np.errstate(all="ignore"):
            undone = np.hypot(found[:, 0], found[:, 1])
            shown = np.hypot(plain[:, 0], plain[:, 1])
            is_absurd = (found[:, 2] > 0) & (undone < _FARTHEST_UNDONE * found[:, 2] * shown)
        if np.any(is_absurd & (shown > 1e-3)):
            raise ValueError(f"the distortion D is larger than that of any lens: {fix}")


@dataclass(frozen=True, eq=False)
class Rig:
    """An RGB and a thermal camera.

    Attributes:
        rgb, thermal: their calibrations.
        rotation: 3 x 3 float64, from directions of the thermal camera to those of the RGB camera.
        translation: 3 float64, metres: the thermal camera's optical centre as the RGB camera sees
            it. A point X of the thermal camera is ``rotation @ X + translation`` of the RGB camera.
    """

    rgb: RigCamera
    thermal: RigCamera
    rotation: np.ndarray
    translation: np.ndarray

    def thermal_pixels(self, directions: np.ndarray, nearness: np.ndarray | float) -> np.ndarray:
        """Return where points lie in the thermal image.

        Args:
            directions: N x 3, from the RGB camera.
            nearness: N or a number, 1 / m: one over the depth of each point, along the RGB camera's
                optical axis; 0: infinitely far.

        Returns:
            N x 2 float64 pixels; NaN: not shown.
        """
        return self.thermal.pixels(self.from_thermal(directions, nearness))

    def from_thermal(self, directions: np.ndarray, nearness: np.ndarray | float) -> np.ndarray:
        """Return the directions of points from the thermal camera, N x 3; see `thermal_pixels`.

        Their third number is the depth from the thermal camera over the depth from the RGB camera,
        where the directions' third number is 1.
        """
        near = np.asarray(nearness, np.float64) * directions[:, 2]
        return (directions - near[:, None] * self.translation) @ self.rotation

    def homography(self, distance: float) -> np.ndarray:
        """Return the homography, thermal pixel to RGB pixel, of two cameras without distortion.

        Args:
            distance: metres, of a plane that faces the RGB camera; 0: infinitely far.

        Returns:
            3 x 3 float64, not scaled.

        Raises:
            ValueError: the plane does not lie before the thermal camera.
        """
        bend = np.eye(3)
        bend[:, 2] -= self.translation * nearness_of(distance)
        if not np.linalg.det(bend) > 1e-6:
            raise ValueError(
                f"a plane {distance:g} m before the RGB camera does not lie before the thermal one"
            )
        turn = np.linalg.inv(bend) @ self.rotation
        return self.rgb.matrix @ turn @ np.linalg.inv(self.thermal.matrix)


def nearness_of(distance: float) -> float:
    """Return one over a distance in metres; 0 of 0, which stands for infinitely far."""
    return 1.0 / distance if distance > 0 else 0.0
