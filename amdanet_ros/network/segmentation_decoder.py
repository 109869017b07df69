"""The segmentation decoder: SegFormer's all-MLP head on the semantic features."""

from __future__ import annotations

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from .config import AMDANetConfig
from .mix_transformer import to_map, to_tokens


def upsample(feature: Tensor, size: Sequence[int]) -> Tensor:
    """B x C x h x w to B x C x H x W, bilinear, corners not aligned."""
    return F.interpolate(feature, size=tuple(size), mode="bilinear", align_corners=False)


class LinearEmbedding(nn.Module):
    """Per-pixel linear map to the decoder's embedding dimension."""

    def __init__(self, channels: int, embed_dim: int) -> None:
        super().__init__()
        self.proj = nn.Linear(channels, embed_dim)

    def forward(self, feature: Tensor) -> Tensor:
        """B x C x H x W to B x E x H x W."""
        return to_map(self.proj(to_tokens(feature)), feature.shape[2], feature.shape[3])


class SegmentationDecoder(nn.Module):
    """Semantic features of four stages, C_1 to C_4 channels, to class scores."""

    def __init__(self, channels: Sequence[int], config: AMDANetConfig) -> None:
        super().__init__()
        embed_dim = config.embed_dim
        self.linear_c4 = LinearEmbedding(channels[3], embed_dim)
        self.linear_c3 = LinearEmbedding(channels[2], embed_dim)
        self.linear_c2 = LinearEmbedding(channels[1], embed_dim)
        self.linear_c1 = LinearEmbedding(channels[0], embed_dim)
        self.linear_fuse = nn.Sequential(
            nn.Conv2d(4 * embed_dim, embed_dim, 1),
            nn.BatchNorm2d(embed_dim, eps=config.bn_eps, momentum=config.bn_momentum),
            nn.ReLU(),
        )
        self.dropout = nn.Dropout2d(config.dropout)
        self.linear_pred = nn.Conv2d(embed_dim, config.num_classes, 1)

    def forward(self, semantic: Sequence[Tensor], size: Sequence[int]) -> Tensor:
        """Decode maps B x C_s x H_s x W_s, stage 1 first, to logits B x K x H x W of ``size``."""
        c1, c2, c3, c4 = semantic
        low = c1.shape[2:]
        embedded = [
            upsample(self.linear_c4(c4), low),
            upsample(self.linear_c3(c3), low),
            upsample(self.linear_c2(c2), low),
            self.linear_c1(c1),
        ]
        fused = self.linear_fuse(torch.cat(embedded, dim=1))
        return upsample(self.linear_pred(self.dropout(fused)), size)
