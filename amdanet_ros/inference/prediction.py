"""What the predictor gives for one pair."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

import cv2
import numpy as np

from .output_images import mask_of


class ClassStatistics(NamedTuple):
    """How much of the picture each class covers, and how surely.

    Attributes:
        areas: K float32, share of the picture, 0 to 1; unlabelled pixels belong to no class.
        confidences: K float32, mean softmax over the class's pixels, each rounded to 1/255; 0 where
            the class is absent.
    """

    areas: np.ndarray
    confidences: np.ndarray


@dataclass(frozen=True, eq=False)
class Prediction:
    """The outputs for one pair, at the RGB picture's size H x W; None where not wanted.

    Attributes:
        labels: H x W uint8, class index.
        confidence: H x W float32, softmax of the chosen class, 0 to 1.
        fused: H x W x 3 uint8 RGB, the fused picture.
        num_classes: K.
        timings: seconds spent: "prepare" (normalise, resize), "network", "finish" (to size, uint8),
            "draw" (the overlay; on a GPU part of "finish").
        overlay: H x W x 3 uint8 RGB, the classes in their colours over the fused picture.
    """

    labels: np.ndarray | None
    confidence: np.ndarray | None
    fused: np.ndarray | None
    num_classes: int
    timings: dict[str, float] = field(default_factory=dict)
    overlay: np.ndarray | None = None

    def mask(self, confidence_threshold: float = 0.0) -> np.ndarray:
        """Return the labels with 255 (unlabelled) where the confidence is below the threshold.

        Raises:
            ValueError: labels, or with a threshold the confidence, were not wanted.
        """
        self._need("labels")
        if confidence_threshold > 0.0:
            self._need("confidence")
        return mask_of(self.labels, self.confidence, confidence_threshold)

    def class_statistics(self, confidence_threshold: float = 0.0) -> ClassStatistics:
        """Return each class's area and mean confidence over the pixels at or above the threshold.

        Raises:
            ValueError: labels or confidence were not wanted.
        """
        self._need("labels")
        self._need("confidence")
        labels = self.mask(confidence_threshold)
        # One pass over bytes: bincounts with weights take three to six times as long, and torch's
        # waits for its threads where other processes want the cores.
        steps = cv2.convertScaleAbs(self.confidence, alpha=255.0)
        size = [self.num_classes, 256]
        table = cv2.calcHist([labels, steps], [0, 1], None, size, [0, self.num_classes, 0, 256])
        counts = table.sum(axis=1)
        means = table @ (np.arange(256) / 255.0) / np.maximum(counts, 1)
        return ClassStatistics((counts / labels.size).astype(np.float32), means.astype(np.float32))

    def _need(self, name: str) -> None:
        if getattr(self, name) is None:
            raise ValueError(f"the prediction holds no {name}: name it in want={{...}}")
