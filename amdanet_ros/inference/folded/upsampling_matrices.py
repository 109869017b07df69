"""Bilinear upsampling by banded matrices: one for the rows, one for the columns."""

from __future__ import annotations

import torch
from torch import Tensor


def bilinear_matrix(source: int, target: int) -> Tensor:
    """Return the target x source float64 matrix of bilinear resizing, corners not aligned.

    Row i holds the two weights around (i + 1/2) source / target - 1/2, clamped to the image.
    Resizing a map X is then R X C^T with one such matrix for the rows and one for the columns.
    """
    position = (torch.arange(target, dtype=torch.float64) + 0.5) * source / target - 0.5
    position = position.clamp(0, source - 1)
    low = position.floor().long().clamp(max=source - 1)
    high = (low + 1).clamp(max=source - 1)
    weight = position - low
    matrix = torch.zeros(target, source, dtype=torch.float64)
    matrix.scatter_add_(1, low[:, None], (1.0 - weight)[:, None])
    matrix.scatter_add_(1, high[:, None], weight[:, None])
    return matrix


def shifted(matrix: Tensor, offset: int) -> Tensor:
    """Return the matrix whose row i is row i + offset of the given one, zero outside it.

    This is the upsampled image at the offset of a convolution's tap; the zero rows are the
    convolution's zero padding.
    """
    result = torch.zeros_like(matrix)
    count = len(matrix)
    if offset >= 0:
        result[: count - offset] = matrix[offset:]
    else:
        result[-offset:] = matrix[:offset]
    return result


def three_taps(matrix: Tensor) -> Tensor:
    """Return target x 3 source: for each source the columns of the taps -1, 0 and 1.

    A product with it sums the shifted upsamplings of the three taps. With this order of columns
    the matrix stays banded.
    """
    return torch.stack([shifted(matrix, offset) for offset in (-1, 0, 1)], dim=2).flatten(1)


def blocks(matrix: Tensor, rows: int) -> list[tuple[int, int, int, int]]:
    """Cut a banded matrix into blocks of ``rows`` rows.

    Returns:
        (first row, end row, first column, end column) of each block: outside these half-open
        ranges of columns its rows are 0.
    """
    result = []
    for first in range(0, len(matrix), rows):
        end = min(first + rows, len(matrix))
        touched = matrix[first:end].any(dim=0).nonzero()[:, 0]
        result.append((first, end, int(touched[0]), int(touched[-1]) + 1))
    return result
