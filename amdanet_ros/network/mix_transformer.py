"""The Mix Transformer (MiT) encoder of SegFormer: its parts and its six sizes.

Xie et al., SegFormer, NeurIPS 2021, Section 3.1. Parameter names are those of the published
checkpoints.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch.nn.functional as F
from torch import Tensor, nn

HEADS = (1, 2, 5, 8)
REDUCTIONS = (8, 4, 2, 1)
"""Attention reduction ratio R of each stage: keys and values have R x R fewer tokens."""
MLP_RATIO = 4
BLOCK_NORM_EPS = 1e-6
TOKEN_NORM_EPS = 1e-5


@dataclass(frozen=True)
class MixTransformerSize:
    """Channels and number of blocks of the four stages."""

    channels: tuple[int, int, int, int]
    depths: tuple[int, int, int, int]


BACKBONES = {
    "mit_b0": MixTransformerSize((32, 64, 160, 256), (2, 2, 2, 2)),
    "mit_b1": MixTransformerSize((64, 128, 320, 512), (2, 2, 2, 2)),
    "mit_b2": MixTransformerSize((64, 128, 320, 512), (3, 4, 6, 3)),
    "mit_b3": MixTransformerSize((64, 128, 320, 512), (3, 4, 18, 3)),
    "mit_b4": MixTransformerSize((64, 128, 320, 512), (3, 8, 27, 3)),
    "mit_b5": MixTransformerSize((64, 128, 320, 512), (3, 6, 40, 3)),
}


def to_map(tokens: Tensor, height: int, width: int) -> Tensor:
    """B x N x C tokens to a B x C x H x W map (a view)."""
    return tokens.transpose(1, 2).unflatten(2, (height, width))


def to_tokens(feature: Tensor) -> Tensor:
    """B x C x H x W map to B x N x C tokens (a view)."""
    return feature.flatten(2).transpose(1, 2)


def attend(query: Tensor, key_value: Tensor, heads: int) -> Tensor:
    """Return multi-head scaled dot-product attention, B x N x C, to keys and values, B x M x 2C.

    The keys come first, then the values. C is a multiple of the heads; the scale is
    (C / heads)^-0.5.
    """
    query = query.unflatten(2, (heads, -1)).transpose(1, 2)
    both = key_value.unflatten(2, (2, heads, -1)).permute(2, 0, 3, 1, 4)
    return F.scaled_dot_product_attention(query, both[0], both[1]).transpose(1, 2).flatten(2)


def initialize(module: nn.Module) -> None:
    """Set SegFormer's initial weights of one module; an argument of ``nn.Module.apply``."""
    if any(parameter.is_meta for parameter in module.parameters(recurse=False)):
        return  # weights are loaded later; normal_ on meta imports torch._dynamo: seconds
    if isinstance(module, nn.Linear):
        nn.init.trunc_normal_(module.weight, std=0.02)
        if module.bias is not None:
            nn.init.zeros_(module.bias)
    elif isinstance(module, nn.Conv2d):
        fan_out = (
            module.kernel_size[0] * module.kernel_size[1] * module.out_channels // module.groups
        )
        nn.init.normal_(module.weight, 0.0, math.sqrt(2.0 / fan_out))
        if module.bias is not None:
            nn.init.zeros_(module.bias)
    elif isinstance(module, (nn.LayerNorm, nn.BatchNorm2d)):
        nn.init.ones_(module.weight)
        nn.init.zeros_(module.bias)


class TokenReduction(nn.Module):
    """R x R fewer tokens for keys and values: strided convolution ``sr`` and LayerNorm ``norm``.

    A base class, because published checkpoints hold ``sr`` and ``norm`` directly under each
    attention. R = 1 has neither.
    """

    def __init__(self, channels: int, reduction: int) -> None:
        super().__init__()
        self.reduction = reduction
        if reduction > 1:
            self.sr = nn.Conv2d(channels, channels, kernel_size=reduction, stride=reduction)
            self.norm = nn.LayerNorm(channels, eps=TOKEN_NORM_EPS)

    def reduce(self, tokens: Tensor, height: int, width: int) -> Tensor:
        """B x N x C to B x M x C with M = floor(H / R) floor(W / R), or unchanged for R = 1."""
        if self.reduction == 1:
            return tokens
        return self.norm(to_tokens(self.sr(to_map(tokens, height, width))))


class EfficientSelfAttention(TokenReduction):
    """Self-attention with reduced keys and values (SegFormer, equations 1 and 2)."""

    def __init__(self, channels: int, heads: int, reduction: int) -> None:
        super().__init__(channels, reduction)
        self.heads = heads
        self.q = nn.Linear(channels, channels)
        self.kv = nn.Linear(channels, 2 * channels)
        self.proj = nn.Linear(channels, channels)

    def forward(self, tokens: Tensor, height: int, width: int) -> Tensor:
        """B x N x C to B x N x C, N = height * width."""
        key_value = self.kv(self.reduce(tokens, height, width))
        return self.proj(attend(self.q(tokens), key_value, self.heads))


class DepthwiseConvolution(nn.Module):
    """3 x 3 depthwise convolution over tokens; it gives Mix-FFN the position of a token."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.dwconv = nn.Conv2d(channels, channels, 3, padding=1, groups=channels)

    def forward(self, tokens: Tensor, height: int, width: int) -> Tensor:
        """B x N x C to B x N x C."""
        return to_tokens(self.dwconv(to_map(tokens, height, width)))


class MixFfn(nn.Module):
    """Mix-FFN (SegFormer, equation 3): linear, depthwise 3 x 3, exact GELU, linear."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.fc1 = nn.Linear(channels, MLP_RATIO * channels)
        self.dwconv = DepthwiseConvolution(MLP_RATIO * channels)
        self.fc2 = nn.Linear(MLP_RATIO * channels, channels)

    def forward(self, tokens: Tensor, height: int, width: int) -> Tensor:
        """B x N x C to B x N x C."""
        return self.fc2(F.gelu(self.dwconv(self.fc1(tokens), height, width)))


class DropPath(nn.Module):
    """Stochastic depth: in training a sample skips this branch with probability ``rate``."""

    def __init__(self, rate: float) -> None:
        super().__init__()
        self.rate = rate

    def forward(self, branch: Tensor) -> Tensor:
        """B x N x C to B x N x C; kept samples are scaled by 1 / (1 - rate)."""
        if not self.training or self.rate == 0.0:
            return branch
        keep = 1.0 - self.rate
        kept = branch.new_empty(branch.shape[0], 1, 1).bernoulli_(keep)
        return branch * (kept / keep)


class TransformerBlock(nn.Module):
    """``x + attention(norm1(x))``, then ``x + mix_ffn(norm2(x))``."""

    def __init__(self, channels: int, heads: int, reduction: int, drop_path_rate: float) -> None:
        super().__init__()
        self.norm1 = nn.LayerNorm(channels, eps=BLOCK_NORM_EPS)
        self.attn = EfficientSelfAttention(channels, heads, reduction)
        self.drop_path = DropPath(drop_path_rate)
        self.norm2 = nn.LayerNorm(channels, eps=BLOCK_NORM_EPS)
        self.mlp = MixFfn(channels)

    def forward(self, tokens: Tensor, height: int, width: int) -> Tensor:
        """B x N x C to B x N x C, N = height * width."""
        tokens = tokens + self.drop_path(self.attn(self.norm1(tokens), height, width))
        return tokens + self.drop_path(self.mlp(self.norm2(tokens), height, width))


class OverlapPatchEmbedding(nn.Module):
    """Overlapping patches to tokens: a strided convolution ``proj`` and a LayerNorm ``norm``."""

    def __init__(self, in_channels: int, channels: int, kernel: int, stride: int) -> None:
        super().__init__()
        self.proj = nn.Conv2d(in_channels, channels, kernel, stride=stride, padding=kernel // 2)
        self.norm = nn.LayerNorm(channels, eps=TOKEN_NORM_EPS)

    def forward(self, feature: Tensor) -> tuple[Tensor, int, int]:
        """B x C_in x H x W to (B x N x C tokens, height, width), N = height * width."""
        feature = self.proj(feature)
        return self.norm(to_tokens(feature)), feature.shape[2], feature.shape[3]


def drop_path_rates(depths: tuple[int, ...], largest: float) -> list[list[float]]:
    """Return rates that rise linearly from 0 to ``largest`` over all blocks, by stage."""
    blocks = sum(depths)
    rates = [largest * block / (blocks - 1) for block in range(blocks)]
    edges = [sum(depths[:stage]) for stage in range(len(depths) + 1)]
    return [rates[edges[stage] : edges[stage + 1]] for stage in range(len(depths))]
