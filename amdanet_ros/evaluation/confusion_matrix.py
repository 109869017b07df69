"""A confusion matrix over all images and the scores that follow from it."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class SegmentationScores:
    """Scores of a segmentation, all in 0..1; NaN for a class that occurs nowhere.

    Attributes:
        iou: K, intersection over union: diagonal / (row + column - diagonal).
        accuracy: K, diagonal / row: the share of a class's pixels that are found.
        precision: K, diagonal / column: the share of a class's predictions that are right.
    """

    iou: np.ndarray
    accuracy: np.ndarray
    precision: np.ndarray

    def mean_iou(self, without: Collection[int] = ()) -> float:
        """Return the mean over classes (class 0 too) without NaN and the classes `without`."""
        return _mean(self.iou, without)

    def mean_accuracy(self) -> float:
        """Return the mean class accuracy (by its size it may be the supplement's mAP)."""
        return _mean(self.accuracy)

    def mean_precision(self) -> float:
        """Return the mean class precision (by its size it may be the supplement's mAP)."""
        return _mean(self.precision)


class ConfusionMatrix:
    """Counts of pixels, K x K: true class (row) by predicted class (column)."""

    def __init__(self, classes: int) -> None:
        if classes < 1:
            raise ValueError(f"a confusion matrix needs at least 1 class, not {classes}")
        self.counts = np.zeros((classes, classes), np.int64)

    @property
    def classes(self) -> int:
        """K."""
        return self.counts.shape[0]

    def add(self, labels: np.ndarray, predicted: np.ndarray) -> None:
        """Count one image: true and predicted classes, integers of any one shape.

        True labels outside 0..K-1 (255: no label) are left out.

        Raises:
            ValueError: shapes differ, or a prediction is out of range.
        """
        if labels.shape != predicted.shape:
            raise ValueError(f"labels are {labels.shape}, predictions {predicted.shape}")
        kept = (labels >= 0) & (labels < self.classes)
        rows, columns = labels[kept].astype(np.int64), predicted[kept].astype(np.int64)
        if columns.size and not 0 <= columns.min() <= columns.max() < self.classes:
            raise ValueError(f"predictions must be 0 to {self.classes - 1}")
        cells = np.bincount(rows * self.classes + columns, minlength=self.counts.size)
        self.counts += cells.reshape(self.counts.shape)

    def scores(self) -> SegmentationScores:
        """Return the scores of everything counted so far."""
        hit = np.diagonal(self.counts).astype(np.float64)
        rows, columns = self.counts.sum(1), self.counts.sum(0)
        with np.errstate(invalid="ignore", divide="ignore"):
            return SegmentationScores(
                iou=hit / (rows + columns - hit), accuracy=hit / rows, precision=hit / columns
            )


def _mean(values: np.ndarray, without: Collection[int] = ()) -> float:
    kept = np.array([i not in without for i in range(len(values))]) & ~np.isnan(values)
    return float(values[kept].mean()) if kept.any() else float("nan")
