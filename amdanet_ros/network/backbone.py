"""The encoder: two Mix Transformer branches that meet at every stage (AMDANet, Figure 2)."""

from __future__ import annotations

from typing import NamedTuple

from torch import Tensor, nn

from .config import AMDANetConfig
from .global_alignment import GlobalAlignment, MeanSemantics
from .local_alignments import LOCAL_ALIGNMENTS
from .mix_transformer import (
    BACKBONES,
    BLOCK_NORM_EPS,
    HEADS,
    REDUCTIONS,
    OverlapPatchEmbedding,
    TransformerBlock,
    drop_path_rates,
    to_map,
)
from .modality_reliability import ModalityReliability, weights_of
from .modality_stand_in import StageStandIns
from .sci import SemanticConsistencyInference

STAGES = (1, 2, 3, 4)
BRANCH_PREFIXES = ("", "extra_")
"""Prefixes of the parameter names of the RGB branch and of the thermal branch."""


class BackboneFeatures(NamedTuple):
    """What the encoder returns, one entry a stage (strides 4, 8, 16 and 32).

    Attributes:
        semantic: semantic features, B x C_s x H_s x W_s, for the segmentation decoder.
        pairs: aligned (RGB branch, thermal branch) pairs of the same shape, for the fusion decoder.
        reliability: weights of the (RGB branch, thermal branch) at the start of the stage, B x 2
            in (0, 2). At stage 1 the branches are the two cameras; they change places at every
            stage. None without adaptive weighting.
    """

    semantic: list[Tensor]
    pairs: list[tuple[Tensor, Tensor]]
    reliability: list[Tensor] | None = None


class TwoBranchBackbone(nn.Module):
    """Four stages of patch embedding, SCI, transformer blocks and feature alignment.

    Modules are named as in the published checkpoints: ``patch_embed1`` and ``extra_patch_embed1``,
    ``block1``, ``norm1``, ``sci_1``, ``LEs.0`` (local alignment) and ``GEs.0`` (global alignment).
    With adaptive weighting, ``reliability.0`` weighs the two branches before SCI, and
    ``stand_ins.0`` replaces what a branch loses in weight by features made from the other branch,
    before SCI and again before the alignment.
    """

    def __init__(self, config: AMDANetConfig) -> None:
        super().__init__()
        size = BACKBONES[config.backbone]
        rates = drop_path_rates(size.depths, config.drop_path_rate)
        for index, stage in enumerate(STAGES):
            channels, heads, reduction = size.channels[index], HEADS[index], REDUCTIONS[index]
            in_channels = 3 if stage == 1 else size.channels[index - 1]
            kernel, stride = (7, 4) if stage == 1 else (3, 2)
            for prefix in BRANCH_PREFIXES:
                embedding = OverlapPatchEmbedding(in_channels, channels, kernel, stride)
                self.add_module(f"{prefix}patch_embed{stage}", embedding)
                blocks = [TransformerBlock(channels, heads, reduction, r) for r in rates[index]]
                self.add_module(f"{prefix}block{stage}", nn.ModuleList(blocks))
                self.add_module(f"{prefix}norm{stage}", nn.LayerNorm(channels, eps=BLOCK_NORM_EPS))
            sci = SemanticConsistencyInference(channels, config.sci_rule, config.sci_tau)
            self.add_module(f"sci_{stage}", sci)
        stages = list(zip(size.channels, HEADS, REDUCTIONS, strict=True))
        local_alignment = LOCAL_ALIGNMENTS[config.local_alignment]
        self.LEs = nn.ModuleList([local_alignment(channels) for channels in size.channels])
        self.GEs = nn.ModuleList(
            [
                GlobalAlignment(*stage, config.sfe) if config.global_alignment else MeanSemantics()
                for stage in stages
            ]
        )
        self.reliability = self.stand_ins = None
        if config.adaptive_weighting:
            self.reliability = nn.ModuleList([ModalityReliability(c) for c in size.channels])
            self.stand_ins = nn.ModuleList([StageStandIns(*stage) for stage in stages])

    def _run_blocks(
        self, prefix: str, stage: int, tokens: Tensor, height: int, width: int
    ) -> Tensor:
        for block in getattr(self, f"{prefix}block{stage}"):
            tokens = block(tokens, height, width)
        return to_map(getattr(self, f"{prefix}norm{stage}")(tokens), height, width)

    def forward(self, rgb: Tensor, thermal: Tensor) -> BackboneFeatures:
        """Extract features at strides 4, 8, 16 and 32 of two B x 3 x H x W float in [0, 1]."""
        semantic, pairs, reliability = [], [], []
        evidence = rgb.new_zeros(rgb.shape[0])
        for index, stage in enumerate(STAGES):
            rgb, height, width = getattr(self, f"patch_embed{stage}")(rgb)
            thermal, _, _ = getattr(self, f"extra_patch_embed{stage}")(thermal)
            if self.reliability is not None:
                evidence = self.reliability[index](rgb, thermal, evidence)
                reliability.append(weights_of(evidence))
                rgb, thermal = self.stand_ins[index].before_exchange(
                    rgb, thermal, reliability[-1], height, width
                )
            rgb, thermal = getattr(self, f"sci_{stage}")(rgb, thermal)
            rgb = self._run_blocks("", stage, rgb, height, width)
            thermal = self._run_blocks("extra_", stage, thermal, height, width)
            if self.reliability is not None:
                # SCI exchanged the branches: their weights and the evidence change places too.
                swapped = reliability[-1].flip(1)
                rgb, thermal = self.stand_ins[index].before_alignment(rgb, thermal, swapped)
                evidence = -evidence
            rgb, thermal = self.LEs[index](rgb, thermal)
            pairs.append((rgb, thermal))
            semantic.append(self.GEs[index](rgb, thermal))
            if self.reliability is not None:
                semantic[-1] = self.stand_ins[index].after_alignment(
                    semantic[-1], rgb, thermal, swapped
                )
        return BackboneFeatures(semantic, pairs, reliability or None)
