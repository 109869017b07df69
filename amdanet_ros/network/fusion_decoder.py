"""The fusion decoder: one fused image from the aligned pairs of all stages and both images."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from .luminance_mixing import mixed_luminance
from .segmentation_decoder import upsample

POINT_CHANNELS = 16


class PointConvolution(nn.Module):
    """1 x 1 convolution to 16 channels, BatchNorm, ReLU."""

    def __init__(self, channels: int, bn_eps: float, bn_momentum: float) -> None:
        super().__init__()
        self.pconv = nn.Sequential(
            nn.Conv2d(channels, POINT_CHANNELS, 1),
            nn.BatchNorm2d(POINT_CHANNELS, eps=bn_eps, momentum=bn_momentum),
            nn.ReLU(),
        )

    def forward(self, feature: Tensor) -> Tensor:
        """B x C x H x W to B x 16 x H x W."""
        return self.pconv(feature)


class FusionDecoder(nn.Module):
    """Resizes eight maps of four sizes to the image's size and mixes them with both images.

    Args:
        channels: C_1 to C_4.
        bn_eps, bn_momentum: of the BatchNorms.
        luminance_mixing: see `luminance_mixing.mixed_luminance`.
    """

    def __init__(
        self, channels: Sequence[int], bn_eps: float, bn_momentum: float, luminance_mixing: bool
    ) -> None:
        super().__init__()
        self.luminance_mixing = luminance_mixing
        for stage, width in enumerate(channels, start=1):
            for modality in ("rgb", "ir"):
                point = PointConvolution(width, bn_eps, bn_momentum)
                self.add_module(f"PointConv_{stage}_{modality}", point)
        mixed = 2 * len(channels) * POINT_CHANNELS + 6
        self.CNN_fuse = nn.Sequential(
            nn.Conv2d(mixed, POINT_CHANNELS, 3, padding=1),
            nn.BatchNorm2d(POINT_CHANNELS, eps=bn_eps, momentum=bn_momentum),
            nn.ReLU(),
            nn.Conv2d(POINT_CHANNELS, 3, 1),
            nn.Sigmoid(),
        )

    def forward(
        self, pairs: Sequence[tuple[Tensor, Tensor]], rgb: Tensor, thermal: Tensor
    ) -> Tensor:
        """Decode the pairs of all stages and both images, B x 3 x H x W in [0, 1].

        Args:
            pairs: of each stage, (RGB branch, thermal branch), B x C_s x H_s x W_s each.

        Returns:
            The fused image, B x 3 x H x W in [0, 1].
        """
        size = rgb.shape[2:]
        maps = []
        for stage, (from_rgb, from_thermal) in enumerate(pairs, start=1):
            maps.append(upsample(getattr(self, f"PointConv_{stage}_rgb")(from_rgb), size))
            maps.append(upsample(getattr(self, f"PointConv_{stage}_ir")(from_thermal), size))
        fused = self.CNN_fuse(torch.cat([*maps, rgb, thermal], dim=1))
        return mixed_luminance(rgb, thermal[:, :1], fused) if self.luminance_mixing else fused
