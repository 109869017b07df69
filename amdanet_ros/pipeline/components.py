"""The connected regions of a mask: where they are, how sure they are, and how warm."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import cv2
import numpy as np

from .temperature import mean_and_max

BACKGROUND = frozenset({"unlabeled", "unlabelled", "background", "void", "none"})
"""Names of classes that stand for no thing, in small letters."""


class Component(NamedTuple):
    """A region of one class whose pixels touch, also at their corners.

    Attributes:
        class_index: of its class.
        left: of the smallest upright rectangle around it, pixels of the mask.
        top: likewise.
        width: likewise, at least 1.
        height: likewise.
        pixels: how many it has.
        confidence: mean softmax over them, 0 to 1.
        mean_temperature: of those that were measured, degrees Celsius; NaN: none was.
        max_temperature: likewise.
    """

    class_index: int
    left: int
    top: int
    width: int
    height: int
    pixels: int
    confidence: float
    mean_temperature: float
    max_temperature: float


def component_classes(names: Sequence[str], wanted: Sequence[str]) -> tuple[int, ...]:
    """Return the indices of classes whose components are told.

    Args:
        names: of all classes, in index order.
        wanted: names, upper and lower case alike; none, or empty ones: all but the background.
    """
    given = {name.strip().casefold() for name in wanted if name.strip()}
    known = [name.strip().casefold() for name in names]
    return tuple(
        index
        for index, name in enumerate(known)
        if (name in given if given else name not in BACKGROUND)
    )


def components(
    mask: np.ndarray,
    confidence: np.ndarray,
    celsius: np.ndarray | None,
    indices: Sequence[int],
    limits: tuple[int, int],
) -> tuple[Component, ...]:
    """Return the components of some classes, the largest first.

    Args:
        mask: H x W uint8 class index; 255: unlabelled, which belongs to no component.
        confidence: H x W float32, 0 to 1.
        celsius: H x W float32, NaN where nothing was measured; None: nowhere.
        indices: of the classes.
        limits: pixels that a component has at least, and how many components there are at most.
    """
    least, most = limits
    counts = cv2.calcHist([mask], [0], None, [256], [0, 256]).ravel()
    found: list[Component] = []
    for index in indices:
        if not counts[index] or counts[index] < least:
            continue
        _, regions, boxes, _ = cv2.connectedComponentsWithStats(
            (mask == index).view(np.uint8), connectivity=8, ltype=cv2.CV_32S
        )
        sizes = boxes[1:, cv2.CC_STAT_AREA]
        largest = 1 + np.argsort(-sizes, kind="stable")[:most]
        for region in largest[sizes[largest - 1] >= least]:
            left, top, width, height, pixels = boxes[region].tolist()
            part = np.s_[top : top + height, left : left + width]
            inside = (regions[part] == region).view(np.uint8)
            heat = (np.nan, np.nan) if celsius is None else mean_and_max(celsius[part], inside)
            sure = cv2.mean(confidence[part], inside)[0]
            found.append(Component(index, left, top, width, height, pixels, sure, *heat))
    found.sort(key=lambda each: (-each.pixels, each.class_index, each.top, each.left))
    return tuple(found[:most])
