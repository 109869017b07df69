"""Bilinear upsampling in tiles: small matrices, and the source's lines that each tile needs."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor

from .upsampling_matrices import blocks


class Tiles(NamedTuple):
    """A banded matrix in tiles of equal numbers of rows, each with S of its columns.

    Attributes:
        weights: count x rows x S float32; rows beyond the last of the matrix are zero.
        columns: count x S int64.
    """

    weights: Tensor
    columns: Tensor


def tiles(matrix: Tensor, rows: int, group: int = 1) -> Tiles:
    """Cut a banded matrix into tiles of ``rows`` rows.

    Args:
        matrix: R x C float64.
        rows: of each tile.
        group: the columns of a tile begin at a multiple of it, and S is one.
    """
    bands = [
        (first, end, low // group * group, -(-high // group) * group)
        for first, end, low, high in blocks(matrix, rows)
    ]
    span = max(high - low for _, _, low, high in bands)
    weights = torch.zeros(len(bands), rows, span)
    columns = []
    for number, (first, end, low, _) in enumerate(bands):
        low = min(low, matrix.shape[1] - span)
        weights[number, : end - first] = matrix[first:end, low : low + span].float()
        columns.append(torch.arange(low, low + span))
    return Tiles(weights, torch.stack(columns))


def tile_length(length: int, least: int, most: int) -> int:
    """Return the largest divisor of a length from ``least`` to ``most``; without one, ``least``."""
    divisors = [each for each in range(least, most + 1) if length % each == 0]
    return max(divisors, default=least)
