"""Dice loss of a segmentation, with two rules for pixels without a label."""

from __future__ import annotations

import torch
from torch import Tensor

from ...classes import UNLABELED

RULES = ("ignore", "released")


def dice_loss(logits: Tensor, labels: Tensor, rule: str = "ignore", smooth: float = 1e-5) -> Tensor:
    """Return 1 - Dice coefficient, averaged over classes.

    Sums run over the batch and all pixels, per class; `smooth` is added to both.

    Args:
        logits: B x K x H x W float.
        labels: B x H x W integer class index, 255 = no label.
        rule: "ignore" leaves pixels without a label out; "released" counts them as class 0, as the
            authors' released code does.

    Raises:
        ValueError: an unknown rule.
    """
    if rule not in RULES:
        raise ValueError(f"dice rule {rule!r}: choose one of {', '.join(RULES)}")
    classes = logits.shape[1]
    probabilities = logits.softmax(dim=1)
    ignored = labels == UNLABELED
    index = labels.masked_fill(ignored, 0).long()
    counted = None if rule == "released" else (~ignored).to(probabilities.dtype)
    if counted is not None:
        probabilities = probabilities * counted.unsqueeze(1)
    hit = probabilities.gather(1, index.unsqueeze(1)).squeeze(1)
    flat = index.reshape(-1)
    overlap = _sum_per_class(hit.reshape(-1), flat, classes)
    ones = torch.ones_like(hit) if counted is None else counted
    target = _sum_per_class(ones.reshape(-1), flat, classes)
    predicted = probabilities.sum(dim=(0, 2, 3))
    return (1.0 - (2.0 * overlap + smooth) / (predicted + target + smooth)).mean()


def _sum_per_class(values: Tensor, index: Tensor, classes: int) -> Tensor:
    return torch.zeros(classes, dtype=values.dtype, device=values.device).index_add(
        0, index, values
    )
