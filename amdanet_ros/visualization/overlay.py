"""An overlay: the classes' colours blended with an image."""

from __future__ import annotations

import cv2
import numpy as np

from .colorize import check_labels, colorize_labels


def overlay(
    image: np.ndarray, labels: np.ndarray, palette: np.ndarray, alpha: float = 0.5
) -> np.ndarray:
    """Blend an image with its classes' colours.

    Pixels without a class (255, or beyond the palette) and classes whose colour is black (the
    background of the published data sets) leave the image as it is.

    Args:
        image: H x W x 3 uint8 RGB, such as the fused image.
        labels: H x W uint8 class index.
        palette: K x 3 uint8 RGB.
        alpha: weight of the colours, 0 to 1.

    Returns:
        H x W x 3 uint8 RGB, a new array.

    Raises:
        ValueError: shapes that do not match, or alpha out of its range.
    """
    check_labels(labels)
    if image.shape != (*labels.shape, 3) or image.dtype != np.uint8:
        raise ValueError(
            f"the image must be uint8 of shape {(*labels.shape, 3)} as the labels are, "
            f"not {image.dtype} of shape {image.shape}"
        )
    if not 0.0 <= alpha <= 1.0:
        raise ValueError(f"overlay_alpha is {alpha}: it must lie between 0 and 1")
    colors = colorize_labels(labels, palette)
    blended = cv2.addWeighted(image, 1.0 - alpha, colors, alpha, 0.0)
    clear = np.ones(256, np.uint8)
    clear[: len(palette)] = ~np.any(palette, axis=1)
    if clear.all():
        return image.copy()
    cv2.copyTo(image, cv2.LUT(labels, clear), blended)
    return blended
