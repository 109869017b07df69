"""Areas that people draw, and the class maps that they make."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from ..classes import NONE_OF, UNLABELED
from ..one_line import one_line
from .errors import AnnotationError
from .polygons import filled

NONE_OF_NAME = "none_of"
"""Name of label 254 in annotations: none of the classes that the data set lists."""

ERASER = "unlabeled"
"""Name of an area without label (255), where no class has this name."""


@dataclass(frozen=True, eq=False)
class Shape:
    """An area of one class.

    Attributes:
        label: the class's name.
        rings: closed polygons, N x 2 float64 of x and y, in pixels: pixel i reaches from i to
            i + 1. Where they overlap an even number of times is a hole.
        mask: h x w bool instead of these, or None.
        corner: (top, left) of the mask in the image.
    """

    label: str
    rings: tuple[np.ndarray, ...] = ()
    mask: np.ndarray | None = None
    corner: tuple[int, int] = (0, 0)


@dataclass(frozen=True, eq=False)
class AnnotatedImage:
    """What was drawn in one image.

    Attributes:
        file: the image's name in the annotations, perhaps with folders and an ending.
        size: (height, width) in pixels.
        shapes: later ones lie over earlier ones.
    """

    file: str
    size: tuple[int, int]
    shapes: tuple[Shape, ...]


@dataclass(frozen=True, eq=False)
class Annotations:
    """What a file or folder of annotations holds.

    Attributes:
        images: in the order of the file.
        left_out: how many shapes say no area, by their kind ("points", "polyline", ...).
    """

    images: Sequence[AnnotatedImage]
    left_out: Counter[str] = field(default_factory=Counter)


def index_of(label: str, indices: Mapping[str, int], where: str) -> int:
    """Return a class's index.

    Raises:
        AnnotationError: no class has that name; the message names it and the known ones.
    """
    if label in indices:
        return indices[label]
    if label == NONE_OF_NAME:
        return NONE_OF
    if label == ERASER:
        return UNLABELED
    known = one_line(", ".join(indices), 300)
    raise AnnotationError(
        f"{where}: no class {one_line(repr(label), 80)}: known are {known}; rename it there, or "
        "name another table with --classes"
    )


def painted(image: AnnotatedImage, indices: Mapping[str, int], where: str) -> np.ndarray:
    """Return H x W uint8 class indices, 255 where nothing was drawn.

    Args:
        image: with its shapes.
        indices: class index by name.
        where: for messages.

    Raises:
        AnnotationError: an unknown class.
    """
    labels = np.full(image.size, UNLABELED, np.uint8)
    height, width = image.size
    for shape in image.shapes:
        index = index_of(shape.label, indices, where)
        if shape.mask is None:
            labels[filled(shape.rings, image.size)] = index
            continue
        top, left = shape.corner
        mask = shape.mask[max(0, -top) : max(0, height - top), max(0, -left) : max(0, width - left)]
        rows, columns = mask.shape
        part = labels[max(0, top) :, max(0, left) :][:rows, :columns]
        part[mask] = index
    return labels


def names_by_index(names: Sequence[str], present: np.ndarray, where: str) -> dict[int, str]:
    """Return the name to write for each label that occurs, without 255.

    Raises:
        AnnotationError: a label that is no class.
    """
    found = {}
    for index in present.tolist():
        if index == NONE_OF and NONE_OF_NAME not in names:
            found[index] = NONE_OF_NAME
        elif index < len(names):
            found[index] = names[index]
        elif index != UNLABELED:
            raise AnnotationError(
                f"{where} holds label {index}, and there are {len(names)} classes: name their "
                "table with --classes"
            )
    return found
