"""What adaptive weighting is told in training: which modality was lost."""

from __future__ import annotations

import torch
from torch import Tensor

from amdanet_ros.training.augmentation import PARTLY_LOST, RGB_LOST, THERMAL_LOST

LOST_WORTH = 0.15
"""Share of a lost modality. Not 0: weights of 0.3 and 1.7 ask less of a network that was trained
at 1 and 1 than 0 and 2 do."""


def modality_worth(lost: Tensor) -> Tensor:
    """Codes of ``ModalityDropout``, B, to B x 2: the share of (RGB, thermal) in what is known."""
    worth = torch.full((len(lost), 2), 0.5, device=lost.device)
    worth[lost == RGB_LOST] = worth.new_tensor([LOST_WORTH, 1.0 - LOST_WORTH])
    worth[lost == THERMAL_LOST] = worth.new_tensor([1.0 - LOST_WORTH, LOST_WORTH])
    return worth


def reliability_loss(reliability: Tensor, lost: Tensor) -> Tensor:
    """Cross entropy between the weights, halved, and what each modality is worth.

    A lost modality is worth little, whole ones are worth the same. Samples with a modality that
    is damaged and not lost are left out: how far to go there is for the task's loss to find.

    Args:
        reliability: B x 4 x 2 in (0, 2), see ``AdaptiveAMDANetOutput``.
        lost: B of the codes of ``ModalityDropout``.

    Returns:
        A scalar; log 2 where the weights are all 1. 0 for a batch without a sample that counts.
    """
    worth = modality_worth(lost).to(reliability)
    least = torch.finfo(reliability.dtype).tiny
    entropy = -(worth[:, None] * (0.5 * reliability).clamp(min=least).log()).sum(dim=2).mean(dim=1)
    counted = (lost != PARTLY_LOST).to(entropy.dtype)
    return (entropy * counted).sum() / counted.sum().clamp(min=1)
