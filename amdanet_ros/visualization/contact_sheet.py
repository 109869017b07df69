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
    rows: Sequence[ContactRow], table: ClassTable, tile_width: int = 320
) -> np.ndarray:
    """Draw rows, at least one, with headings and a legend of the classes that occur.

    Columns: RGB, thermal (false colours), fused, overlay, and exact labels if a row has them. An
    image is `tile_width` pixels wide; heights follow each RGB image's shape.

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
        headings, [GridRow(row.title, _tiles(row, table)) for row in rows], tile_width
    )
    seen = {int(i) for row in rows for i in np.unique(row.labels)}
    seen |= {int(i) for row in rows if row.truth is not None for i in np.unique(row.truth)}
    shown = [index for index in range(len(table)) if index in seen]
    return np.concatenate([grid, legend(table, grid.shape[1], shown)], axis=0)


def _tiles(row: ContactRow, table: ClassTable) -> list[np.ndarray]:
    drawn = overlay(row.fused, row.labels, table.palette)
    tiles = [row.rgb, colorize_thermal(row.thermal), row.fused, drawn]
    if row.truth is not None:
        tiles.append(colorize_labels(row.truth, table.palette))
    return tiles
