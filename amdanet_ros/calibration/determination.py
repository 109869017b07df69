"""Whether views determine a calibration, and what to do where they do not."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from .extrinsics import Extrinsics
from .intrinsics import Intrinsics

LEAST_VIEWS = 6
"""Of each camera, and of both together."""
_LEAST_TILT = np.radians(15.0)
_LEAST_TILTED = 3
_LEAST_DEPTHS = 1.2
"""The largest distance of the board over the least one."""
_LARGEST_MARGIN, _LARGE_MARGIN = 0.3, 0.2
"""Share of the image beside the outermost points that may not, and should not, be without any."""
_LARGEST_DEVIATION = 0.02
"""Of the focal lengths, as a share; of the optical centre, as a share of the image's width."""
_LARGEST_ERROR = 1.0
"""Reprojection error, pixels of an image 640 wide."""
_SIDES = ("left", "upper", "right", "lower")


def lacks(camera: Intrinsics) -> list[str]:
    """Return what the views of a camera lack: clauses of a sentence, each with what to do."""
    found = []
    tilts = [np.arccos(min(1.0, abs(turn[2, 2]))) for turn, _ in camera.poses]
    if sum(tilt >= _LEAST_TILT for tilt in tilts) < _LEAST_TILTED:
        found.append(
            "the board is parallel to the image plane in nearly all views (largest tilt "
            f"{np.degrees(max(tilts)):.0f} degrees): tilt it by 20 to 45 degrees to all sides"
        )
    depths = _depths(camera)
    if depths.max() < _LEAST_DEPTHS * depths.min():
        found.append(
            f"all views are from one distance ({depths.min():.2f} to {depths.max():.2f} m): show "
            "the board nearer and farther too"
        )
    bare = bare_sides(camera, _LARGEST_MARGIN)
    if bare:
        found.append(
            f"no view has the board in the {_joined(bare)} part of the image: move it there (the "
            "other camera need not see it then)"
        )
    focal = camera.deviations[:2] / np.diag(camera.matrix)[:2]
    centre = camera.deviations[2:] / camera.size[1]
    if not max(*focal, *centre) <= _LARGEST_DEVIATION and not found:
        found.append(
            f"its focal length is uncertain by {100 * max(focal):.1f} %, its centre by "
            f"{max(camera.deviations[2:]):.1f} pixels: show the board larger, tilted more, and in "
            "more places"
        )
    largest = _error_limit(camera.size)
    if not camera.error <= largest and not found:
        found.append(
            f"the points miss the calibration by {camera.error:.2f} pixels (at most "
            f"{largest:.2f}): hold the board still, see that it is flat, and that --board and "
            "--pattern are right"
        )
    return found


def lacks_of_pair(pair: Extrinsics, rgb: Intrinsics, thermal: Intrinsics) -> list[str]:
    """Return what the views of both cameras together lack, as `lacks` does."""
    largest = max(_error_limit(rgb.size), _error_limit(thermal.size))
    if not pair.error <= largest:
        return [
            f"the views of both cameras miss each other by {pair.error:.2f} pixels (at most "
            f"{largest:.2f}): hold the board still in each place, and check --thermal-offset"
        ]
    if not pair.rotation_deviation <= _LARGEST_DEVIATION:
        return [
            "the rotation between the cameras is uncertain by "
            f"{np.degrees(pair.rotation_deviation):.1f} degrees: show the board to both in more "
            "places, nearer and tilted more"
        ]
    return []


def remarks(camera: Intrinsics) -> list[str]:
    """Return what would make the calibration of a camera better: clauses of a sentence."""
    bare = bare_sides(camera, _LARGE_MARGIN)
    if not bare:
        return []
    return [
        f"no view has the board in the outer {_joined(bare)} part of the image: the distortion is "
        "a guess there"
    ]


def bare_sides(camera: Intrinsics, margin: float) -> list[str]:
    """Return which sides of the image have no point within a share of its width or height."""
    points = np.concatenate([view.points for view in camera.views]) / camera.size[::-1]
    gaps = [*points.min(axis=0), *(1.0 - points.max(axis=0))]
    return [side for side, gap in zip(_SIDES, gaps, strict=True) if gap > margin]


def _depths(camera: Intrinsics) -> np.ndarray:
    """Return the distance of the board's middle from the camera in each view, metres."""
    middle = camera.views[0].board.points.mean(axis=0)
    return np.array([float((turn @ middle + place)[2]) for turn, place in camera.poses])


def _error_limit(size: tuple[int, int]) -> float:
    return _LARGEST_ERROR * float(np.clip(max(size) / 640.0, 0.5, 3.0))


def _joined(words: Sequence[str]) -> str:
    return ", ".join(words[:-1]) + " and " + words[-1] if len(words) > 1 else words[0]
