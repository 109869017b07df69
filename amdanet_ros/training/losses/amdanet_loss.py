"""The training loss: the supplement's L_total; its default weights are those of the release."""

from __future__ import annotations

from collections.abc import Sequence

import torch.nn.functional as F
from torch import Tensor, nn

from ...classes import UNLABELED
from ...network import AMDANetOutput
from ..config import LossConfig
from .dice import RULES, dice_loss
from .fusion_loss import FusionTarget
from .lovasz import import_lovasz_softmax, lovasz_loss
from .luminance_fusion import LuminanceTarget
from .partial_labels import completed, partial_cross_entropy, partial_dice_loss
from .small_objects import object_weights

DICE_WEIGHT = 2.0
"""Weight of the Dice term in the segmentation loss; the cross entropy has 1."""

FUSION_TARGETS = {"released": FusionTarget, "luminance": LuminanceTarget}
"""What the fused image is compared with, by `fusion_rule`."""

MASKED_WEIGHT = 0.5
"""Weight of the terms of the masked decoding in L_cr (consistency regularisation)."""


class AMDANetLoss(nn.Module):
    """Computes every term of the training loss.

    Args:
        config: weights of the terms and the rules.
        none_of: class indices that label 254 excludes (see `partial_labels`). Empty, as published:
            there is no such label.

    Raises:
        ValueError: an unknown rule, or a negative weight.
        ImportError: `lovasz` is above 0 and kornia is not installed.
    """

    def __init__(self, config: LossConfig | None = None, none_of: Sequence[int] = ()) -> None:
        super().__init__()
        self.config = config or LossConfig()
        self.none_of = tuple(none_of)
        if self.config.fusion_rule not in FUSION_TARGETS:
            raise ValueError(
                f"fusion rule {self.config.fusion_rule!r}: choose one of "
                f"{', '.join(FUSION_TARGETS)}"
            )
        if self.config.lovasz < 0:
            raise ValueError(f"lovasz is {self.config.lovasz}: it must be at least 0")
        if self.config.lovasz:
            import_lovasz_softmax()
        if self.config.small_objects and not self.none_of:
            raise ValueError("loss.small_objects needs data.none_of: which classes are objects")
        if self.config.dice_rule not in RULES:
            raise ValueError(
                f"dice rule {self.config.dice_rule!r}: choose one of {', '.join(RULES)}"
            )

    def forward(
        self,
        output: AMDANetOutput,
        rgb: Tensor,
        thermal: Tensor,
        labels: Tensor,
        valid: Tensor | None = None,
    ) -> dict[str, Tensor]:
        """Return the terms, each a scalar tensor; "total" is the one to minimise.

        Args:
            output: the network's. Without masked outputs (evaluation mode) or without a fused image
                their terms are left out.
            rgb, thermal: B x 3 x H x W in [0, 1].
            labels: B x H x W class index, 255 = no label.
            valid: B x H x W, 1 inside the crop and 0 in the padding; None: all is valid.

        Returns:
            "total", "cross_entropy", "dice", "fusion", "fusion_content", "fusion_gradient",
            "fusion_color", and "masked_cross_entropy", "masked_dice", "masked_fusion"; with
            `lovasz` above 0, "lovasz" and "masked_lovasz". All but "total" are unweighted.
        """
        segmentation = self._segmentation(output.logits, labels)
        if output.fused is None:
            return {"total": self.config.alpha1 * self._weighted(segmentation), **segmentation}
        target = FUSION_TARGETS[self.config.fusion_rule](rgb, thermal, valid)
        fusion = target.terms(output.fused)
        terms = {
            **segmentation,
            "fusion": fusion.total,
            "fusion_content": fusion.content,
            "fusion_gradient": fusion.gradient,
            "fusion_color": fusion.color,
        }
        total = self.config.alpha1 * self._weighted(segmentation)
        total = total + self.config.alpha2 * fusion.total
        if output.masked_logits is not None and output.masked_fused is not None:
            masked = self._segmentation(output.masked_logits, labels)
            masked_fusion = target.terms(output.masked_fused).total
            consistency = MASKED_WEIGHT * (self._weighted(masked) + masked_fusion)
            total = total + self.config.alpha3 * consistency
            terms |= {f"masked_{name}": value for name, value in masked.items()}
            terms["masked_fusion"] = masked_fusion
        return {"total": total, **terms}

    def _segmentation(self, logits: Tensor, labels: Tensor) -> dict[str, Tensor]:
        if self.none_of:
            strongest = self.config.small_objects
            weights = object_weights(labels, self.none_of, strongest) if strongest > 1 else None
            terms = {
                "cross_entropy": partial_cross_entropy(logits, labels, self.none_of, weights),
                "dice": partial_dice_loss(logits, labels, self.none_of),
            }
            labels = completed(logits, labels, self.none_of)
        else:
            terms = {
                "cross_entropy": _cross_entropy(logits, labels),
                "dice": dice_loss(logits, labels, self.config.dice_rule),
            }
        if self.config.lovasz:
            terms["lovasz"] = lovasz_loss(logits, labels)
        return terms

    def _weighted(self, terms: dict[str, Tensor]) -> Tensor:
        total = terms["cross_entropy"] + DICE_WEIGHT * terms["dice"]
        return total + self.config.lovasz * terms["lovasz"] if self.config.lovasz else total


def _cross_entropy(logits: Tensor, labels: Tensor) -> Tensor:
    """Return the mean over labelled pixels; 0, not NaN, for a batch without any."""
    summed = F.cross_entropy(logits, labels.long(), ignore_index=UNLABELED, reduction="sum")
    return summed / (labels != UNLABELED).sum().clamp(min=1)
