"""An image that shows the quality of a registration.

Tiles of RGB and warped thermal alternate; edges must continue across tile borders.
"""

from __future__ import annotations

import cv2
import numpy as np

from .orientation_field import grey


def checkerboard(
    rgb: np.ndarray, thermal: np.ndarray, homography: np.ndarray, tiles: int = 8
) -> np.ndarray:
    """Draw RGB and registered thermal in alternating tiles.

    Args:
        rgb: H x W x 3 uint8.
        thermal: h x w of any numeric type.
        homography: 3 x 3, thermal pixel -> RGB pixel.
        tiles: number across the image's width.

    Returns:
        H x W x 3 uint8; thermal tiles are black outside the thermal image.
    """
    height, width = rgb.shape[:2]
    values = grey(thermal)
    low, high = np.percentile(values, (1, 99))
    scaled = np.clip((values - low) / max(float(high - low), 1e-6), 0, 1)
    colored = cv2.applyColorMap((255 * scaled).astype(np.uint8), cv2.COLORMAP_INFERNO)[..., ::-1]
    warped = cv2.warpPerspective(np.ascontiguousarray(colored), homography, (width, height))
    side = max(8, width // tiles)
    odd = (np.arange(height)[:, None] // side + np.arange(width)[None, :] // side) % 2 == 1
    return np.where(odd[..., None], warped, rgb)
