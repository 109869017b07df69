"""Class indices and thermal values as colours."""

from __future__ import annotations

import cv2
import numpy as np

from ..images.missing_pixels import missing_pixels


def colorize_labels(labels: np.ndarray, palette: np.ndarray) -> np.ndarray:
    """Return an image, H x W x 3 uint8 RGB, in which each pixel has the colour of its class.

    Args:
        labels: H x W uint8 class index; 255 (unlabelled) and indices beyond the palette are black.
        palette: K x 3 uint8 RGB.

    Raises:
        ValueError: another shape or type.
    """
    check_labels(labels)
    if palette.ndim != 2 or palette.shape[1] != 3 or not 0 < len(palette) <= 255:
        raise ValueError(f"a palette is K x 3 with 1 <= K <= 255, not {palette.shape}")
    table = np.zeros((256, 1, 3), np.uint8)
    table[: len(palette), 0] = palette
    return cv2.applyColorMap(labels, table)


def colorize_thermal(thermal: np.ndarray) -> np.ndarray:
    """Return a thermal image in false colours, from black over red to yellow-white (inferno).

    It is h x w uint8, uint16 or float, in any unit, stretched between the 1st and the 99th
    percentile of its measurements.

    Returns:
        h x w x 3 uint8 RGB; what is no measurement (see `images.missing_pixels`) is black.

    Raises:
        ValueError: not an h x w array.
    """
    if thermal.ndim != 2:
        raise ValueError(f"a thermal image is height x width, not {thermal.shape}")
    missing = missing_pixels(thermal)
    if missing is None:
        missing = np.zeros(thermal.shape, bool)
    elif missing.all():
        return np.zeros((*thermal.shape, 3), np.uint8)
    values = np.where(missing, np.float32(0), thermal).astype(np.float32)
    low, high = np.percentile(values[~missing][:: max(1, values.size // 50_000)], (1, 99))
    scaled = (values - low) * (255.0 / max(float(high - low), 1e-6))
    grey = np.where(missing, 0, np.clip(scaled, 0, 255)).astype(np.uint8)
    return cv2.cvtColor(cv2.applyColorMap(grey, cv2.COLORMAP_INFERNO), cv2.COLOR_BGR2RGB)


def check_labels(labels: np.ndarray) -> None:
    """Raise a ValueError for what is not H x W uint8."""
    if labels.ndim != 2 or labels.dtype != np.uint8:
        raise ValueError(
            f"labels are height x width uint8, not {labels.dtype} of shape {labels.shape}"
        )
