"""A mask of some classes alone, such as of people: 255 where they are, 0 elsewhere."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

PEOPLE = frozenset({"person", "people", "pedestrian", "human", "rider", "cyclist", "survivor"})
"""Names of classes of people, in small letters."""


def chosen_classes(
    names: Sequence[str], wanted: Sequence[str]
) -> tuple[tuple[int, ...], tuple[str, ...]]:
    """Return the indices of the wanted classes, and the wanted names that no class has.

    Args:
        names: of all classes, in index order.
        wanted: names of classes, upper and lower case alike; none, or empty ones: people.
    """
    given = {name.strip().casefold(): name.strip() for name in wanted if name.strip()}
    known = [name.strip().casefold() for name in names]
    unknown = tuple(name for small, name in given.items() if small not in known)
    asked = given.keys() or PEOPLE
    return tuple(index for index, name in enumerate(known) if name in asked), unknown


def class_mask(mask: np.ndarray, indices: Sequence[int]) -> np.ndarray:
    """Return H x W uint8: 255 where a mask of class indices, H x W uint8, has one of them, else 0.

    Pixels below the confidence threshold (255) are of no class.
    """
    table = np.zeros(256, np.uint8)
    table[list(indices)] = 255
    return cv2.LUT(mask, table)
