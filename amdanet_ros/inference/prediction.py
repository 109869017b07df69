"""What the predictor gives for one pair."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from .class_statistics import ClassStatistics, class_statistics
from .output_images import mask_of


@dataclass(frozen=True, eq=False)
class Prediction:
    """The outputs for one pair, at the RGB image's size H x W; None where not needed.

    Attributes:
        labels: H x W uint8, class index.
        confidence: H x W float32, softmax of the chosen class, 0 to 1.
        fused: H x W x 3 uint8 RGB, the fused image.
        num_classes: K.
        timings: seconds spent: "prepare" (normalise, resize), "network", "finish" (to size, uint8),
            "draw" (the overlay; on a GPU part of "finish").
        overlay: H x W x 3 uint8 RGB, the classes in their colours over the fused image.
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
            ValueError: labels, or with a threshold the confidence, were not needed.
        """
        self._need("labels")
        if confidence_threshold > 0.0:
            self._need("confidence")
        return mask_of(self.labels, self.confidence, confidence_threshold)

    def class_statistics(self, confidence_threshold: float = 0.0) -> ClassStatistics:
        """Return each class's area and mean confidence over the pixels at or above the threshold.

        Raises:
            ValueError: labels or confidence were not needed.
        """
        self._need("labels")
        self._need("confidence")
        return class_statistics(self.mask(confidence_threshold), self.confidence, self.num_classes)

    def _need(self, name: str) -> None:
        if getattr(self, name) is None:
            raise ValueError(f"the prediction holds no {name}: name it in needed={{...}}")
