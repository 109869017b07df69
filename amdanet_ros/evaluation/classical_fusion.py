"""Three classical fusions to compare a network with: mean, maximum, Laplacian pyramid.

Each decides the luminance; the colours are RGB's, as of the network with `luminance_mixing`.
"""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np

from .fusion_metrics import grey

LEVELS = 4

_CB, _CR = np.array([-0.1687, -0.3313, 0.5]), np.array([0.5, -0.4187, -0.0813])


def mean_fusion(luma: np.ndarray, thermal: np.ndarray) -> np.ndarray:
    """Return the mean of both."""
    return (luma + thermal) / 2


def maximum_fusion(luma: np.ndarray, thermal: np.ndarray) -> np.ndarray:
    """Return the brighter one of each pixel."""
    return np.maximum(luma, thermal)


def pyramid_fusion(luma: np.ndarray, thermal: np.ndarray) -> np.ndarray:
    """Return the sum of the stronger details of each level and the mean of what is left.

    Burt and Adelson, The Laplacian pyramid as a compact image code, 1983; as a fusion: Burt and
    Kolczynski, ICCV 1993, without their match measure.
    """
    first, second = _pyramid(luma), _pyramid(thermal)
    fused = (first[-1] + second[-1]) / 2
    for one, other in zip(first[-2::-1], second[-2::-1], strict=True):
        detail = np.where(np.abs(one) >= np.abs(other), one, other)
        fused = cv2.pyrUp(fused, dstsize=detail.shape[::-1]) + detail
    return fused


CLASSICAL: dict[str, Callable[[np.ndarray, np.ndarray], np.ndarray]] = {
    "mean": mean_fusion,
    "maximum": maximum_fusion,
    "Laplacian pyramid": pyramid_fusion,
}
"""By name; each takes luminance and thermal, H x W float64 of 0..255."""


def fused_by(method: str, rgb: np.ndarray, thermal: np.ndarray) -> np.ndarray:
    """Return a classical fusion in RGB's colours, H x W x 3 uint8.

    Args:
        method: a name of `CLASSICAL`.
        rgb: H x W x 3 uint8.
        thermal: H x W, 0..255.
    """
    luma = grey(rgb)
    fused = CLASSICAL[method](luma, thermal.astype(np.float64))
    return np.clip(np.rint(rgb + (fused - luma)[..., None]), 0, 255).astype(np.uint8)


def chroma_error(fused: np.ndarray, rgb: np.ndarray) -> float:
    """Return the mean difference of Cb and Cr (BT.601), in levels of 255.

    Args:
        fused, rgb: H x W x 3, 0..255.
    """
    difference = fused.astype(np.float64) - rgb
    return float((np.abs(difference @ _CB) + np.abs(difference @ _CR)).mean() / 2)


def _pyramid(image: np.ndarray) -> list[np.ndarray]:
    """Return `LEVELS` images of detail, the finest first, and what is left."""
    levels, rest = [], image
    for _ in range(LEVELS):
        smaller = cv2.pyrDown(rest)
        levels.append(rest - cv2.pyrUp(smaller, dstsize=rest.shape[::-1]))
        rest = smaller
    return [*levels, rest]
