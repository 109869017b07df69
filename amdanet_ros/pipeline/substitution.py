"""One camera alone: its picture stands in for the other's, which has stopped."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import cv2
import numpy as np

from ..inference.input_images import check_rgb, prepare_thermal
from ..inference.predictor import Predictor
from ..inference.thermal_normalization import ThermalNormalizer


def thermal_from_rgb(rgb: np.ndarray) -> np.ndarray:
    """Return the grey of an H x W x 3 uint8 RGB picture, H x W uint8: it lies in RGB pixels.

    Raises:
        ValueError: not an RGB picture.
    """
    check_rgb(rgb)
    return cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY)


def rgb_from_thermal(
    thermal: np.ndarray,
    normalizer: ThermalNormalizer,
    rgb_size: tuple[int, int],
    homography: np.ndarray | None = None,
) -> np.ndarray:
    """Return a thermal picture as a grey RGB picture of the RGB camera.

    Args:
        thermal: h x w uint8, uint16 or float, as the camera gave it.
        normalizer: makes it float in [0, 1].
        rgb_size: (height, width) of the RGB camera's pictures.
        homography: 3 x 3, thermal pixels to RGB pixels; None: equal field of view.

    Returns:
        H x W x 3 uint8, R = G = B.

    Raises:
        ValueError: not a thermal picture.
    """
    registered = prepare_thermal(thermal, normalizer, rgb_size, rgb_size, homography)
    grey = cv2.convertScaleAbs(registered, alpha=255.0)
    return cv2.merge((grey, grey, grey))


@contextmanager
def registered_pictures(predictor: Predictor) -> Iterator[None]:
    """While it lasts, the predictor takes 8-bit thermal pictures that lie in RGB pixels already."""
    normalizer, homography = predictor.thermal, predictor.homography
    predictor.thermal, predictor.homography = ThermalNormalizer("none"), None
    try:
        yield
    finally:
        predictor.thermal, predictor.homography = normalizer, homography
