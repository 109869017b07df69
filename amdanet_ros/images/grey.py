"""Grey images in several equal channels: told from colours by their pixels."""

from __future__ import annotations

import cv2
import numpy as np

from .errors import BadImage

MOST_COLOURED = 0.05
"""Share of the pixels that are not black which may have colours: a logo, a cross, a scale."""

_SPREAD_8 = 12
"""Most between the channels of a grey pixel of 8 bits: what JPEG and video make of equal ones."""

_BLACK_LUMA = 16 + _SPREAD_8  # in video range, black is 16
_SPREAD_16 = 2
_SPREAD_FLOAT = 1e-5
_SAMPLES = 40_000

FALSE_COLOURS = "the thermal image is in colour"
RAW_INSTEAD = (
    "set the camera or its driver to 16-bit counts (mono16) or to white-hot grey: false colours "
    "(ironbow etc.) cannot be converted to temperatures; if it is the RGB camera's image, exchange "
    "the two inputs"
)


def grey_of(image: np.ndarray) -> np.ndarray:
    """Return an image of three or four nearly equal channels as one of its own type.

    An 8-bit pixel is grey where its channels differ by at most 12 of 255; 16-bit counts by 2, and
    float values by 1e-5 of the largest. Up to 5 % of the pixels may be coloured: a logo or text
    that the camera draws; they get their brightness. Black pixels do not count, for palettes that
    are black where it is cold.

    Args:
        image: h x w x 3 or h x w x 4 (the last one, alpha, is left out), uint8, uint16 or float.

    Raises:
        BadImage: it has colours.
    """
    channels = image[..., :3]
    stride = max(1, int(np.ceil(np.sqrt(channels.shape[0] * channels.shape[1] / _SAMPLES))))
    sample = channels[stride // 2 :: stride, stride // 2 :: stride]
    high, low = sample.max(axis=2), sample.min(axis=2)
    tolerance = _tolerance(image.dtype, high)
    with np.errstate(invalid="ignore"):
        spread = high - low
        coloured = np.count_nonzero(spread > tolerance)
        counted = np.count_nonzero(high > tolerance) if image.dtype == np.uint8 else spread.size
    if coloured > MOST_COLOURED * counted:
        raise _false_colours(coloured / counted, image)
    if image.dtype != np.uint8:
        return np.ascontiguousarray(channels[..., 1])
    # The brightness that JPEG stores; the order of the channels hardly matters where all are equal.
    return cv2.cvtColor(np.ascontiguousarray(channels), cv2.COLOR_BGR2GRAY)


def grey_of_luma(luma: np.ndarray, chroma: np.ndarray) -> np.ndarray:
    """Return the brightness of a YUV image whose colours are all about 128.

    Args:
        luma: h x w uint8, Y.
        chroma: uint8 of any shape, U and V.

    Raises:
        BadImage: more than 5 % of the pixels that are not black have colours.
    """
    step = max(1, chroma.size // _SAMPLES)
    coloured = np.abs(chroma[step // 2 :: step].astype(np.int16) - 128) > _SPREAD_8 // 2
    share = float(np.mean(coloured))
    if share > MOST_COLOURED * float(np.mean(luma[step // 2 :: step] > _BLACK_LUMA)):
        raise _false_colours(share, luma)
    return np.ascontiguousarray(luma)


def _false_colours(share: float, image: np.ndarray) -> BadImage:
    height, width = image.shape[:2]
    remedy = RAW_INSTEAD
    if 2 * height == 3 * width:  # 256 x 384
        remedy = "if the frame holds two images one above the other, choose one by thermal.frame"
    return BadImage(f"{FALSE_COLOURS} ({share:.0%} of it)", remedy)


def _tolerance(dtype: np.dtype, high: np.ndarray) -> float:
    if dtype == np.uint8:
        return _SPREAD_8
    if dtype == np.uint16:
        return _SPREAD_16
    finite = high[np.isfinite(high)]
    return _SPREAD_FLOAT * float(np.abs(finite).max()) if finite.size else 0.0
