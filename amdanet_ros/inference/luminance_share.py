"""Thermal's share in RGB's luminance: computed at the network's size, mixed at the RGB image's.

A network with `luminance_mixing` mixes at the size at which it runs. Its share alone is smooth and
can be resized without loss: mixed at the full size, edges are as sharp as the images' at any
inference size.
"""

from __future__ import annotations

import copy

import cv2
import numpy as np

from ..network import AMDANet
from ..network.luminance_mixing import LUMA
from .output_images import resize_smooth

_LUMA = np.array([LUMA], np.float32)


def gives_share(network: AMDANet) -> bool:
    """Return whether what the fusion decoder decodes is thermal's share.

    With adaptive weighting the network mixes other images than the cameras' (stand-ins).
    """
    return network.config.luminance_mixing and not network.config.adaptive_weighting


def without_mixing(network: AMDANet) -> AMDANet:
    """Return a network that shares its weights; its "fused" has the share as its luma."""
    decoding = copy.copy(network)
    decoding._modules = dict(network._modules)
    decoding.aux_head = copy.copy(network.aux_head)
    decoding.aux_head.luminance_mixing = False
    return decoding


def mixed_image(
    rgb: np.ndarray, thermal: np.ndarray, share: np.ndarray, stretch: bool = False
) -> np.ndarray:
    """Return RGB with thermal's share in its luminance; see `network.luminance_mixing`.

    Args:
        rgb: H x W x 3 uint8.
        thermal: H x W float32 in [0, 1], registered to RGB.
        share: h x w float32 in [0, 1]; it is resized to H x W.
        stretch: from the darkest to the brightest, see `output_images.stretched`.

    Returns:
        H x W x 3 uint8.
    """
    added = cv2.transform(rgb.astype(np.float32), _LUMA)
    cv2.subtract(cv2.multiply(thermal, np.full_like(thermal, 255.0)), added, added)
    cv2.multiply(added, resize_smooth(share, rgb.shape[:2]), added)
    added = cv2.cvtColor(added, cv2.COLOR_GRAY2RGB)
    if not stretch:
        return cv2.add(rgb, added, dtype=cv2.CV_8U)
    image = np.clip(cv2.add(rgb, added, dtype=cv2.CV_32F), 0.0, 255.0)
    low, high = float(image.min()), float(image.max())
    return np.rint((image - low) * (255.0 / max(high - low, 1e-3))).astype(np.uint8)
