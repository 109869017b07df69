"""From the network's output to images at the RGB image's size."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np

if TYPE_CHECKING:  # what has no network need not wait for torch
    import torch


def labels_of(logits: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Return the class of each pixel, H x W uint8, and its logit, 1 x H x W, of 1 x K x H x W."""
    # max(1) gives both, and is several times faster than argmax(1) on the CPU.
    best, index = logits.max(1)
    return index[0].byte(), best


def confidence_of(logits: torch.Tensor, best: torch.Tensor) -> torch.Tensor:
    """Return the softmax of the chosen class, H x W float32: 1 / sum of exp(logit - best)."""
    return (logits - best.unsqueeze(1)).exp_().sum(1).reciprocal_()[0]


def stretched(fused: torch.Tensor) -> torch.Tensor:
    """Stretch a fused image from its minimum to its maximum, over all channels, to 0..1.

    So the released scripts write single images. A video so stretched flickers.
    """
    low, high = fused.aminmax()
    return (fused - low) / (high - low).clamp_min(1e-6)


def eight_bits(fused: torch.Tensor) -> torch.Tensor:
    """Return 3 x H x W in [0, 1] as H x W x 3 uint8."""
    image = (fused * 255.0 + 0.5).clamp_(0, 255).byte()
    return image.permute(1, 2, 0).contiguous()


def check_share(name: str, value: float) -> None:
    """Raise a ValueError for what is not between 0 and 1, such as NaN."""
    if not 0.0 <= value <= 1.0:
        raise ValueError(f"{name} is {value}: it must lie between 0 and 1")


def mask_of(labels: np.ndarray, confidence: np.ndarray | None, threshold: float) -> np.ndarray:
    """Return the labels, H x W uint8, with 255 (unlabelled) where confidence is below threshold.

    Raises:
        ValueError: a threshold that is not a share.
    """
    check_share("the confidence threshold", threshold)
    if threshold <= 0.0:
        return labels
    unsure = cv2.compare(confidence, float(threshold), cv2.CMP_LT)
    return cv2.bitwise_or(labels, unsure)  # 255 where unsure, which is `classes.UNLABELED`


def resize_smooth(image: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """Resize an image or a confidence map to (height, width), bilinear (areas when shrinking)."""
    shrinks = size[0] <= image.shape[0] and size[1] <= image.shape[1]
    return _resize(image, size, cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR)


def _resize(image: np.ndarray, size: tuple[int, int], interpolation: int) -> np.ndarray:
    if image.shape[:2] == tuple(size):
        return image
    return cv2.resize(image, (size[1], size[0]), interpolation=interpolation)
