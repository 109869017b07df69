"""Where the two cameras stand to each other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import compress

import cv2
import numpy as np

from .errors import CalibrationError
from .intrinsics import Intrinsics, refitted
from .outliers import worst_outlier
from .turns import matched_turns
from .views import View

_PRECISE = (cv2.TERM_CRITERIA_EPS + cv2.TERM_CRITERIA_MAX_ITER, 50, 1e-7)
_GROUPS = 5
"""Of views, each left out once for the standard deviations."""
_LEAST_PART = 3
"""Pairs without a group."""
_WIDEST = np.radians(70.0)
"""From an optical axis: what a fisheye sees farther out is far away in an image without distortion,
and its noise with it."""


@dataclass(frozen=True, eq=False)
class Extrinsics:
    """A point X of the thermal camera's optical frame is ``rotation @ X + translation`` of RGB's.

    Attributes:
        rotation: 3 x 3 float64.
        translation: 3 float64, metres.
        rotation_deviation: standard deviation of the rotation, radians.
        translation_deviation: standard deviation of the translation, metres, 3 float64.
        names: of the pairs of views that were used.
        errors: of each pair, pixels: root of the mean square over the points of both cameras.
        dropped: (name, error) of pairs that do not fit the others.
    """

    rotation: np.ndarray
    translation: np.ndarray
    rotation_deviation: float
    translation_deviation: np.ndarray
    names: tuple[str, ...]
    errors: np.ndarray
    dropped: tuple[tuple[str, float], ...] = ()

    @property
    def error(self) -> float:
        """Reprojection error over all points of both cameras, pixels."""
        return float(np.sqrt(np.mean(self.errors**2)))


def calibrate_pair(
    pairs: Sequence[tuple[View, View]], rgb: Intrinsics, thermal: Intrinsics, least: int
) -> Extrinsics:
    """Find where the cameras stand (OpenCV's ``stereoCalibrateExtended``, intrinsics fixed).

    Each camera may see the board turned: the turn is taken with which all pairs agree. Pairs
    that do not fit the others, because the board moved between the images, are dropped. Pairs at
    the edge of a fisheye's view are not used.

    Args:
        pairs: (RGB view, thermal view) of the same moments.
        rgb, thermal: the calibrated cameras.
        least: pairs that remain.

    Raises:
        CalibrationError: the pairs do not agree on anything.
    """
    both = [(rgb.undistorted(a.points), thermal.undistorted(b.points)) for a, b in pairs]
    central = [
        _reach(a, rgb.matrix) <= _WIDEST and _reach(b, thermal.matrix) <= _WIDEST for a, b in both
    ]
    pairs, flat = list(compress(pairs, central)), list(compress(both, central))
    if len(pairs) < least:
        raise CalibrationError(
            f"both cameras see the board within {np.degrees(_WIDEST):.0f} degrees of their optical "
            f"axes in {len(pairs)} pairs, and at least {least} are needed: hold it nearer to the "
            "middle of what both see"
        )
    turns = matched_turns(flat, pairs[0][0].board, rgb.matrix, thermal.matrix)
    kept = [
        (a, View(b.name, b.points[turn], b.board, b.size))
        for (a, b), turn in zip(pairs, turns, strict=True)
    ]
    dropped: list[tuple[str, float]] = []
    rotation, translation, errors = _fit(kept, rgb, thermal)
    while len(kept) > least and (worst := worst_outlier(errors)) is not None:
        dropped.append((kept[worst][0].name, float(errors[worst])))
        del kept[worst]
        rotation, translation, errors = _fit(kept, rgb, thermal)
    spread = _deviations(kept, rgb, thermal, rotation, translation)
    names = tuple(pair[0].name for pair in kept)
    return Extrinsics(rotation, translation, *spread, names, errors, tuple(dropped))


def _reach(flat: np.ndarray, matrix: np.ndarray) -> float:
    """Return the largest angle from the optical axis of N x 2 pixels without distortion, radians.

    Infinite where one is not in such an image.
    """
    places = (flat - matrix[:2, 2]) / np.diag(matrix)[:2]
    angle = float(np.arctan(np.hypot(*places.T).max()))
    return angle if np.isfinite(angle) else np.inf


def _fit(
    pairs: Sequence[tuple[View, View]], rgb: Intrinsics, thermal: Intrinsics
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return rotation, translation and the error of each pair."""
    none = np.zeros(5)
    try:
        found = cv2.stereoCalibrateExtended(
            [pair[0].board.points for pair in pairs],
            [thermal.undistorted(pair[1].points).astype(np.float32) for pair in pairs],
            [rgb.undistorted(pair[0].points).astype(np.float32) for pair in pairs],
            thermal.matrix, none, rgb.matrix, none, thermal.size[::-1], np.eye(3), np.zeros(3),
            flags=cv2.CALIB_FIX_INTRINSIC, criteria=_PRECISE,
        )  # fmt: skip
    except cv2.error as error:
        raise CalibrationError(_DISAGREE) from error
    rotation, translation, errors = found[5], found[6].reshape(3), found[-1]
    if not (np.isfinite(rotation).all() and np.isfinite(translation).all()):
        raise CalibrationError(_DISAGREE)
    return rotation, translation, np.sqrt((np.asarray(errors) ** 2).mean(axis=1))


_DISAGREE = (
    "the views of the two cameras do not fit each other: hold the board still in each place, and "
    "check that both cameras are stamped by one clock"
)


def _deviations(
    pairs: Sequence[tuple[View, View]],
    rgb: Intrinsics,
    thermal: Intrinsics,
    rotation: np.ndarray,
    translation: np.ndarray,
) -> tuple[float, np.ndarray]:
    """Return the standard deviations of rotation and translation (delete-a-group jackknife).

    The lenses are calibrated without each group too: an error of theirs moves the cameras.
    """
    cameras = rgb, thermal
    names = sorted({view.name for camera in cameras for view in camera.views})
    names += [pair[0].name for pair in pairs if pair[0].name not in names]
    turns, shifts = [], []
    for group in range(_GROUPS):
        left_out = set(names[group::_GROUPS])
        without = [refitted(camera, left_out) for camera in cameras]
        part = [pair for pair in pairs if pair[0].name not in left_out]
        if len(part) < _LEAST_PART or None in without:
            continue
        turn, shift, _ = _fit(part, *without)
        turns.append(cv2.Rodrigues(turn @ rotation.T)[0].reshape(3))
        shifts.append(shift - translation)
    if len(turns) < 2:
        return float("nan"), np.full(3, np.nan)
    factor = (len(turns) - 1) / len(turns)
    turn = np.sqrt(factor * np.sum((np.array(turns) - np.mean(turns, axis=0)) ** 2))
    shift = np.sqrt(factor * np.sum((np.array(shifts) - np.mean(shifts, axis=0)) ** 2, axis=0))
    return float(turn), shift
