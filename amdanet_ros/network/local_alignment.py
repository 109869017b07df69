"""Local feature discrepancy alignment: gate, channel and spatial weights (AMDANet, Section 3.3)."""

from __future__ import annotations

import torch
from torch import Tensor, nn


class ChannelWeights(nn.Module):
    """One weight per channel, from one perceptron of the global average and global maximum."""

    def __init__(self, channels: int, hidden: int, bias: bool = True) -> None:
        super().__init__()
        self.mlp = nn.Sequential(
            nn.Linear(channels, hidden, bias), nn.ReLU(), nn.Linear(hidden, channels, bias)
        )

    def forward(self, feature: Tensor) -> Tensor:
        """B x C x H x W to B x C x 1 x 1 in (0, 1)."""
        average = self.mlp(feature.mean(dim=(2, 3)))
        maximum = self.mlp(feature.amax(dim=(2, 3)))
        return torch.sigmoid(average + maximum)[:, :, None, None]


class SpatialWeights(nn.Module):
    """One weight per pixel and modality, from the mean and the maximum over channels."""

    def __init__(self) -> None:
        super().__init__()
        self.mlp = nn.Sequential(nn.Conv2d(4, 16, 1), nn.ReLU(), nn.Conv2d(16, 2, 1), nn.Sigmoid())

    def forward(self, rgb: Tensor, thermal: Tensor) -> Tensor:
        """Two maps B x C x H x W to B x 2 x H x W in (0, 1): RGB's weight, thermal's weight."""
        summary = [
            rgb.mean(dim=1, keepdim=True),
            rgb.amax(dim=1, keepdim=True),
            thermal.mean(dim=1, keepdim=True),
            thermal.amax(dim=1, keepdim=True),
        ]
        return self.mlp(torch.cat(summary, dim=1))


class ChannelAndSpatialWeights(nn.Module):
    """The pair ``cha`` and ``sap``, named as in the published checkpoints."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.cha = ChannelWeights(2 * channels, channels // 2)
        self.sap = SpatialWeights()

    def forward(self, rgb: Tensor, thermal: Tensor) -> tuple[Tensor, Tensor]:
        """Two maps B x C x H x W to the weights of each, channel weight times pixel weight."""
        rgb_channel, thermal_channel = self.cha(torch.cat([rgb, thermal], dim=1)).chunk(2, dim=1)
        rgb_pixel, thermal_pixel = self.sap(rgb, thermal).chunk(2, dim=1)
        return rgb_channel * rgb_pixel, thermal_channel * thermal_pixel


class LocalAlignment(nn.Module):
    """Gated exchange between the modalities at each pixel."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.fuse_sc = ChannelAndSpatialWeights(channels)
        self.gate = nn.Sequential(
            nn.Linear(2 * channels, channels // 2), nn.ReLU(), nn.Linear(channels // 2, channels)
        )

    def forward(self, rgb: Tensor, thermal: Tensor) -> tuple[Tensor, Tensor]:
        """Maps of both branches, each B x C x H x W, to the aligned pair of the same shape."""
        both = torch.cat([rgb, thermal], dim=1)
        gate = torch.sigmoid(self.gate(both.permute(0, 2, 3, 1))).permute(0, 3, 1, 2)
        rgb_weight, thermal_weight = self.fuse_sc(rgb, thermal)
        a, b = gate * rgb_weight, gate * thermal_weight
        mixed_rgb = rgb + a * thermal
        mixed_thermal = thermal + b * rgb
        return (
            mixed_rgb * (torch.sigmoid(mixed_rgb * a - mixed_rgb) + a),
            mixed_thermal * (torch.sigmoid(mixed_thermal * b - mixed_thermal) + b),
        )
