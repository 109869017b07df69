"""Both images to the network's input: one size, one geometry, channels first, [0, 1]."""

from __future__ import annotations

import cv2
import numpy as np

from .thermal_normalization import NormalizedThermal

MIN_SIDE = 32
"""The network halves five times: smaller images have no last stage."""


def check_size(size: tuple[int, int], what: str) -> None:
    """Refuse a size (height, width) that the network cannot take.

    Raises:
        ValueError: a side below `MIN_SIDE`.
    """
    if len(size) != 2 or min(size) < MIN_SIDE:
        raise ValueError(
            f"{what} is {' x '.join(str(int(side)) for side in size)} (height x width): "
            f"each side must be at least {MIN_SIDE} pixels"
        )


def check_homography(homography: np.ndarray | None) -> np.ndarray | None:
    """Return a 3 x 3 float64 homography, or None for none or the identity (equal field of view).

    Raises:
        ValueError: not nine finite numbers, or not invertible.
    """
    if homography is None:
        return None
    matrix = np.asarray(homography, dtype=np.float64)
    if matrix.size != 9 or not np.all(np.isfinite(matrix)):
        raise ValueError(
            "thermal.registration must be nine finite numbers, row by row: the homography from "
            f"thermal pixels to RGB pixels; got {matrix.size} of shape {matrix.shape}"
        )
    matrix = matrix.reshape(3, 3)
    if abs(np.linalg.det(matrix)) < 1e-12 or abs(matrix[2, 2]) < 1e-12:
        raise ValueError(f"thermal.registration cannot be inverted: {matrix.tolist()}")
    matrix = matrix / matrix[2, 2]
    return None if np.allclose(matrix, np.eye(3), atol=1e-9) else matrix


def prepare_rgb(rgb: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """Return the RGB image at the size (height, width), uint8, contiguous.

    Shrinking averages over areas, enlarging is bilinear.

    Raises:
        ValueError: not an H x W x 3 uint8 image.
    """
    check_rgb(rgb)
    return np.ascontiguousarray(_resized(rgb, size))


def prepare_thermal(
    thermal: NormalizedThermal,
    rgb_size: tuple[int, int],
    size: tuple[int, int],
    homography: np.ndarray | None = None,
) -> np.ndarray:
    """Return the thermal image in the RGB image's geometry, at the network's input size.

    Args:
        thermal: an h x w image with its bounds.
        rgb_size: (height, width) of the RGB image as it came, whose pixels `homography` means.
        size: (height, width) of the network's input.
        homography: 3 x 3, thermal pixels to RGB pixels; None: both cameras have the same field of
            view, so the image is resized. What the thermal camera does not see becomes 0, as the
            padding that the published networks were trained with.

    Returns:
        height x width float32 in [0, 1].
    """
    normalized = thermal.array()
    if homography is None:
        return np.ascontiguousarray(_resized(normalized, size))
    to_input = input_scaling(rgb_size, size) @ homography
    return cv2.warpPerspective(
        normalized, to_input, (size[1], size[0]), flags=cv2.INTER_LINEAR, borderValue=0.0
    )


def _resized(image: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    height, width = image.shape[:2]
    if (height, width) == tuple(size):
        return image
    shrinks = size[0] <= height and size[1] <= width
    interpolation = cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
    return cv2.resize(image, (size[1], size[0]), interpolation=interpolation)


def input_scaling(old: tuple[int, int], new: tuple[int, int]) -> np.ndarray:
    """Return the 3 x 3 matrix from pixels at one size to pixels at another, centres at integers."""
    sy, sx = new[0] / old[0], new[1] / old[1]
    return np.array([[sx, 0, (sx - 1) / 2], [0, sy, (sy - 1) / 2], [0, 0, 1]], dtype=np.float64)


def check_rgb(rgb: np.ndarray) -> None:
    """Refuse what is not an RGB image.

    Raises:
        ValueError: not an H x W x 3 array of uint8, or empty.
    """
    if not isinstance(rgb, np.ndarray) or rgb.ndim != 3 or rgb.shape[2] != 3:
        shape = getattr(rgb, "shape", type(rgb).__name__)
        raise ValueError(f"the RGB image must be a height x width x 3 array, not {shape}")
    if rgb.dtype != np.uint8:
        raise ValueError(f"the RGB image must be uint8 (0 to 255), not {rgb.dtype}")
    if rgb.size == 0:
        raise ValueError(f"the RGB image is empty: its size is {rgb.shape[:2]}")
