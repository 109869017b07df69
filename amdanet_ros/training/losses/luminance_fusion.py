"""A fusion loss for real cameras: the brighter luminance, the stronger edge, the colours of RGB.

It departs from the released loss (`fusion_loss`) in four things, each seen on real pairs:

- The released content is the maximum of each channel, so it asks for grey where thermal is
  brighter, while the colour terms ask for RGB's colours: what comes out is a tint. Here content and
  edges are those of the luminance, and Cb and Cr are those of RGB.
- The released gradient is the signed maximum: of two falling edges the weaker one. That asks for
  edges that are in neither image. Here it is the one of greater magnitude, with its sign.
- The released visible image is brightened (to the power 0.8) first: by day all colours pale.
- Thermal that does not begin at black (a camera's own 8 bits) brightens the whole image. Here its
  10th percentile counts as black.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from ...network.luminance_mixing import luminance
from .fusion_loss import FusionTerms, chroma, sobel

FLOOR = 0.1
"""The quantile of a thermal image that counts as black."""


class LuminanceTarget:
    """What the fused image is compared with; made once a batch, used for both decodings.

    Args:
        rgb: B x 3 x H x W in [0, 1].
        thermal: B x 3 x H x W in [0, 1], one channel repeated.
        valid: B x H x W, 1 inside the crop and 0 in the padding; None where all is valid.
    """

    @torch.no_grad()
    def __init__(self, rgb: Tensor, thermal: Tensor, valid: Tensor | None = None) -> None:
        self.valid = None if valid is None else valid.unsqueeze(1).to(rgb.dtype)
        visible = self._masked(luminance(rgb))
        heat = self._masked(above_floor(luminance(thermal), valid))
        self.content = torch.maximum(visible, heat)
        visible_x, visible_y = sobel(visible)
        heat_x, heat_y = sobel(heat)
        self.gradient_x = _stronger(visible_x, heat_x)
        self.gradient_y = _stronger(visible_y, heat_y)
        self.cb, self.cr = chroma(self._masked(rgb))

    def _masked(self, image: Tensor) -> Tensor:
        return image if self.valid is None else image * self.valid

    def terms(self, fused: Tensor) -> FusionTerms:
        """Compare a fused image, B x 3 x H x W in [0, 1]."""
        fused = self._masked(fused)
        found = luminance(fused)
        fused_x, fused_y = sobel(found)
        cb, cr = chroma(fused)
        return FusionTerms(
            content=F.l1_loss(found, self.content),
            gradient_x=F.l1_loss(fused_x, self.gradient_x),
            gradient_y=F.l1_loss(fused_y, self.gradient_y),
            cb=F.l1_loss(cb, self.cb),
            cr=F.l1_loss(cr, self.cr),
        )


def above_floor(thermal: Tensor, valid: Tensor | None = None) -> Tensor:
    """Return thermal images stretched so that their `FLOOR` quantile is 0, 1 stays 1.

    Args:
        thermal: B x 1 x H x W in [0, 1].
        valid: B x H x W, 0 where a pixel does not count; None where all do.
    """
    lifted = []
    for place, image in enumerate(thermal):
        counted = image[0] if valid is None else image[0][valid[place].bool()]
        floor = counted.flatten().quantile(FLOOR).clamp(max=0.9) if counted.numel() else 0.0
        lifted.append(((image - floor) / (1.0 - floor)).clamp(min=0.0))
    return torch.stack(lifted)


def _stronger(first: Tensor, second: Tensor) -> Tensor:
    return torch.where(first.abs() >= second.abs(), first, second)
