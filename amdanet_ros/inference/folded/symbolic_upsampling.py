"""Bilinear upsampling whose matrices are computed in the graph, for images of any size.

A banded matrix is cut into blocks of as many rows as fit a fixed number of columns, whatever the
sizes are: each block is a small matrix and the first of the source's lines that it needs.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import torch
from torch import Tensor


class Blocks(NamedTuple):
    """A banded target x source matrix, for one or three shifted images of the target.

    Attributes:
        lines: blocks x S int64, the lines of the source that each block needs.
        weights: blocks x rows x S T float32; columns ordered line, tap.
        target: number of lines of the result; the last block may hold more.
    """

    lines: Tensor
    weights: Tensor
    target: int


class Ratio(NamedTuple):
    """How many lines a source has for a number of the target's, at most.

    A source has one line for `step` of the target's, rounded up; the target has at least `least`.
    """

    step: int
    least: int

    def lines_for(self, rows: int) -> int:
        """Return how many neighbouring lines of the source `rows` lines of the target need."""
        return math.floor((rows - 1) * (1 / self.step + 1 / self.least)) + 3


def upsampling_blocks(source: int, target: int, rows: int, ratio: Ratio, is_tapped: bool) -> Blocks:
    """Return the bilinear upsampling from `source` to `target` lines, corners not aligned.

    With `is_tapped` the columns of each line are those of the taps -1, 0 and 1: the result's line
    i sums the first tap's upsampled line i - 1, the second's i and the third's i + 1; beyond the
    image they are zero. The weights are computed from whole numbers and are exact to one rounding.

    Args:
        source, target: numbers of lines; they may be symbols of an export.
        rows: of a block.
        ratio: a bound of source / target.
    """
    count = (target + rows - 1) // rows
    taps = (-1, 0, 1) if is_tapped else (0,)
    span = ratio.lines_for(rows + len(taps) - 1)
    line = torch.arange(count * rows).view(count, rows)
    first = _scaled(line[:, :1] + taps[0], source, target) // (2 * target)
    lines = (first + torch.arange(span)).clamp(max=source - 1)
    weights = []
    for tap in taps:
        place = _scaled(line + tap, source, target)
        low = place // (2 * target)
        share = (place - low * (2 * target)).float() / (2 * target)
        offset = (low - first)[:, :, None] + share[:, :, None]
        weight = (1.0 - (offset - torch.arange(span)).abs()).clamp(min=0.0)
        inside = (line + tap >= 0) & (line + tap < target)
        weights.append(weight * inside[:, :, None])
    return Blocks(lines, torch.stack(weights, dim=3).flatten(2), target)


def _scaled(line: Tensor, source: int, target: int) -> Tensor:
    """Return the place of the target's lines in the source, times 2 target: whole numbers."""
    place = (2 * line + 1) * source - target
    return torch.minimum(place.clamp(min=0), torch.full_like(place, 0) + 2 * target * (source - 1))


def upsampled(parts: list[tuple[Blocks, Tensor]]) -> Tensor:
    """Return the sum of upsampled sources, target x N.

    Args:
        parts: blocks, equal in target and rows, and each one's source lines, source x T N: N
            numbers for each tap.
    """
    gathered, weights = [], []
    for blocks, source in parts:
        taps = blocks.weights.shape[2] // blocks.lines.shape[1]
        lines = source[blocks.lines]
        gathered.append(lines.unflatten(2, (taps, -1)).flatten(1, 2))
        weights.append(blocks.weights)
    result = torch.matmul(torch.cat(weights, dim=2), torch.cat(gathered, dim=1))
    return result.flatten(0, 1)[: parts[0][0].target]
