"""The training losses of AMDANet, one concept a file."""

from amdanet_ros.training.losses.amdanet_loss import AMDANetLoss, LossWeights
from amdanet_ros.training.losses.dice import dice_loss
from amdanet_ros.training.losses.fusion_loss import FusionTerms, fusion_loss
from amdanet_ros.training.losses.lovasz import lovasz_loss

__all__ = [
    "AMDANetLoss",
    "FusionTerms",
    "LossWeights",
    "dice_loss",
    "fusion_loss",
    "lovasz_loss",
]
