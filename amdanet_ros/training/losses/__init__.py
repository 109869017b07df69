"""The training losses of AMDANet, one concept a file."""

from .amdanet_loss import AMDANetLoss, LossWeights
from .dice import dice_loss
from .fusion_loss import FusionTerms, fusion_loss
from .lovasz import lovasz_loss

__all__ = [
    "AMDANetLoss",
    "FusionTerms",
    "LossWeights",
    "dice_loss",
    "fusion_loss",
    "lovasz_loss",
]
