"""Objects of one image pasted into another, in both cameras' images and the labels.

Simple Copy-Paste (Ghiasi et al., CVPR 2021) for registered pairs. The other image comes from the
same list and condition: night goes to night. An object keeps its place, which is right for cameras
that look along roads.
"""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

from ..classes import UNLABELED
from .labelled_pair import LabelledPair
from .mixed_pairs import MixedPairs

RIM = 0.015
"""Share of the image's width around an object where pixels without a label are pasted with it."""


def with_objects_of(
    pair: LabelledPair, other: LabelledPair, objects: Sequence[int], flipped: bool
) -> LabelledPair:
    """Return a pair with the objects of another one in front.

    Args:
        pair, other: of the same kind of cameras; the other one is resized to the pair's size.
        objects: class indices to take.
        flipped: the other one is mirrored left to right.
    """
    size = pair.labels.shape[::-1]
    labels = cv2.resize(other.labels, size, interpolation=cv2.INTER_NEAREST)
    rgb, thermal = cv2.resize(other.rgb, size), cv2.resize(other.thermal, size)
    if flipped:
        labels, rgb, thermal = labels[:, ::-1], rgb[:, ::-1], thermal[:, ::-1]
    taken = np.isin(labels, objects)
    reach = 2 * max(1, round(RIM * size[0])) + 1
    near = cv2.dilate(taken.astype(np.uint8), np.ones((reach, reach), np.uint8)) > 0
    taken |= near & (labels == UNLABELED)
    return pair._replace(
        rgb=np.where(taken[..., None], rgb, pair.rgb),
        thermal=np.where(taken, thermal, pair.thermal).astype(pair.thermal.dtype),
        labels=np.where(taken, labels, pair.labels),
    )


class ObjectPasting:
    """Pastes rare objects into some of the pairs that are drawn.

    Args:
        pairs: that are trained on.
        rarity: how much more often each pair is drawn than one without a rare object (see
            `MixedPairs.rarity`); pairs above 1 give objects, the more often the rarer.
        objects: indices of the rare classes.
        probability: that a pair gets objects.
    """

    def __init__(
        self, pairs: MixedPairs, rarity: np.ndarray, objects: Sequence[int], probability: float
    ) -> None:
        self.pairs, self.objects, self.probability = pairs, tuple(objects), probability
        self._groups = np.array([pairs.group(index) for index in range(len(pairs))])
        self._rarity = np.where(rarity > 1, rarity, 0.0)

    def __call__(self, index: int, seed: int) -> LabelledPair:
        """Return the pair of an index, with pasted objects or without; the seed decides."""
        pair, random = self.pairs[index], np.random.default_rng(seed)
        chances = self._rarity * (self._groups == self._groups[index])
        if random.random() >= self.probability or not chances.any():
            return pair
        other = self.pairs[int(random.choice(len(chances), p=chances / chances.sum()))]
        return with_objects_of(pair, other, self.objects, bool(random.random() < 0.5))
