"""One camera in the other's place: its image is used for the one that has stopped."""

from __future__ import annotations

import cv2
import numpy as np

from ..inference.input_images import check_rgb, prepare_thermal
from ..inference.thermal_normalization import NormalizedThermal
from ..registration import PixelMap


def thermal_from_rgb(rgb: np.ndarray) -> NormalizedThermal:
    """Return the grey of an H x W x 3 uint8 RGB image, H x W: it lies in RGB pixels.

    Raises:
        ValueError: not an RGB image.
    """
    check_rgb(rgb)
    return NormalizedThermal(cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY), (0.0, 255.0))


def rgb_from_thermal(
    thermal: NormalizedThermal,
    rgb_size: tuple[int, int],
    homography: np.ndarray | None = None,
    pixel_map: PixelMap | None = None,
) -> np.ndarray:
    """Return a thermal image as a grey RGB image of the RGB camera.

    Args:
        thermal: an h x w image with its bounds.
        rgb_size: (height, width) of the RGB camera's images.
        homography: 3 x 3, thermal pixels to RGB pixels; None: equal field of view.
        pixel_map: instead of a homography.

    Returns:
        H x W x 3 uint8, R = G = B.
    """
    registered = prepare_thermal(thermal, rgb_size, rgb_size, homography, pixel_map)
    grey = cv2.convertScaleAbs(registered, alpha=255.0)
    return cv2.merge((grey, grey, grey))
