"""What the reliabilities are told in training: which modality to rely on less."""

from __future__ import annotations

import torch
from torch import Tensor

from ..augmentation import (
    RGB_HARMED,
    RGB_LOST,
    THERMAL_HARMED,
    THERMAL_LOST,
)

SURE = 8.0
"""Evidence that leaves the weaker camera half a percent of its own (see ``weights_of``)."""


def evidence_against(lost: Tensor) -> Tensor:
    """Codes of ``ModalityDropout``, B, to the evidence B that replaces what is lost or harmed.

    Positive for RGB, where thermal is worse than it was; 0 where neither camera is, or both are.
    """
    evidence = torch.zeros(len(lost), device=lost.device)
    evidence[(lost == RGB_LOST) | (lost == RGB_HARMED)] = -SURE
    evidence[(lost == THERMAL_LOST) | (lost == THERMAL_HARMED)] = SURE
    return evidence


def reliability_loss(evidence: Tensor, wanted: Tensor) -> Tensor:
    """Mean square of what evidence lacks; more than is wanted, on the right side, lacks nothing.

    Args:
        evidence: B, positive for RGB.
        wanted: B, 0 for weights of 1.

    Returns:
        A scalar.
    """
    lacking = wanted - evidence
    enough = (wanted != 0) & (wanted.sign() * lacking < 0)
    return lacking.masked_fill(enough, 0.0).square().mean()
