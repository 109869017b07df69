"""Both images to the network's input: one size, one geometry, channels first, [0, 1]."""

from __future__ import annotations

import math

import cv2
import numpy as np

from .. import registration
from ..registration import PixelMap, resize_homography
from ..registration.pixel_map import warped
from .output_images import resize_smooth
from .thermal_normalization import NormalizedThermal

MIN_SIDE = 32
"""The network halves five times: smaller images have no last stage."""

LARGEST_SIDE = 16_384
"""The longest side at which the network is asked to run."""

MIN_THERMAL_SIDE = 4
"""The smallest thermal sensors have 4 rows; one or two pixels are no image."""

MAX_SIDE = 32_766
"""OpenCV warps no image with a longer side."""


def check_size(size: tuple[int, int], what: str) -> None:
    """Raise a ValueError for a size (height, width) with a side below `MIN_SIDE`."""
    if len(size) != 2 or min(size) < MIN_SIDE:
        raise ValueError(
            f"{what} is {' x '.join(str(int(side)) for side in size)} (height x width): "
            f"each side must be at least {MIN_SIDE} pixels"
        )


def check_homography(homography: np.ndarray | None) -> np.ndarray | None:
    """Return a 3 x 3 float64 homography, or None for none or the identity (equal field of view).

    Raises:
        ValueError: see `registration.check_homography`.
    """
    if homography is None:
        return None
    matrix = registration.check_homography(homography)
    return None if np.allclose(matrix, np.eye(3), atol=1e-9) else matrix


def prepare_thermal(
    thermal: NormalizedThermal,
    rgb_size: tuple[int, int],
    size: tuple[int, int],
    homography: np.ndarray | None = None,
    pixel_map: PixelMap | None = None,
) -> np.ndarray:
    """Return the thermal image in the RGB image's geometry, height x width float32 in [0, 1].

    Args:
        thermal: an h x w image with its bounds.
        rgb_size: (height, width) of the RGB image as it came, whose pixels `homography` means.
        size: (height, width) of the network's input.
        homography: 3 x 3, thermal pixels to RGB pixels; None: both cameras have the same field of
            view, so the image is resized. What the thermal camera does not see becomes 0, as the
            padding that the published networks were trained with.
        pixel_map: instead of a homography; what it places nowhere becomes 0 too.
    """
    normalized = thermal.array()
    if pixel_map is not None:
        return warped(normalized, pixel_map.at(size))
    if homography is None:
        return np.ascontiguousarray(resize_smooth(normalized, size))
    to_input = resize_homography(rgb_size, size) @ homography
    return cv2.warpPerspective(
        normalized, to_input, (size[1], size[0]), flags=cv2.INTER_LINEAR, borderValue=0.0
    )


def check_rgb(rgb: np.ndarray) -> None:
    """Raise a ValueError for what is not an H x W x 3 array of uint8, or is empty."""
    if not isinstance(rgb, np.ndarray) or rgb.ndim != 3 or rgb.shape[2] != 3:
        shape = getattr(rgb, "shape", type(rgb).__name__)
        raise ValueError(f"the RGB image must be a height x width x 3 array, not {shape}")
    if rgb.dtype != np.uint8:
        raise ValueError(f"the RGB image must be uint8 (0 to 255), not {rgb.dtype}")
    if rgb.size == 0:
        raise ValueError(f"the RGB image is empty: its size is {rgb.shape[:2]}")


def check_sides(stream: str, size: tuple[int, int]) -> None:
    """Raise a ValueError for an image, "rgb" or "thermal", of a size that cannot be resized."""
    name, least = ("RGB", 1) if stream == "rgb" else ("thermal", MIN_THERMAL_SIDE)
    if min(size) < least or max(size) > MAX_SIDE:
        raise ValueError(
            f"the {name} image has {size[1]} x {size[0]} pixels: each side must have {least} to "
            f"{MAX_SIDE} pixels"
        )


def bounded_size(size: tuple[int, int], most_megapixels: float | None) -> tuple[int, int]:
    """Return at which size (height, width) an image of a size is computed.

    It is the image's own, or the largest one of the same aspect with at most so many megapixels;
    no side becomes shorter than `MIN_SIDE`.
    """
    return size if most_megapixels is None else reduced_size(size, most_megapixels * 1e6)


def reduced_size(size: tuple[int, int], most: float) -> tuple[int, int]:
    """Return a size (height, width) or the largest one of its aspect with at most so many pixels.

    No side becomes shorter than `MIN_SIDE`.
    """
    if size[0] * size[1] <= most:
        return size
    factor = math.sqrt(most / (size[0] * size[1]))
    short = max(MIN_SIDE, math.floor(min(size) * factor))
    long = max(MIN_SIDE, min(math.floor(max(size) * factor), int(most / short)))
    return (short, long) if size[0] <= size[1] else (long, short)
