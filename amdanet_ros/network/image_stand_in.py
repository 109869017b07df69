"""The images that the fusion decoder reads where a camera has little weight."""

from __future__ import annotations

import torch
from torch import Tensor

from .modality_reliability import kept_shares

DEAD_MARGIN = 0.05
"""Distance from 0 or 1 below which an RGB pixel counts as black or white, in [0, 1]."""


def images_to_fuse(rgb: Tensor, thermal: Tensor, weights: Tensor) -> tuple[Tensor, Tensor]:
    """Replace each image by the other one, in the degree that it has lost its weight.

    An overexposed image is not white everywhere: an RGB pixel that is neither white nor black
    stays. With weights of 1 both images are returned with equal bits.

    Args:
        rgb: B x 3 x H x W in [0, 1].
        thermal: the same shape and range.
        weights: B x 2 of RGB and thermal, see ``weights_of``.

    Returns:
        Both images in the same shape and range.
    """
    kept = kept_shares(weights)[:, :, None, None, None]
    below_white, above_black = 1.0 - rgb.amin(dim=1), rgb.amax(dim=1)
    alive = (torch.minimum(below_white, above_black) / DEAD_MARGIN).clamp(max=1.0)[:, None]
    kept_rgb, kept_thermal = torch.maximum(kept[:, 0], alive), kept[:, 1]
    return (
        kept_rgb * rgb + (1.0 - kept_rgb) * thermal,
        kept_thermal * thermal + (1.0 - kept_thermal) * rgb,
    )
