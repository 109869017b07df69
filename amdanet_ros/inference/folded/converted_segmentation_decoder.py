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
from .upsampling_matrices import bilinear_matrix

Size = tuple[int, int]
_LEAST_LINES, _MOST_LINES = 32, 64


class ConvertedSegmentationDecoder(nn.Module):
    """As `FoldedSegmentationDecoder`, for one sample and a trace at one size.

    The class scores are upsampled by products too, which leave them in the order of the result.
    """

    def __init__(self, decoder: FoldedSegmentationDecoder) -> None:
        super().__init__()
        self.projections = decoder.projections
        self.classes = decoder.classes
        self._matrices = SizeCache(_Matrices)
        self._last = SizeCache(_LastMatrices)

    def forward(self, features: Sequence[Tensor], sizes: Sequence[Size], size: Size) -> Tensor:
        """See `FoldedSegmentationDecoder.forward`."""
        height, width = sizes[0]
        total = self.projections[0](features[0]).view(height, -1)
        for feature, projection, small in zip(
            features[1:], self.projections[1:], sizes[1:], strict=True
        ):
            matrices = self._matrices(small, sizes[0])
            projected = projection(feature).view(*small, -1)
            widened = torch.matmul(live(matrices.columns, feature), projected).flatten(1)
            total = total + torch.matmul(live(matrices.rows, feature), widened)
        scores = self.classes(total.relu().view(height * width, -1))
        low = scores.transpose(0, 1).reshape(-1, height, width)
        return _upsampled(low, self._last(sizes[0], size))[None]

    def prepare(self, sizes: Sequence[Size], size: Size) -> None:
        """Compute the matrices of sizes, which a trace then finds as constants."""
        for each in sizes[1:]:
            self._matrices(each, sizes[0])
        self._last(sizes[0], size)


class _Matrices:
    """Matrices that upsample from one size to another."""

    def __init__(self, source: Size, target: Size) -> None:
        self.columns = bilinear_matrix(source[1], target[1]).float()
        self.rows = bilinear_matrix(source[0], target[0]).float()


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
