"""The calibration of one camera: focal lengths, optical centre, lens distortion."""

from __future__ import annotations

from collections.abc import Sequence, Set
from dataclasses import dataclass

import cv2
import numpy as np

from .errors import CalibrationError
from .outliers import worst_outlier
from .views import View

MODELS = ("plumb_bob", "rational_polynomial")
_PLAIN = cv2.CALIB_FIX_K2 | cv2.CALIB_FIX_K3 | cv2.CALIB_ZERO_TANGENT_DIST
_STEPS = {
    "plumb_bob": ((_PLAIN, 5), (cv2.CALIB_FIX_K3, 8), (0, 9)),
    "rational_polynomial": ((cv2.CALIB_RATIONAL_MODEL, 12),),
}
"""Flags of growing sets of coefficients, and how many parameters each has: fx, fy, cx, cy too."""
_COUNT = {"plumb_bob": 5, "rational_polynomial": 8}
_PRECISE = (cv2.TERM_CRITERIA_EPS + cv2.TERM_CRITERIA_MAX_ITER, 60, 1e-8)
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
        distortion: coefficients in OpenCV's order, 5 or 8 float64.
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
        """Return N x 2 pixels as a camera of the same matrix without distortion shows them."""
        seen = points.reshape(-1, 1, 2).astype(np.float64)
        criteria = (cv2.TERM_CRITERIA_EPS + cv2.TERM_CRITERIA_MAX_ITER, 60, 1e-9)
        undone = cv2.undistortPointsIter(
            seen, self.matrix, self.distortion, None, self.matrix, criteria
        )
        return undone.reshape(-1, 2)


def calibrate_camera(views: Sequence[View], least: int, model: str = "plumb_bob") -> Intrinsics:
    """Calibrate a camera (Zhang, 2000; OpenCV's ``calibrateCameraExtended``).

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
    found = [(_fit(views, model, flags), count) for flags, count in _STEPS[model]]
    numbers = 2 * sum(len(view.points) for view in views)
    return min(
        found,
        key=lambda each: (
            numbers * np.log(max(each[0].error, 1e-6) ** 2) + each[1] * np.log(numbers)
        ),
    )[0]


def _fit(views: Sequence[View], model: str, flags: int) -> Intrinsics:
    size = views[0].size
    boards = [view.board.points for view in views]
    seen = [view.points.astype(np.float32) for view in views]
    try:
        _, matrix, distortion, turns, places, deviations, _, _ = cv2.calibrateCameraExtended(
            boards, seen, size[::-1], None, None, flags=flags, criteria=_PRECISE
        )
    except cv2.error as error:
        raise CalibrationError(_NOTHING) from error
    residuals = tuple(
        view.points - cv2.projectPoints(board, turn, place, matrix, distortion)[0][:, 0]
        for view, board, turn, place in zip(views, boards, turns, places, strict=True)
    )
    errors = np.array([np.sqrt((each**2).sum(axis=1).mean()) for each in residuals])
    numbers = [*matrix.ravel(), *distortion.ravel(), *errors]
    if not np.all(np.isfinite(numbers)):
        raise CalibrationError(_NOTHING)
    return Intrinsics(
        size=size,
        matrix=matrix,
        distortion=distortion.reshape(-1)[: _COUNT[model]].copy(),
        model=model,
        flags=flags,
        deviations=deviations.reshape(-1)[:4].copy(),
        views=tuple(views),
        poses=tuple(
            (cv2.Rodrigues(turn)[0], place.reshape(3))
            for turn, place in zip(turns, places, strict=True)
        ),
        errors=errors,
        residuals=residuals,
    )
