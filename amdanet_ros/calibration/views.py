"""Views of the board: what one image tells, and which of many are used."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import cv2
import numpy as np

from .board import Board


@dataclass(frozen=True, eq=False)
class View:
    """The board in one image.

    Attributes:
        name: of the image, or of its pair.
        points: N x 2 float64 pixels in the order of ``board.points``.
        board: whose points they are.
        size: (height, width) of the image.
    """

    name: str
    points: np.ndarray
    board: Board
    size: tuple[int, int]

    @property
    def middle(self) -> np.ndarray:
        """Middle of the board in shares of the image's width and height, 2 float64."""
        return self.points.mean(axis=0) / self.size[::-1]

    @property
    def scale(self) -> float:
        """Pixels for a metre of the board where it is not foreshortened: focal length / depth."""
        return float(self._stretches[0])

    @property
    def tilt(self) -> float:
        """Angle between board and image plane as its foreshortening shows it, 0 to pi / 2."""
        longer, shorter = self._stretches
        return float(np.arccos(np.clip(shorter / longer, 0.0, 1.0)))

    @property
    def lean(self) -> np.ndarray:
        """Tilt and its direction: sin(tilt) times (cos, sin) of twice the direction, 2 float64."""
        _, _, vectors = np.linalg.svd(self._slope.T)
        angle = 2.0 * np.arctan2(vectors[1, 1], vectors[1, 0])
        return np.sin(self.tilt) * np.array([np.cos(angle), np.sin(angle)])

    @cached_property
    def _stretches(self) -> np.ndarray:
        return np.linalg.svd(self._slope, compute_uv=False)

    @cached_property
    def _slope(self) -> np.ndarray:
        """Return how pixels change with metres at the middle of the board, 2 x 2 (dx/dX ...)."""
        flat = self.board.points[:, :2].astype(np.float64)
        middle = flat.mean(axis=0)
        homography, _ = cv2.findHomography(flat - middle, self.points)
        h = homography / homography[2, 2]
        place = h[:2, 2]
        return h[:2, :2] - np.outer(place, h[2, :2])


def chosen(views: Sequence[View], most: int) -> list[int]:
    """Return which views to use: few, spread over the image, distances and tilts.

    Farthest-point sampling (Gonzalez, 1985) of place, size and lean; the first is the one farthest
    from the mean.

    Args:
        views: of one camera.
        most: at most so many.

    Returns:
        Ascending indices.
    """
    return farthest(np.array([appearance(view) for view in views]), most)


def farthest(places: np.ndarray, most: int) -> list[int]:
    """Return ascending indices of at most ``most`` of N x D places that lie far from each other."""
    if len(places) <= most:
        return list(range(len(places)))
    taken = [int(np.linalg.norm(places - places.mean(axis=0), axis=1).argmax())]
    nearest = np.linalg.norm(places - places[taken[0]], axis=1)
    while len(taken) < most:
        taken.append(int(nearest.argmax()))
        nearest = np.minimum(nearest, np.linalg.norm(places - places[taken[-1]], axis=1))
    return sorted(taken)


def appearance(view: View) -> np.ndarray:
    """Return place, size and lean of a view, 5 float64 of comparable weight."""
    return np.array([*view.middle, 0.5 * np.log(view.scale), *view.lean])
