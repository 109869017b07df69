"""Lenses of OpenCV's pinhole models: polynomials over the tangent of the angle."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

from .lens_fit import LensFit
from .views import View

_PLAIN = cv2.CALIB_FIX_K2 | cv2.CALIB_FIX_K3 | cv2.CALIB_ZERO_TANGENT_DIST
STEPS = {
    "plumb_bob": ((_PLAIN, 5), (cv2.CALIB_FIX_K3, 8), (0, 9)),
    "rational_polynomial": ((cv2.CALIB_RATIONAL_MODEL, 12),),
}
"""Flags of growing sets of coefficients, and how many parameters each has: fx, fy, cx, cy too."""
_COUNT = {"plumb_bob": 5, "rational_polynomial": 8}
_PRECISE = (cv2.TERM_CRITERIA_EPS + cv2.TERM_CRITERIA_MAX_ITER, 60, 1e-8)
_UNDONE = (cv2.TERM_CRITERIA_EPS + cv2.TERM_CRITERIA_MAX_ITER, 60, 1e-9)


def fit(views: Sequence[View], model: str, flags: int) -> LensFit:
    """Fit a lens to views of one camera (Zhang, 2000; OpenCV's ``calibrateCameraExtended``).

    Args:
        views: images of one size.
        model: one of `STEPS`.
        flags: which coefficients are estimated.

    Raises:
        cv2.error: the views determine none.
    """
    boards = [view.board.points for view in views]
    seen = [view.points.astype(np.float32) for view in views]
    _, matrix, distortion, turns, places, deviations, _, _ = cv2.calibrateCameraExtended(
        boards, seen, views[0].size[::-1], None, None, flags=flags, criteria=_PRECISE
    )
    return LensFit(
        matrix=matrix,
        distortion=distortion.reshape(-1)[: _COUNT[model]].copy(),
        deviations=deviations.reshape(-1)[:4].copy(),
        poses=tuple(
            (cv2.Rodrigues(turn)[0], place.reshape(3))
            for turn, place in zip(turns, places, strict=True)
        ),
        residuals=tuple(
            view.points - cv2.projectPoints(board, turn, place, matrix, distortion)[0][:, 0]
            for view, board, turn, place in zip(views, boards, turns, places, strict=True)
        ),
    )


def undistorted(points: np.ndarray, matrix: np.ndarray, distortion: np.ndarray) -> np.ndarray:
    """Return N x 2 pixels as a camera of the same matrix without distortion shows them."""
    seen = points.reshape(-1, 1, 2).astype(np.float64)
    return cv2.undistortPointsIter(seen, matrix, distortion, None, matrix, _UNDONE)[:, 0]
