"""Resizing of values that must not be mixed, such as classes, by nearest neighbour."""

from __future__ import annotations

import numpy as np


def nearest_index(old: int, new: int) -> np.ndarray:
    """Return for each of `new` pixels the old one that contains its centre, int64.

    In steps of 1/65536 like INTER_NEAREST_EXACT of OpenCV 4, so that ties are decided equally.
    """
    step = ((old << 16) + new // 2) // new
    index = (step * np.arange(new, dtype=np.int64) + step // 2 - old % 2) >> 16
    return np.minimum(index, old - 1)


def resize_nearest(values: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """Resize H x W of any dtype to (height, width): each pixel takes the one at its centre.

    OpenCV 5 decides ties otherwise than OpenCV 4: numpy keeps results equal with both, and equal
    to those on a GPU.
    """
    if values.shape == tuple(size):
        return values
    rows, columns = (nearest_index(*sides) for sides in zip(values.shape, size, strict=True))
    return values.take(columns, axis=1).take(rows, axis=0)
