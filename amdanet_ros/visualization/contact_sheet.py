"""A contact sheet: a row of images for each pair: RGB, thermal, fused, overlay, labels."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ..classes import ClassTable
from .colorize import colorize_labels, colorize_thermal
from .image_grid import GridRow, image_grid
from .legend import legend
from .overlay import overlay


@dataclass(frozen=True, eq=False)
class ContactRow:
    """One pair and its prediction.

    Attributes:
        title: printed above the row.
        rgb: H x W x 3 uint8.
        thermal: h x w uint8, uint16 or float, of any size.
        fused: H x W x 3 uint8.
        labels: H x W uint8, 255 = unlabelled.
        truth: H x W uint8, the exact labels; None if there are none.
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
    """Draw the rows below each other with headings and a legend of the classes that occur.

    Columns: RGB, thermal (false colours), fused, overlay, and exact labels if a row has them.

    Args:
        rows: at least one.
        table: the classes' names and colours.
        tile_width: of each image, in pixels; heights follow each RGB image's shape.
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
    grid = image_grid(
        headings, [GridRow(row.title, _tiles(row, table, alpha)) for row in rows], tile_width
    )
    return np.concatenate([grid, legend(table, grid.shape[1], _occurring(rows, table))], axis=0)


def _tiles(row: ContactRow, table: ClassTable, alpha: float) -> list[np.ndarray]:
    tiles = [
        row.rgb,
        colorize_thermal(row.thermal),
        row.fused,
        overlay(row.fused, row.labels, table.palette, alpha),
    ]
    if row.truth is not None:
        tiles.append(colorize_labels(row.truth, table.palette))
    return tiles


def _occurring(rows: Sequence[ContactRow], table: ClassTable) -> list[int]:
    """Return the classes that occur in labels or exact labels, in index order."""
    counts = np.zeros(256, np.int64)
    for row in rows:
        for labels in (row.labels, row.truth):
            if labels is not None:
                counts += np.bincount(labels.ravel(), minlength=256)
    return [index for index in range(len(table)) if counts[index]]
