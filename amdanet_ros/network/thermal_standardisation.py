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

LEAST_SHARE = 1e-3
"""A smaller share of pixels above 0 counts as this; of an image of 0 there is none."""


def standardised(thermal: Tensor) -> Tensor:
    """Return the image at a fixed mean and mean absolute deviation, each sample by itself.

    The mean absolute deviation, because one hot engine hardly changes it, and because it does not
    underflow in half precision, as squares of small differences would. Pixels of 0 stay 0 and do
    not count: they are what the thermal camera does not see of the RGB image.

    Args:
        thermal: B x C x H x W in [0, 1] of any floating dtype; channels share their statistics.

    Returns:
        The same shape and dtype, in [0, 1]; `LEVEL` everywhere for an image of one level above 0.
    """
    exact = thermal.float()
    seen = (exact > 0.0).float()
    # Means, not sums: those of an image leave the range of half precision.
    share = _mean(seen).clamp(min=LEAST_SHARE)
    centred = exact - _mean(exact) / share
    deviation = (_mean(centred.abs() * seen) / share).clamp(min=LEAST_DEVIATION)
    return (seen * (LEVEL + CONTRAST * (centred / deviation))).clamp(0.0, 1.0).to(thermal.dtype)


def _mean(values: Tensor) -> Tensor:
    return values.mean(dim=(1, 2, 3), keepdim=True)
