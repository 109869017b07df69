"""Matching of small windows of the RGB image with the thermal image, certainty by direction."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np

from .block_correlation import BlockCorrelation
from .orientation_field import orientation_field
from .steps import Steps

_LOWEST_PEAK = 0.06
_LOWEST_LEAD = 0.015
_FULL_LEAD = 0.08
_CENTRE_PULL = 0.03


@dataclass(frozen=True)
class WindowMatches:
    """Shifts found by windows.

    Attributes:
        points: N x 2, window centres in the RGB image (x, y), pixels.
        shifts: N x 2, how far the warped thermal image must move there, pixels.
        confidence: N, 0 to 1: height of the correlation's peak times its lead over the next one.
        precision: N x 2 x 2, symmetric, largest eigenvalue 1: how sharp the peak is in each
            direction.
            A window with one straight edge determines only the shift across the edge.
    """

    points: np.ndarray
    shifts: np.ndarray
    confidence: np.ndarray
    precision: np.ndarray

    def __len__(self) -> int:
        return len(self.points)

    def chosen(self, which: np.ndarray) -> WindowMatches:
        """Return the matches of an index or mask."""
        return WindowMatches(
            self.points[which], self.shifts[which], self.confidence[which], self.precision[which]
        )

    def scaled(self, factor: float) -> WindowMatches:
        """Return the same matches in an image that is ``factor`` times as large."""
        return replace(self, points=self.points * factor, shifts=self.shifts * factor)


@dataclass(frozen=True)
class Search:
    """How windows are matched.

    Attributes:
        reach: largest shift, pixels; less than half a window.
        window: side of a window, pixels.
        sigma: smoothing of the gradients, pixels.
    """

    reach: int
    window: int
    sigma: float = 1.0


def match_windows(
    rgb: Sequence[np.ndarray],
    thermal: Sequence[np.ndarray],
    homography: np.ndarray,
    search: Search,
    shown: np.ndarray | None = None,
) -> Steps[WindowMatches]:
    """Correlate the orientation fields window by window, summed over all frames.

    Args:
        rgb, thermal: grey float32 images, those of a camera in one size.
        homography: 3 x 3, thermal pixel -> RGB pixel, accurate to about ``reach`` pixels.
        search: how.
        shown: bool, where the thermal images show something; None: all over.

    Returns:
        The matches, step by step.
    """
    height, width = rgb[0].shape
    reach, window, sigma = search.reach, search.window, search.sigma
    whole = np.ones(thermal[0].shape, np.uint8) if shown is None else shown.astype(np.uint8)
    seen = cv2.warpPerspective(whole, homography, (width, height))
    fixed, moving = [], []
    valid = seen.astype(bool)
    for rgb_image, thermal_image in zip(rgb, thermal, strict=True):
        warped = cv2.warpPerspective(
            thermal_image, homography, (width, height), borderMode=cv2.BORDER_REPLICATE
        )
        fixed.append(orientation_field(rgb_image, None, sigma)[0])
        field, valid = orientation_field(warped, seen.astype(bool), sigma)
        moving.append(field)
        yield
    half = window // 2
    correlation = BlockCorrelation(fixed, moving, reach, half)
    found = []
    for y in range(half, height - half + 1, max(4, half)):
        for x in range(half, width - half + 1, max(4, half)):
            if valid[y - half : y + half, x - half : x + half].mean() < 0.7:
                continue
            top, bottom = max(0, y - half - reach), min(height, y + half + reach)
            left, right = max(0, x - half - reach), min(width, x + half + reach)
            # At the image's border the window is smaller, so that it can move in all directions.
            if min(bottom - top, right - left) < 2 * reach + half:
                continue
            surface = correlation.over_shifts(
                (top + reach, y, bottom - reach), (left + reach, x, right - reach)
            )
            peak = _peak(surface, reach)
            if peak is not None:
                middle = ((left + right - 1) / 2, (top + bottom - 1) / 2)
                found.append((middle, *peak))
            yield
    if not found:
        return WindowMatches(np.zeros((0, 2)), np.zeros((0, 2)), np.zeros(0), np.zeros((0, 2, 2)))
    points, shifts, confidence, precision = (np.array(part) for part in zip(*found, strict=True))
    return WindowMatches(points, shifts, confidence, precision)


def _peak(surface: np.ndarray, reach: int) -> tuple[tuple[float, float], float, np.ndarray] | None:
    """Shift, confidence and precision of the peak.

    None if it lies on the border, is low or has a second peak.
    """
    offsets = np.arange(-reach, reach + 1) / reach
    # Along a straight edge all positions are equal: take the one nearest to the window.
    centred = surface - _CENTRE_PULL * (offsets[:, None] ** 2 + offsets[None, :] ** 2)
    y, x = np.unravel_index(np.argmax(centred), surface.shape)
    if not (0 < y < 2 * reach and 0 < x < 2 * reach):
        return None
    near = surface[y - 1 : y + 2, x - 1 : x + 2].astype(np.float64)
    bend_x = near[1, 0] - 2 * near[1, 1] + near[1, 2]
    bend_y = near[0, 1] - 2 * near[1, 1] + near[2, 1]
    bend_xy = 0.25 * (near[0, 0] + near[2, 2] - near[0, 2] - near[2, 0])
    values, vectors = np.linalg.eigh(-np.array([[bend_x, bend_xy], [bend_xy, bend_y]]))
    sharpest = values[1]
    if sharpest <= 1e-5:
        return None
    values = np.maximum(values / sharpest, 0.0)
    precision = (vectors * values) @ vectors.T
    lead = _lead(surface, y, x, vectors[:, 1], values[0])
    if surface[y, x] < _LOWEST_PEAK or lead < _LOWEST_LEAD:
        return None
    slope = 0.5 * np.array([near[1, 2] - near[1, 0], near[2, 1] - near[0, 1]])
    step = vectors @ ((vectors.T @ slope) / np.maximum(values * sharpest, 1e-4))
    step = np.clip(step, -0.5, 0.5)
    # The best position of the RGB window in the warped image differs by the remaining shift.
    shift = (reach - (x + float(step[0])), reach - (y + float(step[1])))
    confidence = float(surface[y, x]) * min(1.0, lead / _FULL_LEAD)
    return shift, confidence, precision


def _lead(surface: np.ndarray, y: int, x: int, across: np.ndarray, flatness: float) -> float:
    """Return the height of the peak above everything outside its own hill or ridge."""
    rows, columns = np.mgrid[: surface.shape[0], : surface.shape[1]]
    distance = np.abs((columns - x) * across[0] + (rows - y) * across[1])
    if flatness > 0.25:
        distance = np.hypot(columns - x, rows - y)
    rivals = surface[distance > max(3.0, surface.shape[0] / 6)]
    return float(surface[y, x] - rivals.max()) if rivals.size else 0.0
