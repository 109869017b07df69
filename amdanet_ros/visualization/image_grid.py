"""A grid of images with headings."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from .legend import BACKGROUND, write

GAP = 6
_TEXT = 12
_BAND = 2 * _TEXT


@dataclass(frozen=True, eq=False)
class GridRow:
    """A row of a grid.

    Attributes:
        title: printed above it.
        tiles: H x W x 3 uint8 RGB images of any size; the first one decides the row's shape.
    """

    title: str
    tiles: Sequence[np.ndarray]


def image_grid(
    headings: Sequence[str], rows: Sequence[GridRow], tile_width: int = 320
) -> np.ndarray:
    """Draw rows of images below each other, with headings of the columns.

    Args:
        rows: at least one, each with no more tiles than there are headings.
        tile_width: of each image, in pixels; heights follow the shape of each row's first tile.

    Returns:
        height x width x 3 uint8 RGB.

    Raises:
        ValueError: no row, a row without a tile or with too many.
    """
    if not rows:
        raise ValueError("a grid of images needs at least one row")
    width = GAP + len(headings) * (tile_width + GAP)
    lefts = [GAP + column * (tile_width + GAP) for column in range(len(headings))]
    bands = [np.full((_BAND, width, 3), BACKGROUND, np.uint8)]
    for left, heading in zip(lefts, headings, strict=True):
        write(bands[0], heading, (left, _BAND - 6), _TEXT)
    for row in rows:
        if not 0 < len(row.tiles) <= len(headings):
            raise ValueError(f"row {row.title!r}: {len(row.tiles)} tiles, {len(headings)} columns")
        title = np.full((_BAND, width, 3), BACKGROUND, np.uint8)
        write(title, row.title, (GAP, _BAND - 7), _TEXT - 2)
        bands += [title, _tile_band(row.tiles, lefts, tile_width, width)]
    return np.concatenate(bands, axis=0)


def _tile_band(
    tiles: Sequence[np.ndarray], lefts: Sequence[int], tile_width: int, width: int
) -> np.ndarray:
    height = max(1, round(tile_width * tiles[0].shape[0] / tiles[0].shape[1]))
    band = np.full((height + GAP, width, 3), BACKGROUND, np.uint8)
    for left, tile in zip(lefts, tiles, strict=False):
        shrinks = tile.shape[1] > tile_width
        method = cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
        band[:height, left : left + tile_width] = cv2.resize(
            tile, (tile_width, height), interpolation=method
        )
    return band
