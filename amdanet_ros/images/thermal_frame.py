"""Frames of thermal cameras that hold two images, one above the other.

InfiRay P2 Pro, Topdon TC001 and others of their kind send YUYV of 256 x 384: 192 rows of video
above 192 rows of 16-bit counts (little-endian), as if these were YUYV too. Kelvin = counts / 64.
Source: https://github.com/LeoDJ/P2Pro-Viewer.
"""

from __future__ import annotations

import sys

import numpy as np

from .encodings import Encoding
from .errors import BadImage

RAW16 = "lower_half_raw16"


def check_frame(layout: str, height: int, encoding: Encoding, name: str) -> None:
    """Refuse frames that a layout does not fit.

    Args:
        layout: of ``THERMAL_FRAMES``.
        height: of the frame, in rows.
        encoding: of the frame.
        name: of the encoding, for the refusal.

    Raises:
        BadImage: the rows do not halve, or the lower half's counts have been lost.
    """
    if layout == "whole":
        return
    if height % 2:
        raise BadImage(
            f"a frame of {height} rows has no two halves of the same size",
            "set the camera to its mode with two images, such as 256 x 384",
        )
    is_kept = encoding.kind == "yuv422" or (encoding.dtype, encoding.channels) == ("u2", 1)
    if layout == RAW16 and not is_kept:
        raise BadImage(
            f"{name} has lost the 16-bit counts of the frame's lower half",
            "set the driver to send the camera's YUYV unconverted (yuv422_yuy2, yuyv or 16UC1)",
        )


def part_of(frame: np.ndarray, layout: str) -> np.ndarray:
    """Return the rows of a frame that a layout names, as a view."""
    half = len(frame) // 2
    if layout == "upper_half":
        return frame[:half]
    return frame[half:] if layout == RAW16 else frame


def counts_of(frame: np.ndarray) -> np.ndarray:
    """Return the counts in the lower half of a frame.

    Args:
        frame: H x w x 2 uint8: the bytes of each pixel, the lower one first.

    Returns:
        H/2 x w uint16.
    """
    counts = np.ascontiguousarray(part_of(frame, RAW16)).view("<u2")[..., 0]
    return counts if sys.byteorder == "little" else counts.astype(np.uint16)
