"""AMDANet's inference path, folded."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn

from ...network import AMDANet
from ...network.backbone import BRANCH_PREFIXES, STAGES
from ...network.thermal_standardisation import standardised
from ..exact_convolutions import exact_convolutions
from ..plain_engine import EngineOutput
from .alignment import FoldedConsistency, FoldedLocalAlignment
from .encoder_block import FoldedBlock, FoldedPatchEmbedding
from .fusion_decoder import FoldedFusionDecoder
from .global_alignment import FoldedGlobalAlignment
from .layers import as_map, own_norm, spatial_size
from .segmentation_decoder import FoldedSegmentationDecoder


class UnsupportedVariantError(ValueError):
    """The folded network does not exist for this variant of AMDANet."""


class FoldedAMDANet(nn.Module):
    """An engine that computes the same as an AMDANet, several times faster.

    It copies the weights; later changes of the AMDANet have no effect. `encoder_dtype` is that of
    the encoder and the alignment; decoders always compute in float32.

    Raises:
        UnsupportedVariantError: another local alignment, no global alignment or SFE, another SCI
            rule than "released", adaptive weighting.
    """

    name = "folded"

    def __init__(self, network: AMDANet, encoder_dtype: torch.dtype = torch.float32) -> None:
        super().__init__()
        check_supported(network)
        backbone = network.backbone
        self.encoder_dtype = encoder_dtype
        self.thermal_standardisation = network.config.thermal_standardisation
        self.stages = nn.ModuleList([_Stage(backbone, stage) for stage in STAGES])
        self.global_alignment = nn.ModuleList([FoldedGlobalAlignment(g) for g in backbone.GEs])
        remaining = [module.remaining for module in self.global_alignment]
        self.segmentation = FoldedSegmentationDecoder(network.decode_head, remaining)
        self.fusion = FoldedFusionDecoder(network.aux_head)
        self.stages.to(encoder_dtype)
        self.global_alignment.to(encoder_dtype)
        self.eval()

    size_of = staticmethod(spatial_size)
    """Height and width of images."""

    def forward(
        self, rgb: Tensor, thermal: Tensor, want_logits: bool = True, want_fused: bool = True
    ) -> EngineOutput:
        """Fuse and segment at the images' own size; to be called in inference mode.

        Args:
            rgb, thermal: B x 3 and B x 1 x H x W float32 in [0, 1], H and W at least 32.
            want_logits: False skips the global alignment and the segmentation decoder.
            want_fused: False skips the fusion decoder.

        """
        with exact_convolutions(rgb, self.encoder_dtype):
            return self._computed(rgb, thermal, want_logits, want_fused)

    def _computed(
        self, rgb: Tensor, thermal: Tensor, want_logits: bool, want_fused: bool
    ) -> EngineOutput:
        semantic, pairs, sizes = [], [], []
        first = rgb.to(dtype=self.encoder_dtype, memory_format=torch.channels_last)
        seen = standardised(thermal) if self.thermal_standardisation else thermal
        second = seen.to(dtype=self.encoder_dtype)
        for stage, alignment in zip(self.stages, self.global_alignment, strict=True):
            tokens, size = stage(first, second)
            sizes.append(size)
            pairs.append(tokens)
            if want_logits:
                semantic.append(alignment(*tokens, *size).float())
            first, second = (as_map(branch, *size) for branch in tokens)
        logits = fused = None
        if want_logits:
            logits = self.segmentation(semantic, sizes, self.size_of(rgb))
        if want_fused:
            fused = self.fusion(pairs, sizes, rgb, thermal)
        return EngineOutput(logits, fused)

    def extra_repr(self) -> str:
        """What the weights do not show; the digest of graphs and choices on disk reads it."""
        return f"thermal_standardisation={self.thermal_standardisation}"

    def size_dependent(self) -> list[object]:
        """Return the cached tensors of the latest sizes; a recorded graph reads their memory."""
        return [*self.segmentation.size_dependent(), *self.fusion.size_dependent()]


class _Stage(nn.Module):
    """One stage of both branches: patch embedding, SCI, blocks, local alignment."""

    def __init__(self, backbone: nn.Module, stage: int) -> None:
        super().__init__()
        embeddings, blocks, norms = [], [], []
        for prefix in BRANCH_PREFIXES:
            embedding = getattr(backbone, f"{prefix}patch_embed{stage}")
            grey = stage == 1 and prefix == BRANCH_PREFIXES[1]
            embeddings.append(FoldedPatchEmbedding(embedding, grey))
            own = getattr(backbone, f"{prefix}block{stage}")
            blocks.append(nn.ModuleList([FoldedBlock(block) for block in own]))
            norms.append(own_norm(getattr(backbone, f"{prefix}norm{stage}")))
        self.embeddings = nn.ModuleList(embeddings)
        self.consistency = FoldedConsistency(getattr(backbone, f"sci_{stage}"))
        self.blocks = nn.ModuleList(blocks)
        self.norms = nn.ModuleList(norms)
        self.local_alignment = FoldedLocalAlignment(backbone.LEs[stage - 1])

    def forward(
        self, rgb: Tensor, thermal: Tensor
    ) -> tuple[tuple[Tensor, Tensor], tuple[int, int]]:
        """Two maps to (aligned tokens of both branches, B x N x C each; (height, width))."""
        rgb, height, width = self.embeddings[0](rgb)
        thermal, _, _ = self.embeddings[1](thermal)
        rgb, thermal = self.consistency(rgb, thermal)
        branches = _side_by_side(
            lambda: self._run_branch(0, rgb, height, width),
            lambda: self._run_branch(1, thermal, height, width),
            rgb.device,
        )
        return self.local_alignment(*branches), (height, width)

    def _run_branch(self, branch: int, tokens: Tensor, height: int, width: int) -> Tensor:
        for block in self.blocks[branch]:
            tokens = block(tokens, height, width)
        return self.norms[branch](tokens)


def _side_by_side(
    first: Callable[[], Tensor], second: Callable[[], Tensor], device: torch.device
) -> tuple[Tensor, Tensor]:
    """Return both results; a CUDA graph that is being recorded gets them as parallel paths.

    One branch does not use a large GPU fully. Outside a recording, and on the CPU, they run one
    after the other: a second stream would only add synchronisation.
    """
    if device.type != "cuda" or not torch.cuda.is_current_stream_capturing():
        return first(), second()
    main = torch.cuda.current_stream(device)
    side = torch.cuda.Stream(device)
    side.wait_stream(main)
    with torch.cuda.stream(side):
        other = second()
    one = first()
    main.wait_stream(side)
    return one, other


def check_supported(network: AMDANet) -> None:
    """Raise an UnsupportedVariantError, naming the setting, if there is no folded network."""
    expected = {
        "local_alignment": "amdanet",
        "global_alignment": True,
        "sfe": True,
        "sci_rule": "released",
        "adaptive_weighting": False,
    }
    for name, value in expected.items():
        found = getattr(network.config, name)
        if found != value:
            raise UnsupportedVariantError(
                f"the folded network exists for {name} = {value!r} only, not {found!r}"
            )
