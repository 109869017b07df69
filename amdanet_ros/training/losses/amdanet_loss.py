"""The training loss: the supplement's L_total; its default weights are those of the release."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import torch.nn.functional as F
from torch import Tensor, nn

from ...classes import UNLABELED
from .dice import RULES, dice_loss
from .fusion_loss import FusionTarget
from .lovasz import import_lovasz_softmax, lovasz_loss

DICE_WEIGHT = 2.0
"""Weight of the Dice term in the segmentation loss; the cross entropy has 1."""

MASKED_WEIGHT = 0.5
"""Weight of the terms of the masked decoding in L_cr (consistency regularisation)."""


class NetworkOutput(Protocol):
    """AMDANet's output in training mode."""

    logits: Tensor
    fused: Tensor | None
    masked_logits: Tensor | None
    masked_fused: Tensor | None


@dataclass(frozen=True)
class LossWeights:
    """The supplement's L_total = alpha1 L_seg + alpha2 L_fus + alpha3 L_cr.

    The defaults are the published choice; with them L_total is the released code's loss:
    CE + 2 Dice + 0.5 Fus + 0.25 CE_m + 0.5 Dice_m + 0.25 Fus_m, the last three on the decoding of
    the masked features. L_cr holds them at half weight: 0.5 (CE_m + 2 Dice_m + Fus_m).
    """

    alpha1: float = 1.0
    alpha2: float = 0.5
    alpha3: float = 0.5


class AMDANetLoss(nn.Module):
    """Computes every term of the training loss.

    Args:
        weights: alpha1 to alpha3.
        dice_rule: "ignore" leaves pixels without a label out of the Dice term; "released" counts
            them as class 0.
        lovasz: weight of the Lovasz-softmax loss in L_seg and L_cr, where the cross entropy has
            1; 0, as published, leaves it out.

    Raises:
        ValueError: an unknown Dice rule, or a negative weight.
        ImportError: `lovasz` is above 0 and kornia is not installed.
    """

    def __init__(
        self,
        weights: LossWeights | None = None,
        dice_rule: str = "ignore",
        lovasz: float = 0.0,
    ) -> None:
        super().__init__()
        if lovasz < 0:
            raise ValueError(f"lovasz is {lovasz}: it must be at least 0")
        if lovasz:
            import_lovasz_softmax()
        if dice_rule not in RULES:
            raise ValueError(f"dice rule {dice_rule!r}: choose one of {', '.join(RULES)}")
        self.weights = weights or LossWeights()
        self.dice_rule = dice_rule
        self.lovasz = lovasz

    def forward(
        self,
        output: NetworkOutput,
        rgb: Tensor,
        thermal: Tensor,
        labels: Tensor,
        valid: Tensor | None = None,
    ) -> dict[str, Tensor]:
        """Return the terms, each a scalar tensor; "total" is the one to minimise.

        Args:
            output: the network's. Without masked outputs (evaluation mode) or without a fused image
                their terms are left out.
            rgb: B x 3 x H x W in [0, 1].
            thermal: the same shape.
            labels: B x H x W class index, 255 = no label.
            valid: B x H x W, 1 inside the crop and 0 in the padding; None: all is valid.

        Returns:
            "total", "cross_entropy", "dice", "fusion", "fusion_content", "fusion_gradient",
            "fusion_color", and "masked_cross_entropy", "masked_dice", "masked_fusion"; with
            `lovasz` above 0, "lovasz" and "masked_lovasz". All but "total" are unweighted.
        """
        segmentation = self._segmentation(output.logits, labels)
        if output.fused is None:
            return {"total": self.weights.alpha1 * self._weighted(segmentation), **segmentation}
        target = FusionTarget(rgb, thermal, valid)
        fusion = target.terms(output.fused)
        terms = {
            **segmentation,
            "fusion": fusion.total,
            "fusion_content": fusion.content,
            "fusion_gradient": fusion.gradient,
            "fusion_color": fusion.color,
        }
        weights = self.weights
        total = weights.alpha1 * self._weighted(segmentation) + weights.alpha2 * fusion.total
        if output.masked_logits is not None and output.masked_fused is not None:
            masked = self._segmentation(output.masked_logits, labels)
            masked_fusion = target.terms(output.masked_fused).total
            consistency = MASKED_WEIGHT * (self._weighted(masked) + masked_fusion)
            total = total + weights.alpha3 * consistency
            terms |= {f"masked_{name}": value for name, value in masked.items()}
            terms["masked_fusion"] = masked_fusion
        return {"total": total, **terms}

    def _segmentation(self, logits: Tensor, labels: Tensor) -> dict[str, Tensor]:
        terms = {
            "cross_entropy": _cross_entropy(logits, labels),
            "dice": dice_loss(logits, labels, self.dice_rule),
        }
        if self.lovasz:
            terms["lovasz"] = lovasz_loss(logits, labels)
        return terms

    def _weighted(self, terms: dict[str, Tensor]) -> Tensor:
        total = terms["cross_entropy"] + DICE_WEIGHT * terms["dice"]
        return total + self.lovasz * terms["lovasz"] if self.lovasz else total


def _cross_entropy(logits: Tensor, labels: Tensor) -> Tensor:
    """Return the mean over labelled pixels; 0, not NaN, for a batch without any."""
    summed = F.cross_entropy(logits, labels.long(), ignore_index=UNLABELED, reduction="sum")
    return summed / (labels != UNLABELED).sum().clamp(min=1)
