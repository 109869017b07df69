"""The calibration of one camera: focal lengths, optical centre, lens distortion."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence, Set
from dataclasses import dataclass
from types import ModuleType

import cv2
import numpy as np

from . import fisheye_fit, pinhole_fit
from .errors import CalibrationError
from .outliers import worst_outlier
from .views import View

MODELS = (*pinhole_fit.STEPS, *fisheye_fit.STEPS)
"""Of the distortion, by their names in ``CameraInfo``."""
_LEAST_REFITTED = 4
_NOTHING = (
    "the views do not determine the focal length: show the board tilted to all sides, near and far"
)


@dataclass(frozen=True, eq=False)
class Intrinsics:
    """A calibrated camera.

    Attributes:
        size: (height, width) of its images, pixels.
        matrix: 3 x 3 float64 camera matrix, pixels.
        distortion: coefficients in OpenCV's order, 5 or 8 float64, 4 of a fisheye.
        model: one of `MODELS`.
        flags: of OpenCV, by which the coefficients were chosen.
        deviations: standard deviations of fx, fy, cx, cy, pixels.
        views: that were used.
        poses: (rotation, place) of each: 3 x 3 and 3 float64, metres, from the board's frame to the
            camera's.
        errors: reprojection error of each, pixels: root of the mean square over its points.
        residuals: found minus expected points of each, N x 2 float64 pixels.
        dropped: (name, error) of views that do not fit the others.
    """

    size: tuple[int, int]
    matrix: np.ndarray
    distortion: np.ndarray
    model: str
    flags: int
    deviations: np.ndarray
    views: tuple[View, ...]
    poses: tuple[tuple[np.ndarray, np.ndarray], ...]
    errors: np.ndarray
    residuals: tuple[np.ndarray, ...]
    dropped: tuple[tuple[str, float], ...] = ()

    @property
    def error(self) -> float:
        """Reprojection error over all points, pixels."""
        return float(np.sqrt(np.mean(self.errors**2)))

    def undistorted(self, points: np.ndarray) -> np.ndarray:
        """Return N x 2 pixels as a camera of the same matrix without distortion shows them.

        NaN where no such camera could: a fisheye sees beside and behind itself.
        """
        return _models(self.model).undistorted(points, self.matrix, self.distortion)


def calibrate_camera(views: Sequence[View], least: int, model: str = "plumb_bob") -> Intrinsics:
    """Calibrate a camera.

    As many coefficients of the distortion are estimated as the views determine: more only where
    the Bayesian information criterion (Schwarz, 1978) becomes smaller. Views that do not fit the
    others are dropped one after the other.

    Args:
        views: of one camera, images of one size.
        least: views that remain.
        model: one of `MODELS`.

    Raises:
        CalibrationError: the views give no calibration.
    """
    kept, dropped = list(views), []
    found = _best(kept, model)
    while len(kept) > least and (worst := worst_outlier(found.errors)) is not None:
        dropped.append((kept[worst].name, float(found.errors[worst])))
        del kept[worst]
        found = _best(kept, model)
    return Intrinsics(**{**vars(found), "dropped": tuple(dropped)})


def refitted(camera: Intrinsics, left_out: Set[str]) -> Intrinsics | None:
    """Return the calibration with the same coefficients from fewer views; None: too few."""
    views = [view for view in camera.views if view.name not in left_out]
    if len(views) == len(camera.views):
        return camera
    return _fit(views, camera.model, camera.flags) if len(views) >= _LEAST_REFITTED else None


def _best(views: Sequence[View], model: str) -> Intrinsics:
    found = []
    for flags, count in _models(model).STEPS[model]:
        # OpenCV's fisheye diverges with coefficients that the views do not determine.
        with contextlib.suppress(CalibrationError):
            found.append((_fit(views, model, flags), count))
    if not found:
        raise CalibrationError(_NOTHING)
    numbers = 2 * sum(len(view.points) for view in views)
    return min(
        found,
        key=lambda each: (
            numbers * np.log(max(each[0].error, 1e-6) ** 2) + each[1] * np.log(numbers)
        ),
    )[0]


def _fit(views: Sequence[View], model: str, flags: int) -> Intrinsics:
    try:
        found = _models(model).fit(views, model, flags)
    except (cv2.error, np.linalg.LinAlgError) as error:
        raise CalibrationError(_NOTHING) from error
    if not found.is_finite:
        raise CalibrationError(_NOTHING)
    return Intrinsics(
        size=views[0].size,
        matrix=found.matrix,
        distortion=found.distortion,
        model=model,
        flags=flags,
        deviations=found.deviations,
        views=tuple(views),
        poses=found.poses,
        errors=found.errors,
        residuals=found.residuals,
    )


def _models(model: str) -> ModuleType:
    """Return the module that fits lenses of a model."""
    return fisheye_fit if model in fisheye_fit.STEPS else pinhole_fit
