"""Orientation fields: position and direction of the edges that RGB and thermal have in common.

Brightness and temperature agree in neither value nor sign, but the outline of a person, a car or a
roof is an edge in both. The double-angle gradient field keeps the direction of an edge and drops
its sign: a gradient ``g e^(i a)`` becomes ``w(g) e^(2 i a)``, the same for dark-to-bright and for
bright-to-dark.
"""

from __future__ import annotations

import cv2
import numpy as np

from ..images.missing_pixels import missing_pixels


def grey(image: np.ndarray) -> np.ndarray:
    """Return H x W x 3 RGB or H x W thermal as H x W float32.

    What is no measurement (see `images.missing_pixels`) is the median: it has no edges within.
    """
    if image.ndim == 3:
        return cv2.cvtColor(np.ascontiguousarray(image), cv2.COLOR_RGB2GRAY).astype(np.float32)
    bad = missing_pixels(image)
    if bad is None:
        return image.astype(np.float32)
    middle = np.median(image[~bad]) if not bad.all() else 0.0
    return np.where(bad, np.float32(middle), image).astype(np.float32)


def orientation_field(
    image: np.ndarray, valid: np.ndarray | None = None, sigma: float = 1.0
) -> tuple[np.ndarray, np.ndarray]:
    """Double-angle gradient field of a grey image.

    Args:
        image: H x W float32.
        valid: H x W bool, False outside a warped frame; None: all is valid.
        sigma: smoothing before the derivative, pixels.

    Returns:
        (field, valid): H x W complex64 with magnitudes in [0, 1), mean zero over the valid part
        and zero outside; H x W bool, the valid part without its border.
    """
    smooth = cv2.GaussianBlur(image, (0, 0), sigma)
    across, down = (cv2.Scharr(smooth, cv2.CV_32F, *axes) for axes in ((1, 0), (0, 1)))
    rim = int(np.ceil(3 * sigma)) + 1
    inner = np.ones(image.shape, np.uint8) if valid is None else valid.astype(np.uint8)
    inner = cv2.copyMakeBorder(inner, 1, 1, 1, 1, cv2.BORDER_CONSTANT, value=0)
    inner = cv2.erode(inner, np.ones((2 * rim + 1, 2 * rim + 1), np.uint8))[1:-1, 1:-1].astype(bool)
    magnitude = cv2.magnitude(across, down)
    if not inner.any() or magnitude[inner].max() <= 0:
        return np.zeros(image.shape, np.complex64), inner
    # Strong edges count equally, and weak ones count if no stronger one is near: a hot engine
    # must not dominate the scene.
    floor = np.percentile(magnitude[inner], 60) + 1e-6 * float(magnitude[inner].max())
    side = max(9, image.shape[1] // 12) | 1
    soft = np.maximum(1.5 * cv2.blur(magnitude, (side, side)), floor)
    # g^2 / |g|^2, twice the angle, times the weight |g|^2 / (|g|^2 + soft^2).
    whole = magnitude**2 + soft**2
    field = np.empty(image.shape, np.complex64)
    field.real, field.imag = (across**2 - down**2) / whole, 2 * across * down / whole
    # Most edges in streets are vertical or horizontal; their mean would favour alignments with
    # full overlap.
    field -= field[inner].mean()
    field[~inner] = 0
    return field, inner
