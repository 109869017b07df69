"""Target and loss of the reliabilities: which camera to rely on less."""

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
"""Evidence at which the weaker camera keeps 0.5 % of its own features (see ``weights_of``)."""


def evidence_against(lost: Tensor) -> Tensor:
    """Values of "lost", B, to the evidence that replaces the lost or harmed camera, B.

    Positive (for RGB) if thermal is damaged; 0 if neither camera is, or both are.
    """
    evidence = torch.zeros(len(lost), device=lost.device)
    evidence[(lost == RGB_LOST) | (lost == RGB_HARMED)] = -SURE
    evidence[(lost == THERMAL_LOST) | (lost == THERMAL_HARMED)] = SURE
    return evidence


def reliability_loss(evidence: Tensor, wanted: Tensor) -> Tensor:
    """Return the mean squared distance to the target; evidence beyond a target costs nothing.

    Args:
        evidence: B, positive for RGB.
        wanted: the target, B; 0 for weights of 1.

    Returns:
        A scalar.
    """
    lacking = wanted - evidence
    enough = (wanted != 0) & (wanted.sign() * lacking < 0)
    return lacking.masked_fill(enough, 0.0).square().mean()
