"""CBAM as a replacement of the local alignment (AMDANet's supplement, Table 6).

Woo et al., CBAM: Convolutional Block Attention Module, ECCV 2018.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from .local_alignment import ChannelWeights

REDUCTION = 16
"""Of the channel attention's perceptron: r of the paper (Section 4)."""

SPATIAL_KERNEL = 7
"""Side of the spatial attention's kernel: the paper's best (Section 4.1)."""


class SpatialAttention(nn.Module):
    """Equation 3: sigmoid of a 7 x 7 convolution of the mean and the maximum over channels.

    The authors' code has a BatchNorm after the convolution; the paper has none.
    """

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(2, 1, SPATIAL_KERNEL, padding=SPATIAL_KERNEL // 2)

    def forward(self, feature: Tensor) -> Tensor:
        """B x C x H x W to weights B x 1 x H x W in (0, 1)."""
        pooled = [feature.mean(dim=1, keepdim=True), feature.amax(dim=1, keepdim=True)]
        return torch.sigmoid(self.conv(torch.cat(pooled, dim=1)))


class CbamAlignment(nn.Module):
    """CBAM (equation 1: channel, then spatial attention) of the pair, C channels each, as one map.

    AMDANet's supplement does not say how the two maps go into CBAM. Here they are concatenated
    along channels and split again, so that the channels of both are weighed against each other,
    as in the local alignment.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        # Equation 2 is the channel weights of AMDANet's local alignment without biases.
        self.channel = ChannelWeights(2 * channels, max(1, 2 * channels // REDUCTION), bias=False)
        self.spatial = SpatialAttention()

    def forward(self, rgb: Tensor, thermal: Tensor) -> tuple[Tensor, Tensor]:
        """Maps of both branches, each B x C x H x W, to the pair of the same shape."""
        both = torch.cat([rgb, thermal], dim=1)
        both = both * self.channel(both)
        both = both * self.spatial(both)
        refined_rgb, refined_thermal = both.chunk(2, dim=1)
        return refined_rgb, refined_thermal
