"""Black areas of a thermal image: what a camera measures, or what nobody sees."""

from __future__ import annotations

import cv2
import numpy as np

from ..images.missing_pixels import edge_areas, has_specks

_LEAST_SHARE = 2e-3
"""A smaller share of the image is no area."""

_REMEMBERED = 512
"""Frames for which an area counts as measured after it had noise."""


class BlackAreas:
    """Tells the black that a driver put around a picture from black that the camera measures.

    Both are 0 in images of unsigned integers, and both begin at the image's edge. Of what is
    measured some pixels are above 0: the dark sky of a camera that stretches its contrast is 0 and
    1 by turns. What was so once is so for a while, whatever one frame looks like.
    """

    def __init__(self) -> None:
        self._frames_left = 0

    def unseen(self, thermal: np.ndarray) -> np.ndarray | None:
        """Return where a frame shows nothing, h x w bool; None: nowhere.

        Args:
            thermal: h x w uint8 or uint16.
        """
        if self._frames_left:
            self._frames_left -= 1
            return None
        seen = cv2.countNonZero(thermal)
        if seen > (1.0 - _LEAST_SHARE) * thermal.size or not seen or min(thermal.shape) < 3:
            return None
        areas = edge_areas(thermal == 0)
        if not areas.any():
            return None
        if has_specks(areas):
            self._frames_left = _REMEMBERED
            return None
        return areas

    def reset(self) -> None:
        """Forget the frames."""
        self._frames_left = 0
