"""Correlation of many overlapping windows: each block that windows share is correlated once."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import cv2
import numpy as np

from .spectrum import inverse, spectrum

Span = tuple[int, int]
"""First row or column and the one after the last."""


class BlockCorrelation:
    """Normalised correlation of complex fields over all shifts, all frames summed.

    A window's correlation is the sum of those of its blocks. Windows that are half a window apart
    have each block in common with three others.
    """

    def __init__(
        self, fixed: Sequence[np.ndarray], moving: Sequence[np.ndarray], reach: int, block: int
    ) -> None:
        """Take the fields.

        Args:
            fixed, moving: N fields, H x W complex64.
            reach: largest shift, pixels.
            block: longest side of a block, pixels.
        """
        self._fixed, self._moving, self._reach = fixed, moving, reach
        side = cv2.getOptimalDFTSize(block + 2 * reach)
        self._size = (side, side)
        self._energies = [
            cv2.integral(sum(_energy(field) for field in fields), sdepth=cv2.CV_64F)
            for fields in (fixed, moving)
        ]
        self._known: dict[tuple[Span, Span], np.ndarray] = {}

    def over_shifts(self, rows: Sequence[int], columns: Sequence[int]) -> np.ndarray:
        """Correlate a window of ``fixed`` with ``moving`` at every shift.

        Args:
            rows, columns: where the window begins, is cut into blocks and ends; ``reach`` pixels
                within the image.

        Returns:
            (2 reach + 1) x (2 reach + 1), float64: [y, x] is for the shift (y - reach, x - reach).
        """
        cross = sum(
            self._block(vertical, horizontal)
            for vertical in pairwise(rows)
            for horizontal in pairwise(columns)
        )
        whole = (rows[0], rows[-1]), (columns[0], columns[-1])
        own, others = self._energy_over_shifts(*whole)
        return cross / np.sqrt(np.maximum(others, 1e-3) * max(own, 1e-3))

    def _block(self, rows: Span, columns: Span) -> np.ndarray:
        if (rows, columns) not in self._known:
            reach = self._reach
            inner = slice(*rows), slice(*columns)
            outer = (
                slice(rows[0] - reach, rows[1] + reach),
                slice(columns[0] - reach, columns[1] + reach),
            )
            cross: np.ndarray | float = 0.0
            for fixed, moving in zip(self._fixed, self._moving, strict=True):
                template = spectrum(fixed[inner], self._size)
                cross = cross + np.conj(template) * spectrum(moving[outer], self._size)
            shifts = slice(2 * reach + 1)
            self._known[rows, columns] = inverse(cross)[shifts, shifts]
        return self._known[rows, columns]

    def _energy_over_shifts(self, rows: Span, columns: Span) -> tuple[float, np.ndarray]:
        """Return the window's energy and that of the moving fields under it at every shift."""
        fixed, moving = self._energies
        (top, bottom), (left, right) = rows, columns
        own = fixed[bottom, right] - fixed[top, right] - fixed[bottom, left] + fixed[top, left]
        above, below, before, after = (
            slice(place - self._reach, place + self._reach + 1)
            for place in (top, bottom, left, right)
        )
        others = moving[below, after] - moving[above, after]
        return float(own), others - moving[below, before] + moving[above, before]


def _energy(field: np.ndarray) -> np.ndarray:
    return field.real**2 + field.imag**2
