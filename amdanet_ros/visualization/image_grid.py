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
    """Draw rows of images below each other.

    Args:
        headings: of the columns.
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
    bands = [_heading_band(headings, tile_width, width)]
    for row in rows:
        if not 0 < len(row.tiles) <= len(headings):
            raise ValueError(f"row {row.title!r}: {len(row.tiles)} tiles, {len(headings)} columns")
        bands.append(_text_band(row.title, width))
        bands.append(_tile_band(row.tiles, tile_width, width))
    return np.concatenate(bands, axis=0)


def _heading_band(headings: Sequence[str], tile_width: int, width: int) -> np.ndarray:
    band = np.full((_BAND, width, 3), BACKGROUND, np.uint8)
    for column, heading in enumerate(headings):
        write(band, heading, (GAP + column * (tile_width + GAP), _BAND - 6), _TEXT)
    return band


def _text_band(text: str, width: int) -> np.ndarray:
    band = np.full((_BAND, width, 3), BACKGROUND, np.uint8)
    write(band, text, (GAP, _BAND - 7), _TEXT - 2)
    return band


def _tile_band(tiles: Sequence[np.ndarray], tile_width: int, width: int) -> np.ndarray:
    height = max(1, round(tile_width * tiles[0].shape[0] / tiles[0].shape[1]))
    band = np.full((height + GAP, width, 3), BACKGROUND, np.uint8)
    for column, tile in enumerate(tiles):
        left = GAP + column * (tile_width + GAP)
        shrinks = tile.shape[1] > tile_width
        method = cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
        band[:height, left : left + tile_width] = cv2.resize(
            tile, (tile_width, height), interpolation=method
        )
    return band
