"""Weights for the pixels of small objects, which a mean over pixels hardly sees.

A person 20 rows high has a fiftieth of the pixels of one in front of the camera. With the root of
the area as weight, an object counts as its width or height does.
"""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
import torch
from torch import Tensor

WHOLE = 400
"""Pixels from which an object weighs as any other pixels do."""


def object_weights(labels: Tensor, objects: Sequence[int], strongest: float) -> Tensor:
    """Return B x H x W float32: sqrt(400 / area) of the object that a pixel is of, 1 elsewhere.

    An object is a connected region of one class; neighbours along a diagonal are connected.

    Args:
        labels: B x H x W integer.
        objects: class indices.
        strongest: largest weight; smaller objects have it too.
    """
    weights = np.ones(labels.shape, np.float32)
    for image, wanted in zip(labels.cpu().numpy(), weights, strict=True):
        for index in objects:
            left, top, width, height = cv2.boundingRect((image == index).view(np.uint8))
            part = slice(top, top + height), slice(left, left + width)
            mask = (image[part] == index).view(np.uint8)
            if mask.size:
                _, regions, facts, _ = cv2.connectedComponentsWithStats(mask, connectivity=8)
                areas = np.maximum(facts[:, cv2.CC_STAT_AREA], 1)
                factors = np.clip(np.sqrt(WHOLE / areas), 1.0, strongest).astype(np.float32)
                factors[0] = 1.0
                np.maximum(wanted[part], factors[regions], out=wanted[part])
    return torch.from_numpy(weights).to(labels.device)
