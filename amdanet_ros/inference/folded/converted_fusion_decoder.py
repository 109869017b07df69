"""The fusion decoder in the form that OpenVINO computes fastest."""

from __future__ import annotations

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ...network.fusion_decoder import POINT_CHANNELS
from ...network.luminance_mixing import mixed_luminance
from .fusion_decoder import FoldedFusionDecoder
from .layers import as_map, as_tokens, live, spatial_size
from .size_cache import SizeCache
from .tiled_upsampling import tile_length, tiles
from .upsampling_matrices import bilinear_matrix, blocks, three_taps

Size = tuple[int, int]
_ROWS = 32
_LEAST_COLUMNS, _MOST_COLUMNS = 32, 64


class ConvertedFusionDecoder(nn.Module):
    """As `FoldedFusionDecoder`, for one sample and a trace at one size.

    The channels come last throughout, as OpenVINO's convolutions have them. The points are gathered
    in tiles of columns, so that each upsampling is one product of batches and no operand is a part
    of another.
    """

    def __init__(self, decoder: FoldedFusionDecoder) -> None:
        super().__init__()
        self.points = decoder.points
        self.luminance_mixing = decoder.luminance_mixing
        for stage in (1, 2, 3, 4):
            taps = getattr(decoder, f"taps_{stage}").view(3, 3, POINT_CHANNELS, -1)
            # dx, dy, output, input to dy, input, (dx, output)
            turned = taps.permute(1, 3, 0, 2).flatten(2).contiguous()
            self.register_buffer(f"taps_{stage}", turned)
        self.register_buffer("image_weight", decoder.image_weight)
        self.register_buffer("image_bias", decoder.image_bias)
        self.register_buffer("last_weight", decoder.last_weight[:, :, None, None])
        self.register_buffer("last_bias", decoder.last_bias[:, 0])
        self._matrices = SizeCache(_Matrices)

    def forward(
        self,
        pairs: Sequence[tuple[Tensor, Tensor]],
        sizes: Sequence[Size],
        rgb: Tensor,
        thermal: Tensor,
    ) -> Tensor:
        """See `FoldedFusionDecoder.forward`."""
        height, width = spatial_size(rgb)
        images = torch.cat([rgb, thermal], dim=1)
        stages = []
        for stage, (pair, size) in enumerate(zip(pairs, sizes, strict=True), start=1):
            matrices = self._matrices(size, (height, width))
            stages.append((matrices, self._widened(stage, pair, size, matrices, thermal)))
        fused = []
        for index, first in enumerate(range(0, height, _ROWS)):
            end = min(first + _ROWS, height)
            total = self._image_part(images, first, end)
            for matrices, widened in stages:
                low, high, rows = matrices.rows[index]
                total = total + torch.matmul(live(rows, thermal), widened[low:high])
            mixed = as_map(total.relu().view(1, -1, POINT_CHANNELS), end - first, width)
            fused.append(F.conv2d(mixed, self.last_weight, self.last_bias).sigmoid())
        decoded = torch.cat(fused, dim=2)
        return mixed_luminance(rgb, thermal, decoded) if self.luminance_mixing else decoded

    def prepare(self, sizes: Sequence[Size], size: Size) -> None:
        """Compute the matrices of sizes, which a trace then finds as constants."""
        for each in sizes:
            self._matrices(each, size)

    def _image_part(self, images: Tensor, first: int, end: int) -> Tensor:
        """Return the images' part of the mixing for some rows, rows x (W 16)."""
        height = int(images.shape[2])
        part = images[:, :, max(first - 1, 0) : min(end + 1, height)]
        part = F.pad(part, (0, 0, int(first == 0), int(end == height)))
        mixed = F.conv2d(part, self.image_weight, self.image_bias, padding=(0, 1))
        return as_tokens(mixed).reshape(end - first, -1)

    def _widened(
        self,
        stage: int,
        pair: tuple[Tensor, Tensor],
        size: Size,
        matrices: _Matrices,
        like: Tensor,
    ) -> Tensor:
        """Return a stage's taps upsampled along the columns: (3 h) x (W 16), rows source-major."""
        h, w = size
        points = [
            point(tokens)
            for point, tokens in zip(self.points[2 * stage - 2 : 2 * stage], pair, strict=True)
        ]
        point = torch.cat(points, dim=2).relu().view(h, w, -1)
        gathered = point.index_select(1, matrices.lines).unsqueeze(1)
        taps = torch.matmul(gathered, live(getattr(self, f"taps_{stage}"), like)[None])
        # row and dy, tile, line and dx, output
        taps = taps.view(3 * h, len(matrices.columns), -1, POINT_CHANNELS)
        widened = torch.matmul(live(matrices.columns, like)[None], taps)
        return widened.view(3 * h, -1, POINT_CHANNELS)[:, : matrices.width].flatten(1)


class _Matrices:
    """Matrices that upsample the nine taps from one size to another, in tiles and blocks."""

    def __init__(self, source: Size, target: Size) -> None:
        self.width = target[1]
        length = tile_length(self.width, _LEAST_COLUMNS, _MOST_COLUMNS)
        cut = tiles(three_taps(bilinear_matrix(source[1], self.width)), length, group=3)
        self.columns = cut.weights
        self.lines = (cut.columns[:, ::3] // 3).flatten()
        rows = three_taps(bilinear_matrix(source[0], target[0]))
        self.rows = [
            (low, high, rows[first:end, low:high].float())
            for first, end, low, high in blocks(rows, _ROWS)
        ]
