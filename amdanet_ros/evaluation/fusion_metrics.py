"""Metrics of fused images: EN, SD, SF, AG, MI, SCD, VIF, Qabf, SSIM.

All are computed on grey images, 0..255. EN, SD, SF and AG use the fused image only; MI, SCD and VIF
are sums over both sources, SSIM is the mean over them, Qabf weighs them by their edges.
Definitions: Ma, Ma and Li, Information Fusion 45 (2019), Section 4.
"""

from __future__ import annotations

from types import ModuleType

import cv2
import numpy as np
import torch

from ..one_line import one_line
from ..optional_package import is_found, optional_package
from .torchvision_import import import_torchvision

_SSIM_WINDOW = 11

_LUMA = np.array([0.299, 0.587, 0.114])


def grey(image: np.ndarray) -> np.ndarray:
    """Return an H x W x 3 RGB (by BT.601 luma) or H x W image as H x W float64, 0..255."""
    return image @ _LUMA if image.ndim == 3 else image.astype(np.float64)


def fusion_metrics(fused: np.ndarray, rgb: np.ndarray, thermal: np.ndarray) -> dict[str, float]:
    """Return all metrics of a fused image and its sources, each H x W x 3 (RGB) or H x W, 0..255.

    Raises:
        ImportError: torchmetrics is not installed.
    """
    f, a, b = grey(fused), grey(rgb), grey(thermal)
    return {
        "EN": entropy(f),
        "SD": float(f.std()),
        "SF": spatial_frequency(f),
        "AG": average_gradient(f),
        "MI": mutual_information(a, f) + mutual_information(b, f),
        "SCD": sum_of_correlations_of_differences(f, a, b),
        "VIF": visual_information_fidelity(f, a) + visual_information_fidelity(f, b),
        "Qabf": edge_preservation(f, a, b),
        "SSIM": (structural_similarity(f, a) + structural_similarity(f, b)) / 2,
    }


def entropy(image: np.ndarray) -> float:
    """Return the Shannon entropy of 256 grey levels, in bits."""
    counts = np.bincount(_levels(image).ravel(), minlength=256)
    return _bits(counts / counts.sum())


def spatial_frequency(image: np.ndarray) -> float:
    """Return the root of the summed mean squares of row and column differences."""
    rows = np.mean(np.diff(image, axis=1) ** 2)
    columns = np.mean(np.diff(image, axis=0) ** 2)
    return float(np.sqrt(rows + columns))


def average_gradient(image: np.ndarray) -> float:
    """Return the mean of sqrt((dx^2 + dy^2) / 2) of forward differences."""
    dx = np.diff(image, axis=1)[:-1]
    dy = np.diff(image, axis=0)[:, :-1]
    return float(np.sqrt((dx**2 + dy**2) / 2).mean())


def mutual_information(source: np.ndarray, fused: np.ndarray) -> float:
    """Return the mutual information of two images of 256 grey levels, in bits."""
    pairs = _levels(source).astype(np.int64) * 256 + _levels(fused)
    joint = np.bincount(pairs.ravel(), minlength=65536).reshape(256, 256) / source.size
    return _bits(joint.sum(1)) + _bits(joint.sum(0)) - _bits(joint.ravel())


def sum_of_correlations_of_differences(f: np.ndarray, a: np.ndarray, b: np.ndarray) -> float:
    """Return corr(F - B, A) + corr(F - A, B) (Aslantas and Bendes, 2015)."""
    return _correlation(f - b, a) + _correlation(f - a, b)


def structural_similarity(fused: np.ndarray, source: np.ndarray) -> float:
    """Return SSIM (Wang et al., 2004; Gaussian window, sigma 1.5), by torchmetrics.

    The mean over the 11 x 11 windows inside the image, as in the authors' code and other
    libraries; torchmetrics' own mean includes windows over a mirrored border.

    Raises:
        ValueError: the image is smaller than a window.
    """
    if min(fused.shape) < _SSIM_WINDOW:
        raise ValueError(f"SSIM needs {_SSIM_WINDOW} x {_SSIM_WINDOW} pixels, not {fused.shape}")
    similarity = _torchmetrics_image().structural_similarity_index_measure
    _, local = similarity(_batch(fused), _batch(source), data_range=255.0, return_full_image=True)
    border = _SSIM_WINDOW // 2
    height, width = fused.shape
    return float(local[..., border : height - border, border : width - border].mean())


def visual_information_fidelity(fused: np.ndarray, source: np.ndarray) -> float:
    """Return VIF in the pixel domain (Sheikh and Bovik, 2006), by torchmetrics; at least 41 x 41.

    A source without contrast carries no information: 0.
    """
    if source.std() == 0:
        return 0.0
    fidelity = _torchmetrics_image().visual_information_fidelity
    return float(fidelity(_batch(fused), _batch(source)))


def edge_preservation(f: np.ndarray, a: np.ndarray, b: np.ndarray) -> float:
    """Return Qabf: the share of the sources' edges that the fused image keeps, 0..1.

    Xydeas and Petrovic, Objective image fusion performance measure, Electronics Letters 36 (2000).
    """
    edges = [_edges(image) for image in (f, a, b)]
    kept_a, kept_b = (_kept_edges(edges[0], edges[i]) for i in (1, 2))
    weight_a, weight_b = edges[1][0], edges[2][0]
    total = (weight_a + weight_b).sum()
    return float((kept_a * weight_a + kept_b * weight_b).sum() / total) if total > 0 else 0.0


def _edges(image: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return edge strength and orientation (-pi/2..pi/2) by Sobel filters."""
    dx, dy = (
        cv2.Sobel(image, cv2.CV_64F, *order, ksize=3, borderType=cv2.BORDER_REPLICATE)
        for order in ((1, 0), (0, 1))
    )
    with np.errstate(divide="ignore", invalid="ignore"):
        orientation = np.where(dx == 0, np.pi / 2, np.arctan(dy / dx))
    return np.hypot(dx, dy), orientation


def _kept_edges(fused: tuple[np.ndarray, ...], source: tuple[np.ndarray, ...]) -> np.ndarray:
    """Return the kept share of edge strength times that of orientation, for each pixel."""
    low, high = np.minimum(fused[0], source[0]), np.maximum(fused[0], source[0])
    strength = np.divide(low, high, out=np.zeros_like(low), where=high > 0)
    orientation = 1 - np.abs(source[1] - fused[1]) / (np.pi / 2)
    orientation = np.abs(orientation)
    kept_strength = 0.9994 / (1 + np.exp(-15 * (strength - 0.5)))
    kept_orientation = 0.9879 / (1 + np.exp(-22 * (orientation - 0.8)))
    return kept_strength * kept_orientation


def _torchmetrics_image() -> ModuleType:
    """Import the image metrics of torchmetrics, which import torchvision if it is installed."""
    if is_found("torchvision"):
        import_torchvision()
    try:
        return optional_package("torchmetrics.functional.image")
    except ImportError as error:
        raise ImportError(
            f"SSIM and VIF need torchmetrics: pip install torchmetrics ({one_line(error, 200)})"
        ) from error


def _levels(image: np.ndarray) -> np.ndarray:
    return np.clip(np.round(image), 0, 255).astype(np.uint8)


def _bits(probabilities: np.ndarray) -> float:
    positive = probabilities[probabilities > 0]
    return float(-(positive * np.log2(positive)).sum())


def _correlation(first: np.ndarray, second: np.ndarray) -> float:
    first, second = first - first.mean(), second - second.mean()
    norm = np.sqrt((first**2).sum() * (second**2).sum())
    return float((first * second).sum() / norm) if norm > 0 else 0.0


def _batch(image: np.ndarray) -> torch.Tensor:
    return torch.from_numpy(np.ascontiguousarray(image, dtype=np.float64))[None, None]
