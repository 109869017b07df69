"""Losses for labels that say of some pixels only what they are not (label 254, `NONE_OF`).

Cross entropy of a set of possible classes: -log of the sum of their probabilities (Cour, Sapp and
Taskar, Learning from Partial Labels, JMLR 2011; as -log of the sum: Jin and Ghahramani, Learning
with Multiple Labels, NIPS 2002). A pixel with one possible class gives the plain cross entropy.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor

from ...classes import NONE_OF, UNLABELED


def partial_cross_entropy(
    logits: Tensor, labels: Tensor, absent: Sequence[int], weights: Tensor | None = None
) -> Tensor:
    """Return the mean over all pixels that a label says something of; 0 where there are none.

    Args:
        logits: B x K x H x W float.
        labels: B x H x W integer: a class index, 255 = nothing known, 254 = one of the classes
            that are not `absent`.
        absent: class indices that label 254 excludes.
        weights: B x H x W of the pixels with a class index; None: 1. The sum is divided by the
            number of pixels, so that more weight for some is not less for the others.
    """
    none_of = labels == NONE_OF
    exact = labels.masked_fill(none_of, UNLABELED).long()
    each = F.cross_entropy(logits, exact, ignore_index=UNLABELED, reduction="none")
    summed = (each if weights is None else each * weights).sum()
    possible = _possible(logits.shape[1], absent)
    every = logits.logsumexp(dim=1)[none_of]
    allowed = logits[:, possible].logsumexp(dim=1)[none_of]
    known = (labels != UNLABELED).sum().clamp(min=1)
    return (summed + (every - allowed).sum()) / known


def partial_dice_loss(
    logits: Tensor, labels: Tensor, absent: Sequence[int], smooth: float = 1e-5
) -> Tensor:
    """Return 1 - Dice coefficient, averaged over the classes that the batch says something of.

    Sums run per class over the pixels where it is known whether they are of that class: those
    with a class index, and for an `absent` class those with label 254 too.

    Args:
        logits, labels, absent: as for `partial_cross_entropy`.
        smooth: added to numerator and denominator.

    Returns:
        A scalar in 0..1; 0 for a batch without any label.
    """
    classes = logits.shape[1]
    probabilities = logits.softmax(dim=1)
    exact = (labels != UNLABELED) & (labels != NONE_OF)
    known = exact.unsqueeze(1).expand(-1, classes, -1, -1).clone()
    known[:, list(absent)] |= (labels == NONE_OF).unsqueeze(1)
    probabilities = probabilities * known
    target = F.one_hot(labels.masked_fill(~exact, 0).long(), classes).permute(0, 3, 1, 2)
    target = target * exact.unsqueeze(1)
    overlap = (probabilities * target).sum(dim=(0, 2, 3))
    dice = (2.0 * overlap + smooth) / (
        probabilities.sum(dim=(0, 2, 3)) + target.sum(dim=(0, 2, 3)) + smooth
    )
    counted = known.flatten(2).any(dim=2).any(dim=0)
    return ((1.0 - dice) * counted).sum() / counted.sum().clamp(min=1)


def completed(logits: Tensor, labels: Tensor, absent: Sequence[int]) -> Tensor:
    """Return B x H x W labels in which 254 has become the likeliest class that is possible.

    For losses that need one class a pixel: what is not an object then counts as none.

    Args:
        logits, labels, absent: as for `partial_cross_entropy`.
    """
    possible = logits.detach().clone()
    possible[:, list(absent)] = -torch.inf
    return torch.where(labels == NONE_OF, possible.argmax(dim=1).to(labels.dtype), labels)


def _possible(classes: int, absent: Sequence[int]) -> list[int]:
    possible = [index for index in range(classes) if index not in set(absent)]
    if not possible:
        raise ValueError(f"label {NONE_OF} excludes all {classes} classes: none is left to be")
    return possible
