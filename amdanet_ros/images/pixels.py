"""Pixels of each kind of encoding as RGB."""

from __future__ import annotations

import cv2
import numpy as np

from .encodings import Encoding

# BT.601 in video range, as OpenCV converts the other encodings: rows R, G, B; columns Y, U, V, 1.
_YUV_TO_RGB = np.array(
    [
        [1.164, 0.0, 1.596, -1.164 * 16 - 1.596 * 128],
        [1.164, -0.391, -0.813, -1.164 * 16 + (0.391 + 0.813) * 128],
        [1.164, 2.018, 0.0, -1.164 * 16 - 2.018 * 128],
    ]
)


def eight_bits(image: np.ndarray) -> np.ndarray:
    """Return a uint16 image as uint8, where 65535 becomes 255; uint8 as it is."""
    if image.dtype == np.uint8:
        return image
    return cv2.convertScaleAbs(image, alpha=255.0 / 65535.0)


def rgb_of(view: np.ndarray, encoding: Encoding) -> np.ndarray:
    """Return the pixels of an encoding that is not of the kind "planes" as RGB.

    Args:
        view: H x W or H x W x channels, uint8 or uint16.
        encoding: of the pixels.

    Returns:
        H x W x 3 uint8; the view itself where it is RGB already.
    """
    pixels = eight_bits(view)
    return pixels if encoding.to_rgb is None else cv2.cvtColor(pixels, encoding.to_rgb)


def rgb_of_planes(luma: np.ndarray, chroma: np.ndarray, encoding: Encoding) -> np.ndarray:
    """Return an image of the kind "planes" as H x W x 3 uint8 RGB, see ``plane_views``."""
    shared, is_v_first = encoding.chroma
    if shared == 2:
        code = cv2.COLOR_YUV2RGB_NV21 if is_v_first else cv2.COLOR_YUV2RGB_NV12
        return cv2.cvtColorTwoPlane(luma, np.ascontiguousarray(chroma), code)
    return cv2.transform(np.dstack((luma, chroma)), _YUV_TO_RGB)
