"""AMDANet: RGB-infrared fusion and semantic segmentation in one network (ICCV 2025)."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from .backbone import TwoBranchBackbone
from .config import AMDANetConfig
from .feature_masking import mask_pairs, mask_semantics, mask_semantics_this_step
from .fusion_decoder import FusionDecoder
from .mix_transformer import BACKBONES, initialize
from .modality_reliability import ModalityReliability
from .modality_stand_in import images_to_fuse
from .segmentation_decoder import SegmentationDecoder
from .thermal_standardisation import standardised

SMALLEST_SIDE = 32
"""Pixels; at fewer the coarsest stage, at 1/32 of the size, would have none."""


class AMDANetOutput(NamedTuple):
    """What the network returns.

    Attributes:
        logits: class scores, B x K x H x W.
        fused: fused image, B x 3 x H x W in (0, 1); None if not wanted.
        masked_logits, masked_fused: the same decoded from masked features; None in evaluation mode.
    """

    logits: Tensor
    fused: Tensor | None
    masked_logits: Tensor | None = None
    masked_fused: Tensor | None = None


class AdaptiveAMDANetOutput(NamedTuple):
    """``AMDANetOutput`` of a network with adaptive weighting, and its reliabilities.

    ``reliability`` is B x 4 x 2 in (0, 2): the weights of RGB and thermal at each stage; they sum
    to 2.
    """

    logits: Tensor
    fused: Tensor | None
    masked_logits: Tensor | None = None
    masked_fused: Tensor | None = None
    reliability: Tensor | None = None


class AMDANet(nn.Module):
    """Attention-driven multi-perspective discrepancy alignment network (AMDANet, Figure 2).

    Parameter names and shapes are those of the authors' published checkpoints.

    Args:
        config: of the network; None: the defaults.
        settings: attributes of ``AMDANetConfig`` that differ from ``config``.

    Attributes:
        config: what the network was made of; a checkpoint carries it.

    Raises:
        ValueError: a setting out of its range.
        TypeError: a setting that ``AMDANetConfig`` does not have.
    """

    def __init__(self, config: AMDANetConfig | None = None, **settings: Any) -> None:
        super().__init__()
        self.config = config = replace(config or AMDANetConfig(), **settings)
        self.backbone = TwoBranchBackbone(config)
        channels = BACKBONES[config.backbone].channels
        self.decode_head = SegmentationDecoder(channels, config)
        self.aux_head = FusionDecoder(
            channels, config.bn_eps, config.bn_momentum, config.luminance_mixing
        )
        self.apply(initialize)
        for module in self.modules():
            if isinstance(module, ModalityReliability):
                module.start_equal()

    def forward(
        self, rgb: Tensor, thermal: Tensor, want_fused: bool = True
    ) -> AMDANetOutput | AdaptiveAMDANetOutput:
        """Fuse and segment, at the images' own size: nothing is padded or resized.

        Both images are B x 3 x H x W float in [0, 1], H and W at least 32: R, G and B; and one
        thermal channel repeated three times. ``want_fused`` False leaves out the fused image
        and, in training mode, what is decoded from masked features; that halves the time.

        Raises:
            ValueError: another shape or dtype.
        """
        self._check(rgb, thermal)
        seen = standardised(thermal) if self.config.thermal_standardisation else thermal
        semantic, pairs, reliability = self.backbone(rgb, seen)
        if reliability is None:
            return AMDANetOutput(*self._decode(semantic, pairs, rgb, thermal, want_fused))
        # The fusion decoder reads the images too: each replaces the other one there as well.
        rgb, thermal = images_to_fuse(rgb, thermal, reliability[0])
        # The branches change places at every stage: every second one has thermal first.
        by_camera = [weights.flip(1) if i % 2 else weights for i, weights in enumerate(reliability)]
        decoded = self._decode(semantic, pairs, rgb, thermal, want_fused)
        return AdaptiveAMDANetOutput(*decoded, torch.stack(by_camera, dim=1))

    def _decode(
        self,
        semantic: list[Tensor],
        pairs: list[tuple[Tensor, Tensor]],
        rgb: Tensor,
        thermal: Tensor,
        want_fused: bool,
    ) -> tuple[Tensor, Tensor | None, Tensor | None, Tensor | None]:
        """Return logits and fused image, and both from masked features in training mode."""
        size = rgb.shape[2:]
        logits = self.decode_head(semantic, size)
        if not want_fused:
            return logits, None, None, None
        fused = self.aux_head(pairs, rgb, thermal)
        if not self.training:
            return logits, fused, None, None
        if mask_semantics_this_step():
            masked = mask_semantics(semantic, self.config.masking_rate)
            # The fusion decoder has no dropout: decoding the unmasked pairs again would give the
            # same image and the same gradient.
            return logits, fused, self.decode_head(masked, size), fused
        masked_fused = self.aux_head(mask_pairs(pairs, self.config.masking_rate), rgb, thermal)
        return logits, fused, self.decode_head(semantic, size), masked_fused

    @staticmethod
    def _check(rgb: Tensor, thermal: Tensor) -> None:
        if rgb.ndim != 4 or rgb.shape[1] != 3:
            raise ValueError(f"rgb must be B x 3 x H x W, not {tuple(rgb.shape)}")
        if thermal.shape != rgb.shape:
            raise ValueError(
                f"thermal must have the shape of rgb, {tuple(rgb.shape)} (one channel repeated "
                f"three times), not {tuple(thermal.shape)}"
            )
        if not (rgb.is_floating_point() and thermal.is_floating_point()):
            raise ValueError(
                f"rgb and thermal must be floating-point in [0, 1], not {rgb.dtype} and "
                f"{thermal.dtype}: divide 8-bit images by 255"
            )
        if min(rgb.shape[2:]) < SMALLEST_SIDE:
            raise ValueError(
                f"images must be at least {SMALLEST_SIDE} x {SMALLEST_SIDE} pixels, not "
                f"{rgb.shape[2]} x {rgb.shape[3]}"
            )
