"""A contact sheet: for each pair the two pictures, the fused one and the classes over it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from ..classes import ClassTable
from .colorize import colorize_labels, colorize_thermal
from .legend import BACKGROUND, legend, write
from .overlay import overlay

_GAP = 6
_TEXT = 12
_BAND = 2 * _TEXT


@dataclass(frozen=True, eq=False)
class ContactRow:
    """One pair and its prediction.

    Attributes:
        title: printed above the row.
        rgb: H x W x 3 uint8.
        thermal: h x w uint8, uint16 or float, of any size.
        fused: H x W x 3 uint8.
        labels: H x W uint8, 255 = unlabelled.
        truth: H x W uint8, the exact labels; None where there are none.
    """

    title: str
    rgb: np.ndarray
    thermal: np.ndarray
    fused: np.ndarray
    labels: np.ndarray
    truth: np.ndarray | None = None


def contact_sheet(
    rows: Sequence[ContactRow], table: ClassTable, tile_width: int = 320, alpha: float = 0.5
) -> np.ndarray:
    """Draw the rows under each other with headings, and a legend of the classes that occur.

    Columns: RGB, thermal (false colours), fused, overlay, and exact labels where a row has them.

    Args:
        rows: at least one.
        table: the classes' names and colours.
        tile_width: of each picture, in pixels; heights follow each RGB picture's shape.
        alpha: weight of the colours in the overlay.

    Returns:
        height x width x 3 uint8 RGB.

    Raises:
        ValueError: no row.
    """
    if not rows:
        raise ValueError("a contact sheet needs at least one row")
    with_truth = any(row.truth is not None for row in rows)
    headings = ["RGB", "thermal", "fused", "overlay"] + ["exact labels"] * with_truth
    width = _GAP + len(headings) * (tile_width + _GAP)
    bands = [_heading_band(headings, tile_width, width)]
    for row in rows:
        bands.append(_text_band(row.title, width))
        bands.append(_picture_band(row, table, tile_width, alpha, len(headings), width))
    bands.append(legend(table, width, _occurring(rows, table)))
    return np.concatenate(bands, axis=0)


def _heading_band(headings: Sequence[str], tile_width: int, width: int) -> np.ndarray:
    band = np.full((_BAND, width, 3), BACKGROUND, np.uint8)
    for column, heading in enumerate(headings):
        write(band, heading, (_GAP + column * (tile_width + _GAP), _BAND - 6), _TEXT)
    return band


def _text_band(text: str, width: int) -> np.ndarray:
    band = np.full((_BAND, width, 3), BACKGROUND, np.uint8)
    write(band, text, (_GAP, _BAND - 7), _TEXT - 2)
    return band


def _picture_band(
    row: ContactRow, table: ClassTable, tile_width: int, alpha: float, columns: int, width: int
) -> np.ndarray:
    height = max(1, round(tile_width * row.rgb.shape[0] / row.rgb.shape[1]))
    tiles = [
        row.rgb,
        colorize_thermal(row.thermal),
        row.fused,
        overlay(row.fused, row.labels, table.palette, alpha),
    ]
    if columns > len(tiles) and row.truth is not None:
        tiles.append(colorize_labels(row.truth, table.palette))
    band = np.full((height + _GAP, width, 3), BACKGROUND, np.uint8)
    for column, tile in enumerate(tiles):
        left = _GAP + column * (tile_width + _GAP)
        shrinks = tile.shape[1] > tile_width
        method = cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
        band[:height, left : left + tile_width] = cv2.resize(
            tile, (tile_width, height), interpolation=method
        )
    return band


def _occurring(rows: Sequence[ContactRow], table: ClassTable) -> list[int]:
    """Return the classes that any row's labels or exact labels hold, in index order."""
    counts = np.zeros(256, np.int64)
    for row in rows:
        for labels in (row.labels, row.truth):
            if labels is not None:
                counts += np.bincount(labels.ravel(), minlength=256)
    return [index for index in range(len(table)) if counts[index]]
