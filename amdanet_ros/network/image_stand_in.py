"""What the fusion decoder looks at where a camera has lost its weight: the other one's image."""

from __future__ import annotations

import torch
from torch import Tensor

from .modality_reliability import kept_shares

DEAD_MARGIN = 0.05
"""Part of the value range at either end within which an RGB pixel loses its say."""


def images_to_fuse(rgb: Tensor, thermal: Tensor, weights: Tensor) -> tuple[Tensor, Tensor]:
    """Let each image stand in for the other one as far as that has lost its weight.

    An overexposed image is not white everywhere: an RGB pixel stays as far as it is neither
    white nor black. With weights of 1 both come back unchanged to the bit.

    Args:
        rgb: B x 3 x H x W in [0, 1].
        thermal: the same shape and range.
        weights: B x 2 of RGB and thermal, see ``weights_of``.
    """
    kept = kept_shares(weights)[:, :, None, None, None]
    below_white, above_black = 1.0 - rgb.amin(dim=1), rgb.amax(dim=1)
    alive = (torch.minimum(below_white, above_black) / DEAD_MARGIN).clamp(max=1.0)[:, None]
    kept_rgb, kept_thermal = torch.maximum(kept[:, 0], alive), kept[:, 1]
    return (
        kept_rgb * rgb + (1.0 - kept_rgb) * thermal,
        kept_thermal * thermal + (1.0 - kept_thermal) * rgb,
    )
