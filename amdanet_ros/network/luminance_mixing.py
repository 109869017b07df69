"""A fused image that is RGB with a share of thermal in its luminance; the decoder gives the share.

So it has RGB's colours by construction, edges as sharp as the images', and at no pixel a luminance
that neither image has: no tint and no halo, whatever the decoder has learned.
"""

from __future__ import annotations

from torch import Tensor

LUMA = (0.299, 0.587, 0.114)
"""Of R, G and B (ITU-R BT.601)."""


def luminance(image: Tensor) -> Tensor:
    """Return the luma of an image, B x 3 x H x W, as B x 1 x H x W."""
    red, green, blue = image[:, :1], image[:, 1:2], image[:, 2:]
    return LUMA[0] * red + LUMA[1] * green + LUMA[2] * blue


def mixed_luminance(rgb: Tensor, thermal: Tensor, decoded: Tensor) -> Tensor:
    """Return RGB with part of thermal mixed into its luminance.

    The same number is added to R, G and B, so that Cb and Cr (differences from the luma) stay
    RGB's: grey where RGB is grey, black or white. Only what would leave [0, 1] is clipped.

    Args:
        rgb: B x 3 x H x W in [0, 1].
        thermal: B x 1 x H x W in [0, 1].
        decoded: B x 3 x H x W in [0, 1], the decoder's; its luma is thermal's share.

    Returns:
        B x 3 x H x W in [0, 1].
    """
    return with_share(rgb, thermal, luminance(decoded))


def with_share(rgb: Tensor, thermal: Tensor, share: Tensor) -> Tensor:
    """Return the same of thermal's share itself, B x 1 x H x W in [0, 1]."""
    return (rgb + share * (thermal - luminance(rgb))).clamp(0.0, 1.0)
