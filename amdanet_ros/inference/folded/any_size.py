"""The folded network for an export to any size: what depends on the size is in the graph."""

from __future__ import annotations

import copy
from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ...network import AMDANet
from ...network.fusion_decoder import POINT_CHANNELS
from ...network.luminance_mixing import mixed_luminance
from .folded_network import FoldedAMDANet
from .fusion_decoder import FoldedFusionDecoder
from .layers import as_tokens
from .segmentation_decoder import FoldedSegmentationDecoder
from .symbolic_upsampling import Ratio, upsampled, upsampling_blocks

Size = tuple[int, int]
_LEAST = 32
"""Smallest side of an image."""

_SEGMENTATION_ROWS, _FUSION_ROWS = 8, 32


class AnySizeAMDANet(FoldedAMDANet):
    """A folded network, one sample at a time, whose trace holds for images of any size.

    Raises:
        UnsupportedVariantError: see `FoldedAMDANet`.
    """

    def __init__(self, network: AMDANet, encoder_dtype: torch.dtype = torch.float32) -> None:
        super().__init__(network, encoder_dtype)
        for stage in self.stages:
            stage.embeddings = nn.ModuleList([_PatchEmbedding(e) for e in stage.embeddings])
        self.segmentation = _SegmentationDecoder(self.segmentation)
        self.fusion = _FusionDecoder(self.fusion)
        self.eval()

    @staticmethod
    def size_of(images: Tensor) -> tuple[Tensor, Tensor]:
        """Return height and width, which stay symbols in a trace."""
        return images.shape[2], images.shape[3]


class _PatchEmbedding(nn.Module):
    """As `FoldedPatchEmbedding`; in a trace the sizes depend on the input."""

    def __init__(self, embedding: nn.Module) -> None:
        super().__init__()
        self.proj, self.norm = embedding.proj, embedding.norm

    def forward(self, maps: Tensor) -> tuple[Tensor, int, int]:
        maps = self.proj(maps)
        return self.norm(as_tokens(maps)), maps.shape[2], maps.shape[3]


class _SegmentationDecoder(nn.Module):
    """As `FoldedSegmentationDecoder`, with all blocks in one product."""

    def __init__(self, decoder: FoldedSegmentationDecoder) -> None:
        super().__init__()
        self.projections = copy.deepcopy(decoder.projections)
        self.classes = copy.deepcopy(decoder.classes)

    def forward(self, features: Sequence[Tensor], sizes: Sequence[Size], size: Size) -> Tensor:
        """See `FoldedSegmentationDecoder.forward`."""
        height, width = sizes[0]
        parts = []
        for stage in (1, 2, 3):
            ratio = Ratio(2**stage, _LEAST // 4)
            h, w = sizes[stage]
            projected = self.projections[stage](features[stage][0]).unflatten(0, (h, w))
            turned = projected.transpose(0, 1).flatten(1)
            columns = upsampling_blocks(w, width, _SEGMENTATION_ROWS, ratio, is_tapped=False)
            widened = upsampled([(columns, turned)]).unflatten(1, (h, -1)).transpose(0, 1)
            rows = upsampling_blocks(h, height, _SEGMENTATION_ROWS, ratio, is_tapped=False)
            parts.append((rows, widened.flatten(1)))
        coarse = upsampled(parts).unflatten(1, (width, -1)).flatten(0, 1)
        scores = self.classes((self.projections[0](features[0][0]) + coarse).relu())
        low = scores.transpose(0, 1).unflatten(1, (height, width))[None]
        return F.interpolate(low, size=size, mode="bilinear", align_corners=False)


class _FusionDecoder(nn.Module):
    """As `FoldedFusionDecoder`, with all blocks in one product."""

    def __init__(self, decoder: FoldedFusionDecoder) -> None:
        super().__init__()
        self.luminance_mixing = decoder.luminance_mixing
        self.points = copy.deepcopy(decoder.points)
        self.taps = nn.ParameterList(
            [
                nn.Parameter(_turned(getattr(decoder, f"taps_{stage}")), requires_grad=False)
                for stage in (1, 2, 3, 4)
            ]
        )
        for name in ("image_weight", "image_bias", "last_weight", "last_bias"):
            self.register_buffer(name, getattr(decoder, name).clone())

    def forward(
        self,
        pairs: Sequence[tuple[Tensor, Tensor]],
        sizes: Sequence[Size],
        rgb: Tensor,
        thermal: Tensor,
    ) -> Tensor:
        """See `FoldedFusionDecoder.forward`."""
        height, width = rgb.shape[2:]
        parts = []
        for stage, (pair, (h, w)) in enumerate(zip(pairs, sizes, strict=True)):
            ratio = Ratio(4 * 2**stage, _LEAST)
            points = [
                point(tokens[0].float())
                for point, tokens in zip(self.points[2 * stage : 2 * stage + 2], pair, strict=True)
            ]
            point = torch.cat(points, dim=1).relu().unflatten(0, (h, w)).transpose(0, 1)
            # column, tap dx, row, tap dy and channel
            taps = torch.matmul(point[:, None], self.taps[stage])
            columns = upsampling_blocks(w, width, _FUSION_ROWS, ratio, is_tapped=True)
            widened = upsampled([(columns, taps.flatten(1))])
            # row, tap dy, column, channel
            widened = widened.view(width, h, 3, POINT_CHANNELS).permute(1, 2, 0, 3)
            rows = upsampling_blocks(h, height, _FUSION_ROWS, ratio, is_tapped=True)
            parts.append((rows, widened.flatten(1)))
        images = torch.cat([rgb, thermal], dim=1)
        mixed = F.conv2d(images, self.image_weight, self.image_bias, padding=1)[0].permute(1, 2, 0)
        mixed = (mixed + upsampled(parts).unflatten(1, (width, -1))).relu()
        three = F.linear(mixed, self.last_weight, self.last_bias[:, 0]).sigmoid()
        decoded = three.permute(2, 0, 1)[None]
        return mixed_luminance(rgb, thermal, decoded) if self.luminance_mixing else decoded


def _turned(taps: Tensor) -> Tensor:
    """Return a stage's taps as three matrices, one for each dx: 3 x 32 x (3 x 16)."""
    return taps.unflatten(0, (3, 3 * POINT_CHANNELS)).transpose(1, 2).contiguous()
