"""Scores of a few classes on maps that know only these, and on boxes that people drew.

Such a map says of each pixel: one of these classes, none of them (254), or nothing (255), as where
several labellers disagree. A score on what they agree about is agreement, not truth.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import numpy as np
import torch
from torch import nn

from ..classes import UNLABELED
from ..inference.thermal_normalization import ThermalNormalizer
from .scoring import Pair

BOX_KINDS = ("person", "bicycle", "vehicle")
"""Class names of the kinds of boxes, 0 to 2."""

HIT_SHARE = 0.3
"""A box is hit where so much of its middle (half of its width and height) is its class."""


class ObjectScores:
    """Counts of pixels and boxes over all images added.

    Args:
        objects: class indices that the maps know.
    """

    def __init__(self, objects: Sequence[int]) -> None:
        self.objects = tuple(objects)
        self.counts = np.zeros((len(self.objects), 2), np.int64)
        """Of each object: pixels of the intersection, of the union."""
        self.known, self.unknown = 0, 0
        self.stray, self.outside = 0, 0
        self.boxes: dict[int, list[int]] = {}
        """Of each kind of box: how many are hit, how many there are."""

    def add(self, labels: np.ndarray, predicted: np.ndarray) -> None:
        """Count one map.

        Args:
            labels: H x W, one of the objects, 254 = none of them, 255 = not known.
            predicted: H x W class indices.
        """
        known = labels != UNLABELED
        self.known += int(known.sum())
        self.unknown += int((~known).sum())
        for row, index in enumerate(self.objects):
            truth, found = labels == index, known & (predicted == index)
            self.counts[row] += ((truth & found).sum(), (truth | found).sum())

    def add_boxes(
        self,
        boxes: Sequence[Sequence[float]],
        predicted: np.ndarray,
        kinds: Mapping[int, int],
        least_height: float,
    ) -> None:
        """Count the boxes of one image.

        Args:
            boxes: (kind, x0, y0, x1, y1) in pixels.
            predicted: H x W class indices.
            kinds: class index of each kind of box; boxes of other kinds are not counted as hit or
                missed.
            least_height: pixels; lower boxes are not counted.
        """
        for kind, x0, y0, x1, y1 in boxes:
            if kind in kinds and y1 - y0 >= least_height:
                quarter_high, quarter_wide = (y1 - y0) / 4, (x1 - x0) / 4
                rows = slice(round(y0 + quarter_high), max(1, round(y1 - quarter_high)))
                columns = slice(round(x0 + quarter_wide), max(1, round(x1 - quarter_wide)))
                middle = predicted[rows, columns] == kinds[kind]
                if middle.size:
                    counts = self.boxes.setdefault(kind, [0, 0])
                    counts[0] += bool(middle.mean() >= HIT_SHARE)
                    counts[1] += 1
        outside = outside_boxes(predicted.shape, boxes)
        self.outside += int(outside.sum())
        self.stray += int((outside & np.isin(predicted, self.objects)).sum())

    def iou(self) -> np.ndarray:
        """Return the IoU of each object, NaN for one that occurs nowhere."""
        with np.errstate(invalid="ignore"):
            return self.counts[:, 0] / self.counts[:, 1].astype(np.float64)

    def mean_iou(self) -> float:
        """Return the mean over the objects that occur."""
        return float(np.nanmean(self.iou())) if self.counts[:, 1].any() else float("nan")

    def as_dict(self, names: Sequence[str]) -> dict[str, float]:
        """Return the scores by name: IoU by class, "mean_iou", "box_hits", "stray" (0..1).

        "box_hits" are those of people (kind 0); of other kinds "bicycle_box_hits" and so on.

        Args:
            names: of all classes.
        """
        scores = {
            names[index]: float(value)
            for index, value in zip(self.objects, self.iou(), strict=True)
        }
        scores["mean_iou"] = self.mean_iou()
        for kind, (hit, count) in sorted(self.boxes.items()):
            name = "box_hits" if kind == 0 else f"{BOX_KINDS[kind]}_box_hits"
            scores[name] = hit / count
        if self.outside:
            scores["stray"] = self.stray / self.outside
        return scores


def outside_boxes(
    shape: tuple[int, int], boxes: Sequence[Sequence[float]], margin: float = 0.0
) -> np.ndarray:
    """Return H x W bool: False inside any box widened by a margin in pixels.

    Args:
        shape: (H, W).
        boxes: (kind, x0, y0, x1, y1, ...) in pixels.
        margin: on each side of a box, in pixels.
    """
    outside = np.ones(shape, bool)
    for box in boxes:
        left, top, right, bottom = (float(value) for value in box[1:5])
        rows = slice(max(0, int(np.floor(top - margin))), max(0, int(np.ceil(bottom + margin))))
        columns = slice(max(0, int(np.floor(left - margin))), max(0, int(np.ceil(right + margin))))
        outside[rows, columns] = False
    return outside


@torch.inference_mode()
def score_objects(
    network: nn.Module,
    pairs: Iterable[Pair],
    objects: Sequence[int],
    device: torch.device,
    boxes: Mapping[str, Sequence[Sequence[float]]] | None = None,
    least_height: float = 10.0,
    kinds: Mapping[int, int] | None = None,
) -> dict[str, ObjectScores]:
    """Score a network on maps of a few classes, by condition.

    The network is put into evaluation mode, and back into training mode if it was in it.

    Args:
        network: an AMDANet.
        pairs: to score, with their names.
        objects: class indices that the maps know.
        device: of the network.
        boxes: that people drew, by the pair's name, in pixels of the pairs; None: none.
        least_height: of boxes that count, in pixels of the pairs.
        kinds: class index of each kind of box; None: kind 0 is the first object.
    """
    scores: dict[str, ObjectScores] = {}
    kinds = {0: objects[0]} if kinds is None else kinds
    was_training = network.training
    network.eval()
    try:
        for pair in pairs:
            predicted = predict(network, pair, device)
            counted = scores.setdefault(pair.condition, ObjectScores(objects))
            counted.add(pair.labels, predicted)
            if boxes is not None:
                drawn = boxes.get(pair.name, ())
                counted.add_boxes(drawn, predicted, kinds, least_height)
    finally:
        network.train(was_training)
    return scores


def predict(network: nn.Module, pair: Pair, device: torch.device) -> np.ndarray:
    """Return the classes that a network in evaluation mode finds in a pair, H x W uint8."""
    values = ThermalNormalizer(smoothing=0.0)(pair.thermal)
    rgb = torch.from_numpy(pair.rgb).to(device).permute(2, 0, 1)[None].float() / 255
    thermal = torch.from_numpy(values).to(device).expand(1, 3, -1, -1)
    return network(rgb, thermal, want_fused=False).logits.argmax(dim=1)[0].byte().cpu().numpy()
