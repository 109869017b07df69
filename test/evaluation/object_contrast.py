"""Contrast of objects with their surroundings, in an image of any kind."""

from __future__ import annotations

from collections.abc import Iterator

import cv2
import numpy as np

_MARGIN = 2
"""Pixels between object and ring that are not used, because cameras blur."""


def object_masks(labels: np.ndarray, label: int, least_pixels: int = 60) -> Iterator[np.ndarray]:
    """Yield a mask, H x W bool, of each connected region of a class.

    Args:
        labels: H x W uint8 class index.
        label: of the class.
        least_pixels: smaller regions are left out.
    """
    count, regions = cv2.connectedComponents((labels == label).astype(np.uint8), connectivity=8)
    for region in range(1, count):
        mask = regions == region
        if mask.sum() >= least_pixels:
            yield mask


def object_contrast(image: np.ndarray, mask: np.ndarray, width: int = 6) -> float:
    """Return |mean inside - mean of a ring around|, in the image's unit.

    An image of three channels gives the largest difference of its channels.

    Args:
        image: H x W or H x W x 3.
        mask: H x W bool, the object.
        width: of the ring, pixels.

    Returns:
        The difference; NaN for an object without surroundings.
    """
    inside = mask.astype(np.uint8)
    inner, outer = (_grown(inside, by) for by in (_MARGIN, _MARGIN + width))
    core = cv2.erode(inside, np.ones((3, 3), np.uint8)).astype(bool)
    core = core if core.any() else mask
    ring = (outer > 0) & (inner == 0)
    if not ring.any():
        return float("nan")
    values = image.astype(np.float64)
    return float(np.max(np.abs(values[core].mean(axis=0) - values[ring].mean(axis=0))))


def detail(image: np.ndarray, mask: np.ndarray) -> float:
    """Return the largest standard deviation of a channel inside an object.

    The border of the object is left out, because it is blurred with the surroundings.

    Args:
        image: H x W or H x W x 3.
        mask: H x W bool, the object.
    """
    core = cv2.erode(mask.astype(np.uint8), np.ones((5, 5), np.uint8)).astype(bool)
    core = core if core.sum() >= 9 else mask
    return float(np.max(image.astype(np.float64)[core].std(axis=0)))


def _grown(mask: np.ndarray, by: int) -> np.ndarray:
    side = 2 * by + 1
    return cv2.dilate(mask, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side)))
