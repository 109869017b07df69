"""An image that shows the quality of a registration.

Tiles of RGB and warped thermal alternate; edges must continue across tile borders.
"""

from __future__ import annotations

import cv2
import numpy as np

from .colorize import colorize_thermal


def checkerboard(
    rgb: np.ndarray, thermal: np.ndarray, homography: np.ndarray, tiles: int = 8
) -> np.ndarray:
    """Draw RGB, H x W x 3 uint8, and registered thermal, h x w of any type, in alternating tiles.

    Args:
        homography: 3 x 3, thermal pixel -> RGB pixel.
        tiles: number across the image's width.

    Returns:
        H x W x 3 uint8; thermal tiles are black outside the thermal image.
    """
    height, width = rgb.shape[:2]
    warped = cv2.warpPerspective(colorize_thermal(thermal), homography, (width, height))
    side = max(8, width // tiles)
    odd = (np.arange(height)[:, None] // side + np.arange(width)[None, :] // side) % 2 == 1
    return np.where(odd[..., None], warped, rgb)
