"""Lens distortion: from directions to places in the image and back.

Places are normalised: a pixel is K times a place. The models are those of OpenCV and of
``sensor_msgs/CameraInfo``: polynomials over the tangent of the angle (``plumb_bob``,
``rational_polynomial``), and over the angle itself (``equidistant``, OpenCV's fisheye; Kannala and
Brandt, PAMI 2006).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import cv2
import numpy as np

PINHOLE_COUNTS = (4, 5, 8, 12, 14)
"""Numbers of coefficients of the pinhole models, as in OpenCV."""
EQUIDISTANT_COUNTS = (4,)

_WIDEST = np.deg2rad(85.0)
"""Of the pinhole models, from the optical axis: their tangent goes to infinity at 90 degrees."""
_SAMPLES = 4096
_ITERATIONS = (cv2.TERM_CRITERIA_COUNT + cv2.TERM_CRITERIA_EPS, 100, 1e-9)
_RESIDUAL = 1e-5
"""Of a place that is undone, normalised: 0.006 pixels of a lens of 600 pixels focal length."""


@dataclass(frozen=True)
class Lens:
    """A lens with distortion.

    Attributes:
        is_equidistant: the fisheye model; else a pinhole model.
        coefficients: as in D of ``CameraInfo``: 4, 5, 8, 12 or 14 numbers, 4 of the fisheye.
    """

    is_equidistant: bool
    coefficients: tuple[float, ...]

    def __post_init__(self) -> None:
        """Raise a ValueError for a number of coefficients that the model has not."""
        counts = EQUIDISTANT_COUNTS if self.is_equidistant else PINHOLE_COUNTS
        if len(self.coefficients) not in counts:
            raise ValueError(f"{len(self.coefficients)} coefficients instead of {counts}")

    def places(self, directions: np.ndarray) -> np.ndarray:
        """Return where directions are imaged.

        Args:
            directions: N x 3 float64, z forward; any length.

        Returns:
            N x 2 float64, normalised; NaN where the lens does not image the direction: behind the
            camera, or beyond the angle at which the model stops to grow.
        """
        if self.is_equidistant:
            angle = np.arctan2(np.hypot(directions[:, 0], directions[:, 1]), directions[:, 2])
            shown = angle <= self._growing[0][-1]
            radius = np.interp(angle, *self._growing)
            sine = np.hypot(directions[:, 0], directions[:, 1])
            with np.errstate(all="ignore"):
                unit = np.where(sine[:, None] > 0, directions[:, :2] / sine[:, None], 0.0)
            return np.where(shown[:, None], unit * radius[:, None], np.nan)
        with np.errstate(all="ignore"):
            flat = directions[:, :2] / directions[:, 2:]
            shown = (directions[:, 2] > 0) & (np.hypot(*flat.T) <= self._growing[0][-1])
        return np.where(shown[:, None], self._distorted(np.where(shown[:, None], flat, 0)), np.nan)

    def directions(self, places: np.ndarray) -> np.ndarray:
        """Return the directions that are imaged at places: what ``places`` undoes.

        Args:
            places: N x 2 float64, normalised.

        Returns:
            N x 3 float64; NaN where no direction is imaged.
        """
        if self.is_equidistant:
            angles, radii = self._growing
            radius = np.hypot(*places.T)
            angle = np.interp(radius, radii, angles)
            with np.errstate(all="ignore"):
                unit = np.where(radius[:, None] > 0, places / radius[:, None], 0.0)
            found = np.column_stack([unit * np.sin(angle)[:, None], np.cos(angle)])
            return np.where((radius <= radii[-1])[:, None], found, np.nan)
        # OpenCV's iteration converges where the model grows; what did not is told by the way back.
        near = np.clip(np.nan_to_num(places), -1e3, 1e3)
        flat = cv2.undistortPointsIter(
            np.ascontiguousarray(near[:, None]), np.eye(3), self._array, None, None, _ITERATIONS
        )[:, 0]
        found = np.column_stack([flat, np.ones(len(flat))])
        back = self.places(np.where(np.isfinite(found), found, -1.0))
        with np.errstate(all="ignore"):
            is_undone = np.abs(back - places).max(axis=1) <= _RESIDUAL
        return np.where(is_undone[:, None], found, np.nan)

    @cached_property
    def _array(self) -> np.ndarray:
        return np.array(self.coefficients, np.float64)

    @cached_property
    def _growing(self) -> tuple[np.ndarray, np.ndarray]:
        """Return (angles or their tangents, radii in the image) as far as both grow.

        Beyond, the polynomial turns back, and would image far directions into the middle.
        """
        if self.is_equidistant:
            given = np.linspace(0.0, np.pi, _SAMPLES)
            square = given**2
            radii = given * np.polyval([*reversed(self.coefficients), 1.0], square)
        else:
            k1, k2, _, _, k3, k4, k5, k6 = (*self.coefficients, 0.0, 0.0, 0.0, 0.0)[:8]
            given = np.linspace(0.0, np.tan(_WIDEST), _SAMPLES)
            square = given**2
            below = np.polyval([k6, k5, k4, 1.0], square)
            with np.errstate(all="ignore"):
                radii = given * np.polyval([k3, k2, k1, 1.0], square) / below
            radii[below <= 0] = -1.0
        with np.errstate(invalid="ignore"):
            stops = ~(np.diff(radii) > 0)
        last = int(np.argmax(stops)) if stops.any() else _SAMPLES - 1
        return given[: last + 1], radii[: last + 1]

    def _distorted(self, flat: np.ndarray) -> np.ndarray:
        points = np.column_stack([flat, np.ones(len(flat))])
        nothing = np.zeros(3)
        return cv2.projectPoints(points, nothing, nothing, np.eye(3), self._array)[0][:, 0]
