"""The segmentation decoder in the form that OpenVINO computes fastest."""

from __future__ import annotations

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from .layers import live
from .segmentation_decoder import FoldedSegmentationDecoder
from .size_cache import SizeCache
from .tiled_upsampling import tile_length, tiles
from .upsampling_matrices import bilinear_matrix, blocks

Size = tuple[int, int]
_ROWS = 24
_LEAST_LINES, _MOST_LINES = 32, 64


class ConvertedSegmentationDecoder(nn.Module):
    """As `FoldedSegmentationDecoder`, for one sample and a trace at one size.

    The class scores are upsampled by products too, which leave them in the order of the result.
    """

    def __init__(self, decoder: FoldedSegmentationDecoder, is_half: bool) -> None:
        super().__init__()
        self.is_half = is_half
        self.projections = decoder.projections
        self.classes = decoder.classes
        self._matrices = SizeCache(lambda *sizes: _Matrices(*sizes, is_half))
        self._last = SizeCache(_LastMatrices)

    def forward(self, features: Sequence[Tensor], sizes: Sequence[Size], size: Size) -> Tensor:
        """See `FoldedSegmentationDecoder.forward`."""
        height, width = sizes[0]
        like = features[0] if self.is_half else None
        finest = self.projections[0](features[0]).view(height, -1)
        coarse = []
        for feature, projection, small in zip(
            features[1:], self.projections[1:], sizes[1:], strict=True
        ):
            matrices = self._matrices(small, sizes[0])
            projected = projection(feature).view(*small, -1)
            widened = torch.matmul(live(matrices.columns, like), projected)
            coarse.append((matrices, widened.flatten(1)))
        scores = []
        count = height if self.is_half else _ROWS
        for index, first in enumerate(range(0, height, count)):
            end = min(first + count, height)
            total = finest[first:end]
            for matrices, widened in coarse:
                low, high, rows = matrices.rows[index]
                total = total + torch.matmul(live(rows, like), widened[low:high])
            mixed = total.relu().view((end - first) * width, -1)
            scores.append(self.classes(mixed))
        low = torch.cat(scores).transpose(0, 1).reshape(-1, height, width)
        return _upsampled(low, self._last(sizes[0], size))[None]

    def prepare(self, sizes: Sequence[Size], size: Size) -> None:
        """Compute the matrices of sizes, which a trace then finds as constants."""
        for each in sizes[1:]:
            self._matrices(each, sizes[0])
        self._last(sizes[0], size)


class _Matrices:
    """Matrices that upsample from one size to another; the rows' in blocks."""

    def __init__(self, source: Size, target: Size, is_half: bool) -> None:
        self.columns = bilinear_matrix(source[1], target[1]).float()
        rows = bilinear_matrix(source[0], target[0])
        self.rows = [
            (low, high, rows[first:end, low:high].float())
            for first, end, low, high in blocks(rows, target[0] if is_half else _ROWS)
        ]


class _LastMatrices:
    """Matrices that upsample the class scores; the rows' in tiles."""

    def __init__(self, source: Size, target: Size) -> None:
        self.height = target[0]
        self.columns = bilinear_matrix(source[1], target[1]).float()
        length = tile_length(target[0], _LEAST_LINES, _MOST_LINES)
        self.rows, lines = tiles(bilinear_matrix(source[0], target[0]), length)
        self.lines = lines.flatten()


def _upsampled(maps: Tensor, matrices: _LastMatrices) -> Tensor:
    """Resize K x h x w maps bilinearly to K x H x W, corners not aligned."""
    classes = len(maps)
    widened = F.linear(maps, matrices.columns)
    tiled = widened.index_select(1, matrices.lines)
    tiled = tiled.view(classes, len(matrices.rows), -1, widened.shape[2])
    # A constant operand: the product is in float32, as the result is.
    whole = torch.matmul(matrices.rows[None], tiled).flatten(1, 2)
    return whole[:, : matrices.height]
