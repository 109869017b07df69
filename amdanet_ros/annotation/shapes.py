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

MOST_MASK_PIXELS = 4_000_000_000
"""Of all masks of a file together: 500 MB. A run of a few letters may stand for millions."""

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
        bits: a mask instead of these, eight pixels a byte, or None; see ``of_mask``.
        size: (height, width) of the mask.
        corner: (top, left) of the mask in the image.
    """

    label: str
    rings: tuple[np.ndarray, ...] = ()
    bits: np.ndarray | None = None
    size: tuple[int, int] = (0, 0)
    corner: tuple[int, int] = (0, 0)

    @classmethod
    def of_mask(cls, label: str, mask: np.ndarray, corner: tuple[int, int] = (0, 0)) -> Shape:
        """Return the shape of a mask, h x w bool, whose first pixel lies at (top, left)."""
        return cls(label, (), np.packbits(mask), mask.shape, corner)

    @property
    def mask(self) -> np.ndarray | None:
        """The mask, h x w bool, or None."""
        if self.bits is None:
            return None
        count = self.size[0] * self.size[1]
        return np.unpackbits(self.bits, count=count).reshape(self.size).astype(bool)


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


class MaskRoom:
    """How many pixels the masks of some annotations may still have together."""

    def __init__(self, pixels: int = MOST_MASK_PIXELS) -> None:
        self._left = pixels

    def take(self, shape: Shape, where: str) -> Shape:
        """Return a shape for which there is room.

        Raises:
            AnnotationError: there is none.
        """
        self._left -= shape.size[0] * shape.size[1]
        if self._left < 0:
            raise AnnotationError(
                f"{where}: the masks have more than {MOST_MASK_PIXELS / 1e9:g} billion pixels "
                "together: export fewer images at a time"
            )
        return shape


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
        mask = shape.mask
        if mask is None:
            labels[filled(shape.rings, image.size)] = index
            continue
        top, left = shape.corner
        mask = mask[max(0, -top) : max(0, height - top), max(0, -left) : max(0, width - left)]
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
