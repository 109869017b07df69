"""RGB's colours for the fused image, by construction: the decoder decides the luminance."""

from __future__ import annotations

from torch import Tensor

LUMA = (0.299, 0.587, 0.114)
"""Of R, G and B (ITU-R BT.601)."""


def luminance(image: Tensor) -> Tensor:
    """Return the luma of an image, B x 3 x H x W, as B x 1 x H x W."""
    red, green, blue = image.split(1, dim=1)
    return LUMA[0] * red + LUMA[1] * green + LUMA[2] * blue


def with_chroma_of(rgb: Tensor, fused: Tensor) -> Tensor:
    """Return the fused image's luminance in RGB's colours.

    The same number is added to R, G and B, so that Cb and Cr (differences from the luma) are those
    of RGB: grey where RGB is grey, black or white. Only what would leave [0, 1] is clipped.

    Args:
        rgb: B x 3 x H x W in [0, 1].
        fused: the same shape, the decoder's.

    Returns:
        B x 3 x H x W in [0, 1].
    """
    return (rgb + luminance(fused - rgb)).clamp(0.0, 1.0)
