"""How much of an image each class covers, and how surely."""

from __future__ import annotations

from typing import NamedTuple

import cv2
import numpy as np


class ClassStatistics(NamedTuple):
    """Each class of one image.

    Attributes:
        areas: K float32, share of the image, 0 to 1; unlabelled pixels belong to no class.
        confidences: K float32, mean softmax over the class's pixels, each rounded to 1/255; 0 where
            the class is absent.
    """

    areas: np.ndarray
    confidences: np.ndarray


def class_statistics(mask: np.ndarray, confidence: np.ndarray, num_classes: int) -> ClassStatistics:
    """Return each class's area and mean confidence over the labelled pixels.

    Args:
        mask: H x W uint8 class index; 255: unlabelled.
        confidence: H x W float32, 0 to 1.
        num_classes: K.
    """
    # One pass over bytes: bincounts with weights take three to six times as long, and torch's
    # waits for its threads where other processes want the cores.
    steps = cv2.convertScaleAbs(confidence, alpha=255.0)
    size = [num_classes, 256]
    table = cv2.calcHist([mask, steps], [0, 1], None, size, [0, num_classes, 0, 256])
    counts = table.sum(axis=1)
    means = table @ (np.arange(256) / 255.0) / np.maximum(counts, 1)
    return ClassStatistics((counts / mask.size).astype(np.float32), means.astype(np.float32))
