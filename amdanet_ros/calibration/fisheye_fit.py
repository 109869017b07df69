"""Lenses of OpenCV's fisheye model: a polynomial over the angle (Kannala and Brandt, 2006)."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

from .lens_fit import LensFit
from .views import View

_EACH = (
    cv2.fisheye.CALIB_FIX_K1,
    cv2.fisheye.CALIB_FIX_K2,
    cv2.fisheye.CALIB_FIX_K3,
    cv2.fisheye.CALIB_FIX_K4,
)
STEPS = {"equidistant": tuple((sum(_EACH[count:]), 4 + count) for count in (0, 1, 2, 4))}
"""Flags of growing sets of coefficients, and how many parameters each has: fx, fy, cx, cy too."""
_ALWAYS = cv2.fisheye.CALIB_RECOMPUTE_EXTRINSIC | cv2.fisheye.CALIB_FIX_SKEW
_PRECISE = (cv2.TERM_CRITERIA_EPS + cv2.TERM_CRITERIA_MAX_ITER, 100, 1e-8)
_LENS, _POSE = slice(0, 8), slice(8, 14)
"""Columns of OpenCV's derivatives: fx, fy, cx, cy, k1 to k4; rotation and place."""
_NOT_SEEN = -1e5


def fit(views: Sequence[View], model: str, flags: int) -> LensFit:
    """Fit a lens to views of one camera (OpenCV's ``fisheye.calibrate``).

    Args:
        views: images of one size.
        model: "equidistant".
        flags: which coefficients are estimated.

    Raises:
        cv2.error: the views determine none.
    """
    boards = [view.board.points.reshape(-1, 1, 3).astype(np.float64) for view in views]
    seen = [view.points.reshape(-1, 1, 2).astype(np.float64) for view in views]
    matrix, distortion = np.eye(3), np.zeros((4, 1))
    _, matrix, distortion, turns, places = cv2.fisheye.calibrate(
        boards, seen, views[0].size[::-1], matrix, distortion, flags=_ALWAYS | flags,
        criteria=_PRECISE,
    )  # fmt: skip
    projected = [
        cv2.fisheye.projectPoints(board, turn, place, matrix, distortion)
        for board, turn, place in zip(boards, turns, places, strict=True)
    ]
    residuals = [
        view.points - points[:, 0] for view, (points, _) in zip(views, projected, strict=True)
    ]
    derivatives = [each for _, each in projected]
    return LensFit(
        matrix=matrix,
        distortion=distortion.reshape(-1),
        deviations=_deviations(derivatives, residuals, flags),
        poses=tuple(
            (cv2.Rodrigues(turn)[0], place.reshape(3))
            for turn, place in zip(turns, places, strict=True)
        ),
        residuals=tuple(residuals),
    )


def undistorted(points: np.ndarray, matrix: np.ndarray, distortion: np.ndarray) -> np.ndarray:
    """Return N x 2 pixels as a camera of the same matrix without distortion shows them.

    NaN where such a camera cannot show the point: 90 degrees or more from the optical axis.
    """
    seen = points.reshape(-1, 1, 2).astype(np.float64)
    undone = cv2.fisheye.undistortPoints(seen, matrix, distortion, None, matrix)[:, 0]
    return np.where((undone > _NOT_SEEN).all(axis=1, keepdims=True), undone, np.nan)


def _deviations(
    derivatives: Sequence[np.ndarray], residuals: Sequence[np.ndarray], flags: int
) -> np.ndarray:
    """Return the standard deviations of fx, fy, cx, cy, which OpenCV does not give here.

    From the normal equations at the solution: the unknown pose of each view is eliminated (Schur
    complement), what remains is the information about the lens.
    """
    free = [0, 1, 2, 3, *(4 + i for i, fixed in enumerate(_EACH) if not flags & fixed)]
    information = np.zeros((len(free), len(free)))
    for each in derivatives:
        lens, pose = each[:, _LENS][:, free], each[:, _POSE]
        explained = pose @ np.linalg.lstsq(pose, lens, rcond=None)[0]
        information += lens.T @ (lens - explained)
    squares = sum(float((each**2).sum()) for each in residuals)
    numbers = sum(each.size for each in residuals)
    variance = squares / max(1, numbers - len(free) - 6 * len(residuals))
    return np.sqrt(np.abs(np.diag(variance * np.linalg.pinv(information))[:4]))
