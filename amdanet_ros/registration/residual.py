"""How far a registration is off: measured from images that it has put in place."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence

import numpy as np

from .estimation import RegistrationRefusedError, judged, refined
from .homography import transform_points
from .steps import Steps

UNIT = 640
"""Shifts are in pixels of an RGB image of this width."""

_PLACES = np.array([[0.25, 0.25], [0.75, 0.25], [0.75, 0.75], [0.25, 0.75]])
_LARGEST_UNCERTAINTY = 3.0
_AGREEING = 3
_MOVED, _SETTLED = 6.0, 3.0
_SPREAD = 3.0


def residual_shifts(
    rgb: Sequence[np.ndarray], registered: Sequence[np.ndarray], seen: np.ndarray
) -> Steps[np.ndarray | None]:
    """Measure how thermal images lie over RGB images, as `estimate_homography` matches them.

    Args:
        rgb: N grey images H x W float32, some 320 pixels wide.
        registered: the thermal images at the same pixels, H x W float32.
        seen: H x W bool, where all of them show something.

    Returns:
        4 x 2: how far (x, y) the thermal images should move at four places around the middle, in
        pixels of an image `UNIT` wide. None: the scene does not tell.
    """
    found = yield from refined(rgb, registered, np.eye(3), seen)
    if found is None:
        return None
    size = rgb[0].shape
    try:
        registration = yield from judged(found, len(rgb), size, size, _LARGEST_UNCERTAINTY)
    except RegistrationRefusedError:
        return None
    places = _PLACES * (np.array(size[::-1]) - 1.0)
    shifts = transform_points(registration.homography, places) - places
    return shifts * (UNIT / size[1])


class DriftMonitor:
    """Decides from several measurements whether the cameras have moved against each other.

    They have when the last three measurements agree on a shift of 6 pixels or more (of an image
    `UNIT` wide), and have not any more when three lie below 3 pixels.

    Attributes:
        moved: pixels by which the thermal image is off; None: the cameras have not moved.
        latest: pixels, of the last measurement; None: there is none.
    """

    def __init__(self) -> None:
        self.moved: float | None = None
        self.latest: float | None = None
        self._recent: deque[np.ndarray] = deque(maxlen=_AGREEING)

    def add(self, shifts: np.ndarray) -> None:
        """Take a measurement of `residual_shifts`."""
        self._recent.append(shifts)
        self.latest = _mean_length(shifts)
        if len(self._recent) < _AGREEING:
            return
        middle = np.mean(self._recent, axis=0)
        lengths = [_mean_length(each) for each in self._recent]
        do_agree = all(_mean_length(each - middle) <= _SPREAD for each in self._recent)
        if min(lengths) >= _MOVED and do_agree:
            self.moved = _mean_length(middle)
        elif max(lengths) < _SETTLED:
            self.moved = None


def _mean_length(shifts: np.ndarray) -> float:
    return float(np.mean(np.hypot(*shifts.T)))
