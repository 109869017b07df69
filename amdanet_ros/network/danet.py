"""DANet's dual attention as a replacement of the local alignment (supplement, Table 6).

Fu et al., Dual Attention Network for Scene Segmentation, CVPR 2019.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from .mix_transformer import to_map, to_tokens

INNER_SHARE = 4
"""Input channels over channels of the attention modules (authors' code)."""

QUERY_SHARE = 8
"""Channels of the values over channels of queries and keys (authors' code)."""


class PositionAttention(nn.Module):
    """Section 3.2: attention over positions; ``alpha E + A``, alpha is 0 initially.

    Exact attention over all N = H W positions, without a scale, as in equation 1. The fused
    kernels of ``scaled_dot_product_attention`` do not store the N x N map. The time still grows
    with N squared: at 480 x 640 stage 1 has 19200 positions, about a second on one CPU core.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.width = max(1, channels // QUERY_SHARE)
        self.query = nn.Conv2d(channels, self.width, 1)
        self.key = nn.Conv2d(channels, self.width, 1)
        self.value = nn.Conv2d(channels, channels, 1)
        self.alpha = nn.Parameter(torch.zeros(()))

    def forward(self, feature: Tensor) -> Tensor:
        """B x C x H x W to the same shape."""
        # The fused kernels need equal widths (zeros change no product) and contiguous channels.
        value = to_tokens(self.value(feature)).contiguous()
        padding = (0, value.shape[2] - self.width)
        query, key = (F.pad(to_tokens(f(feature)), padding) for f in (self.query, self.key))
        query, key = query.contiguous(), key.contiguous()
        gathered = F.scaled_dot_product_attention(
            query[:, None], key[:, None], value[:, None], scale=1.0
        )[:, 0]
        return self.alpha * to_map(gathered, *feature.shape[2:]) + feature


class ChannelAttention(nn.Module):
    """Section 3.3: attention over channels; ``beta E + A``, beta is 0 initially.

    Softmax of the channels' products, equation 3. The authors' code takes the softmax of the
    maximum minus the products instead, which gives unlike channels the larger weights.
    """

    def __init__(self) -> None:
        super().__init__()
        self.beta = nn.Parameter(torch.zeros(()))

    def forward(self, feature: Tensor) -> Tensor:
        """B x C x H x W to the same shape."""
        # In float32: the products are sums over all positions and exceed float16's range.
        rows = feature.flatten(2).float()
        with torch.autocast(feature.device.type, enabled=False):
            weights = torch.softmax(rows @ rows.transpose(1, 2), dim=2)
            gathered = (weights @ rows).to(feature.dtype)
        return self.beta * gathered.unflatten(2, feature.shape[2:]) + feature


def _convolution(channels: int, out_channels: int) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(channels, out_channels, 3, padding=1, bias=False),
        nn.BatchNorm2d(out_channels),
        nn.ReLU(),
    )


class DanetAlignment(nn.Module):
    """DANet's head (Figure 2, Section 3.4) on the concatenated pair of C channels each.

    Two arms of convolution, attention (position, channel) and convolution; their sum; a last
    1 x 1 convolution. Its output has the 2C channels of the pair where DANet's has class scores.
    AMDANet's supplement does not say how the two maps are put in.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        both = 2 * channels
        inner = max(1, both // INNER_SHARE)
        self.position = nn.Sequential(
            _convolution(both, inner), PositionAttention(inner), _convolution(inner, inner)
        )
        self.channel = nn.Sequential(
            _convolution(both, inner), ChannelAttention(), _convolution(inner, inner)
        )
        self.last = nn.Conv2d(inner, both, 1)

    def forward(self, rgb: Tensor, thermal: Tensor) -> tuple[Tensor, Tensor]:
        """Maps of both branches, each B x C x H x W, to the pair of the same shape."""
        both = torch.cat([rgb, thermal], dim=1)
        aligned = self.last(self.position(both) + self.channel(both))
        aligned_rgb, aligned_thermal = aligned.chunk(2, dim=1)
        return aligned_rgb, aligned_thermal
