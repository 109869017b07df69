"""The board that both cameras look at."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property

import numpy as np

PATTERNS = ("checkerboard", "circles", "asymmetric_circles")
LEAST_POINTS, MOST_POINTS = 3, 50
"""In a row or a column."""


class BoardError(ValueError):
    """A board that cannot be; the message is one line with the fix."""


@dataclass(frozen=True)
class Board:
    """A flat pattern of points: corners between squares, or centres of circles.

    Attributes:
        columns: points in a row, 3 to 50.
        rows: rows of points, 3 to 50.
        square: metres: side of a square; distance of neighbouring circles' centres; for asymmetric
            circles half the distance of neighbours in a row.
        pattern: one of `PATTERNS`.
    """

    columns: int
    rows: int
    square: float
    pattern: str = "checkerboard"

    @classmethod
    def of(cls, size: str, square: float, pattern: str = "checkerboard") -> Board:
        """Return a board of a size such as ``8x6``, columns x rows.

        Raises:
            BoardError: another text, too few or too many points.
        """
        found = re.fullmatch(r"\s*([0-9]{1,9})\s*[xX×]\s*([0-9]{1,9})\s*", size, re.ASCII)
        numbers = [int(each) for each in found.groups()] if found else [0]
        if not all(LEAST_POINTS <= each <= MOST_POINTS for each in numbers):
            raise BoardError(
                f"a board of {LEAST_POINTS}x{LEAST_POINTS} to {MOST_POINTS}x{MOST_POINTS} points "
                "is needed, such as 8x6: count the corners where four squares meet (or the "
                "circles) in a row, then in a column"
            )
        return cls(numbers[0], numbers[1], square, pattern)

    @property
    def name(self) -> str:
        """For people: the size and the pattern."""
        return f"{self.columns}x{self.rows} {self.pattern.replace('_', ' ')}"

    @cached_property
    def points(self) -> np.ndarray:
        """Places of the points on the board, N x 3 float32, metres, row by row: x, y and 0."""
        x, y = np.meshgrid(np.arange(self.columns), np.arange(self.rows))
        if self.pattern == "asymmetric_circles":
            x = 2 * x + y % 2
        flat = np.stack([x, y, np.zeros_like(x)], axis=-1).reshape(-1, 3)
        return (flat * self.square).astype(np.float32)

    @cached_property
    def turns(self) -> tuple[np.ndarray, ...]:
        """Orders of the points that a turned board shows as well, each N indices; first its own."""
        return self._symmetries(_TURNS)

    @cached_property
    def mirrored(self) -> np.ndarray | None:
        """An order of the points that a mirrored board shows; None: it would look different."""
        return next(iter(self._symmetries(_MIRRORS)), None)

    def _symmetries(self, matrices: tuple[np.ndarray, ...]) -> tuple[np.ndarray, ...]:
        points = self.points[:, :2].astype(np.float64)
        middle = (points.min(axis=0) + points.max(axis=0)) / 2
        orders = []
        for matrix in matrices:
            moved = (points - middle) @ matrix.T + middle
            distances = np.linalg.norm(points[:, None] - moved[None], axis=2)
            if distances.min(axis=0).max() < 1e-3 * self.square:
                orders.append(distances.argmin(axis=0))
        return tuple(orders)


_TURNS = tuple(np.array(each) for each in (
    [[1, 0], [0, 1]], [[-1, 0], [0, -1]], [[0, -1], [1, 0]], [[0, 1], [-1, 0]],
))  # fmt: skip
_MIRRORS = tuple(np.array(each) for each in (
    [[-1, 0], [0, 1]], [[1, 0], [0, -1]], [[0, 1], [1, 0]], [[0, -1], [-1, 0]],
))  # fmt: skip
