"""Objects of one image pasted into another, in both cameras' images and the labels.

Simple Copy-Paste (Ghiasi et al., CVPR 2021) for registered pairs. The other image comes from the
same list and condition: night goes to night. An object keeps its place, or moves away from the
camera towards a point of the horizon, which is right for cameras that look along roads.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from ..classes import UNLABELED
from .config import AugmentationConfig, ConfigError
from .labelled_pair import LabelledPair
from .mixed_pairs import MixedPairs

RIM = 0.015
"""Share of the image's width around an object where pixels without a label are pasted with it."""


HORIZON = 0.51
"""Row that roads vanish at, as a share of the height: where MSRS's people, head and feet, meet."""

DARK = 60.0
"""Mean level of an RGB image below which it is night, of 255."""


@dataclass(frozen=True)
class Distance:
    """How far objects move away from the camera.

    Attributes:
        scale: of their size, up to 1, which leaves them where they are.
        column: of the point of the horizon that they move to, as a share of the width.
    """

    scale: float = 1.0
    column: float = 0.5

    def moved(self, image: np.ndarray, fill: int, interpolation: int) -> np.ndarray:
        """Return the image at this scale, `fill` around it; same shape and dtype."""
        if self.scale == 1.0:
            return image
        height, width = image.shape[:2]
        rows, columns = max(1, round(height * self.scale)), max(1, round(width * self.scale))
        top, left = round(HORIZON * (height - rows)), round(self.column * (width - columns))
        whole = np.full_like(image, fill)
        smaller = cv2.resize(image, (columns, rows), interpolation=interpolation)
        whole[top : top + rows, left : left + columns] = smaller
        return whole


def with_objects_of(
    pair: LabelledPair,
    other: LabelledPair,
    objects: Sequence[int],
    flipped: bool,
    distance: Distance = Distance(),
    unlit: bool = False,
) -> LabelledPair:
    """Return a pair with the objects of another one in front.

    Args:
        pair, other: of the same kind of cameras; the other one is resized to the pair's size.
        objects: class indices to take.
        flipped: the other one is mirrored left to right.
        distance: how far they move away.
        unlit: RGB stays as it is: only thermal sees them.
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
    taken = distance.moved(taken.astype(np.uint8), 0, cv2.INTER_NEAREST) > 0
    labels = distance.moved(labels, UNLABELED, cv2.INTER_NEAREST)
    rgb, thermal = (distance.moved(image, 0, cv2.INTER_AREA) for image in (rgb, thermal))
    return pair._replace(
        rgb=pair.rgb if unlit else np.where(taken[..., None], rgb, pair.rgb),
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
        config: `pasted_objects`: the probability that a pair gets objects; `pasted_scales`,
            `pasted_unlit`.

    Raises:
        ConfigError: `pasted_scales` are not the smallest and the largest.
    """

    def __init__(
        self,
        pairs: MixedPairs,
        rarity: np.ndarray,
        objects: Sequence[int],
        config: AugmentationConfig,
    ) -> None:
        low, high = config.pasted_scales
        if low > high:
            raise ConfigError(
                f"augmentation.pasted_scales {low}, {high}: the smallest, then the largest"
            )
        self.pairs, self.objects, self.config = pairs, tuple(objects), config
        self._groups = np.array([pairs.group(index) for index in range(len(pairs))])
        self._rarity = np.where(rarity > 1, rarity, 0.0)

    def __call__(self, index: int, seed: int) -> LabelledPair:
        """Return the pair of an index, with pasted objects or without; the seed decides."""
        pair, random = self.pairs[index], np.random.default_rng(seed)
        chances = self._rarity * (self._groups == self._groups[index])
        if random.random() >= self.config.pasted_objects or not chances.any():
            return pair
        other = self.pairs[int(random.choice(len(chances), p=chances / chances.sum()))]
        flipped = bool(random.random() < 0.5)
        low, high = np.log(self.config.pasted_scales)
        distance = Distance(float(np.exp(random.uniform(low, high))), random.uniform(0.2, 0.8))
        unlit = pair.rgb.mean() < DARK and random.random() < self.config.pasted_unlit
        return with_objects_of(pair, other, self.objects, flipped, distance, bool(unlit))
