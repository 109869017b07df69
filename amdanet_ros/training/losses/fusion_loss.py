"""Fusion loss of the released code: content, gradient and colour."""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

CONTENT_WEIGHT = 0.5
GRADIENT_WEIGHT = 1.0
COLOR_WEIGHT = 1.0
GAMMA = 0.8
"""Power of the RGB image before it is compared; it brightens the image."""


@dataclass
class FusionTerms:
    """The terms of the fusion loss before their weights, each a scalar tensor."""

    content: Tensor
    gradient_x: Tensor
    gradient_y: Tensor
    cb: Tensor
    cr: Tensor

    @property
    def gradient(self) -> Tensor:
        """Half the sum of the two directions."""
        return 0.5 * (self.gradient_x + self.gradient_y)

    @property
    def color(self) -> Tensor:
        """Sum of both chroma differences."""
        return self.cb + self.cr

    @property
    def total(self) -> Tensor:
        """The weighted sum."""
        weighted = CONTENT_WEIGHT * self.content + GRADIENT_WEIGHT * self.gradient
        return weighted + COLOR_WEIGHT * self.color


class FusionTarget:
    """What a fused image is compared with; computed once a batch for both decodings.

    Args:
        rgb, thermal: B x 3 x H x W in [0, 1]; thermal is one channel repeated three times.
        valid: B x H x W, 1 inside the crop and 0 in the padding; None: all is valid.
    """

    @torch.no_grad()
    def __init__(self, rgb: Tensor, thermal: Tensor, valid: Tensor | None = None) -> None:
        self.valid = None if valid is None else valid.unsqueeze(1).to(rgb.dtype)
        visible = self._masked(rgb).pow(GAMMA)
        thermal = self._masked(thermal)
        self.content = torch.maximum(visible, thermal)
        visible_x, visible_y = sobel(visible)
        thermal_x, thermal_y = sobel(thermal)
        self.gradient_x = torch.maximum(visible_x, thermal_x)
        self.gradient_y = torch.maximum(visible_y, thermal_y)
        self.cb, self.cr = chroma(visible)

    def _masked(self, image: Tensor) -> Tensor:
        return image if self.valid is None else image * self.valid

    def terms(self, fused: Tensor) -> FusionTerms:
        """Compare a fused image, B x 3 x H x W in [0, 1]."""
        fused = self._masked(fused)
        fused_x, fused_y = sobel(fused)
        cb, cr = chroma(fused)
        return FusionTerms(
            content=F.l1_loss(fused, self.content),
            gradient_x=F.l1_loss(fused_x, self.gradient_x),
            gradient_y=F.l1_loss(fused_y, self.gradient_y),
            cb=F.l1_loss(cb, self.cb),
            cr=F.l1_loss(cr, self.cr),
        )


_THREE = (slice(None, -2), slice(1, -1), slice(2, None))
"""Each pixel's neighbour before it, itself, and the one behind it."""


def sobel(image: Tensor) -> tuple[Tensor, Tensor]:
    """Return the Sobel derivatives of each channel, B x C x H x W, borders padded with 0.

    x grows to the right, y upwards: the fusion loss takes signed maxima, so the sign matters.
    """
    padded = F.pad(image, (1, 1, 1, 1))
    upper, middle, lower = (padded[..., at, :] for at in _THREE)
    column_sum = upper + 2.0 * middle + lower
    column_difference = upper - lower
    left, middle, right = (column_difference[..., at] for at in _THREE)
    return column_sum[..., 2:] - column_sum[..., :-2], left + 2.0 * middle + right


def chroma(image: Tensor) -> tuple[Tensor, Tensor]:
    """Return (Cb, Cr) of a B x 3 x H x W RGB image in [0, 1], each B x H x W."""
    red, green, blue = image.unbind(dim=1)
    luma = 0.299 * red + 0.587 * green + 0.114 * blue
    return 0.564 * (blue - luma) + 0.5, 0.713 * (red - luma) + 0.5
