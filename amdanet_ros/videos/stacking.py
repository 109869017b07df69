"""Frames that hold the images of both cameras, one above or beside the other."""

from __future__ import annotations

import numpy as np


def parts_of(frame: np.ndarray, stacking: str) -> dict[str, np.ndarray]:
    """Return the two halves of a frame as views, "rgb" and "thermal".

    The middle row or column of an odd number belongs to neither.

    Args:
        frame: H x W or H x W x C.
        stacking: of ``stacking_names.STACKINGS``.

    Raises:
        ValueError: the frame is too small to be halved.
    """
    axis = 0 if stacking.startswith("vertical") else 1
    half = frame.shape[axis] // 2
    if not half:
        raise ValueError("the frame has no two halves")
    first, second = (
        (frame[:half], frame[-half:]) if axis == 0 else (frame[:, :half], frame[:, -half:])
    )
    names = ("thermal", "rgb") if stacking.endswith("thermal_first") else ("rgb", "thermal")
    return dict(zip(names, (first, second), strict=True))
