"""What a fit of a lens to views of the board gives."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, eq=False)
class LensFit:
    """A lens and the poses of the board that explain the views best.

    Attributes:
        matrix: 3 x 3 float64 camera matrix, pixels.
        distortion: coefficients in OpenCV's order, float64.
        deviations: standard deviations of fx, fy, cx, cy, pixels.
        poses: (rotation, place) of each view: 3 x 3 and 3 float64, metres, from the board's frame
            to the camera's.
        residuals: found minus expected points of each view, N x 2 float64 pixels.
    """

    matrix: np.ndarray
    distortion: np.ndarray
    deviations: np.ndarray
    poses: tuple[tuple[np.ndarray, np.ndarray], ...]
    residuals: tuple[np.ndarray, ...]

    @property
    def errors(self) -> np.ndarray:
        """Reprojection error of each view, pixels: root of the mean square over its points."""
        return np.array([np.sqrt((each**2).sum(axis=1).mean()) for each in self.residuals])

    @property
    def is_finite(self) -> bool:
        """Whether all numbers of lens and errors are finite."""
        numbers = [*self.matrix.ravel(), *self.distortion.ravel(), *self.errors]
        return bool(np.all(np.isfinite(numbers)))
