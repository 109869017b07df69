"""Thermal at one level and one contrast, whatever camera and normalisation gave it.

A camera's own 8 bits, enhanced ones, and counts between percentiles show the same scene at other
levels and contrasts; a dim evening another than a warm day. An encoder that has learned from some
misses people in others.
"""

from __future__ import annotations

from torch import Tensor

LEVEL = 0.25
"""Where the mean of an image goes, in [0, 1]."""

CONTRAST = 0.1
"""What its mean absolute deviation becomes, in the same unit."""

LEAST_DEVIATION = 3.0 / 255.0
"""A smaller one counts as this: noise of an image that shows nothing is not blown up."""


def standardised(thermal: Tensor) -> Tensor:
    """Return the image at a fixed mean and mean absolute deviation, each sample by itself.

    The mean absolute deviation, because one hot engine hardly changes it, and because it does not
    underflow in half precision, as squares of small differences would.

    Args:
        thermal: B x C x H x W in [0, 1] of any floating dtype; channels share their statistics.

    Returns:
        The same shape and dtype, in [0, 1]; `LEVEL` everywhere for an image of one level.
    """
    exact = thermal.float()
    centred = exact - exact.mean(dim=(1, 2, 3), keepdim=True)
    deviation = centred.abs().mean(dim=(1, 2, 3), keepdim=True).clamp(min=LEAST_DEVIATION)
    return (LEVEL + CONTRAST * (centred / deviation)).clamp(0.0, 1.0).to(thermal.dtype)
