"""A small description of a pair, by which the difference of two pairs is measured."""

from __future__ import annotations

import cv2
import numpy as np

CELLS = (9, 12)
"""Rows and columns of the grid over each image: what lies where."""

_LEAST_DEVIATION = 8.0
"""Of a grid's cells, in levels of 255: below it there is noise, which must not be magnified."""


def appearance(rgb: np.ndarray, thermal: np.ndarray) -> np.ndarray:
    """Return what a pair looks like: the layout of both images, brightness and colour.

    Two images of one standing camera differ by some hundredths, two places by about 1.

    Args:
        rgb: H x W x 3 uint8.
        thermal: h x w of any number type; not finite values count as the mean.

    Returns:
        D float32; distances are Euclidean.
    """
    small = _cells(rgb.astype(np.float32, copy=False) if rgb.dtype != np.uint8 else rgb)
    grey = small @ np.array((0.299, 0.587, 0.114), np.float32)
    heat = thermal.astype(np.float32)
    finite = np.isfinite(heat)
    if not finite.all():
        heat = np.where(finite, heat, heat[finite].mean() if finite.any() else 0.0)
    low, high = np.percentile(heat[::4, ::4], (1, 99)) if heat.size > 64 else (0.0, 1.0)
    heat = _cells(np.clip((heat - low) * (255.0 / max(high - low, 1e-6)), 0, 255))
    light = small.reshape(-1, 3).mean(axis=0) / 255.0
    return np.concatenate([_layout(grey), _layout(heat), 2.0 * light]).astype(np.float32)


def _cells(image: np.ndarray) -> np.ndarray:
    return cv2.resize(image, CELLS[::-1], interpolation=cv2.INTER_AREA).astype(np.float32)


def _layout(cells: np.ndarray) -> np.ndarray:
    """Return the cells about their mean, at most of length 0.7."""
    centred = cells.reshape(-1) - cells.mean()
    deviation = max(float(centred.std()), _LEAST_DEVIATION)
    return 0.7 * centred / (deviation * np.sqrt(centred.size))
