"""The fusion decoder, folded: it mixes channels at low size and upsamples by matrices."""

from __future__ import annotations

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ...network.fusion_decoder import POINT_CHANNELS, FusionDecoder
from ...network.luminance_mixing import mixed_luminance
from .affine import Affine, affine_of, one_channel_for_three, with_batch_norm
from .layers import TokenLinear, add_product, spatial_size
from .size_cache import SizeCache
from .upsampling_matrices import bilinear_matrix, blocks, shifted, three_taps

Size = tuple[int, int]
_STAGES = (1, 2, 3, 4)
_BLOCK_ROWS = 32
_BLOCK_COLUMNS = 128


def mixing_with_batch_norm(decoder: FusionDecoder) -> Affine:
    """Return the 3 x 3 convolution over all 134 channels, merged with its BatchNorm."""
    return with_batch_norm(affine_of(decoder.CNN_fuse[0]), decoder.CNN_fuse[1])


def tap_weights(mixing: Affine, stage: int) -> Tensor:
    """Return a stage's part of the 3 x 3 convolution as 144 x 32: nine taps of 16 outputs.

    A convolution is a sum over its nine taps of a per-pixel map of the shifted image. Per-pixel
    maps commute with shifting and with bilinear upsampling, so each tap's map is applied at the
    stage's own size, and its 16 outputs are upsampled, shifted and summed.

    The rows are ordered dx, dy, output channel.
    """
    start = 2 * POINT_CHANNELS * (stage - 1)
    share = mixing.weight[:, start : start + 2 * POINT_CHANNELS]
    return share.permute(3, 2, 0, 1).flatten(0, 2)


def image_convolution(mixing: Affine) -> Affine:
    """Return the part of the two images, RGB and one thermal channel: 16 x 4 x 3 x 3."""
    return one_channel_for_three(Affine(mixing.weight[:, -6:], mixing.bias), first=3)


class FoldedFusionDecoder(nn.Module):
    """Maps the aligned pairs of all stages and the two images to the fused image."""

    def __init__(self, decoder: FusionDecoder) -> None:
        super().__init__()
        mixing = mixing_with_batch_norm(decoder)
        self.points = nn.ModuleList()
        for stage in _STAGES:
            for modality in ("rgb", "ir"):
                convolution, norm, _ = getattr(decoder, f"PointConv_{stage}_{modality}").pconv
                self.points.append(TokenLinear(with_batch_norm(affine_of(convolution), norm)))
            self.register_buffer(f"taps_{stage}", tap_weights(mixing, stage).float().contiguous())
        images = image_convolution(mixing)
        self.register_buffer("image_weight", images.weight.float())
        self.register_buffer("image_bias", images.bias.float())
        last = affine_of(decoder.CNN_fuse[3])
        self.register_buffer("last_weight", last.weight.float())
        self.register_buffer("last_bias", last.bias.float()[:, None])
        self.luminance_mixing = decoder.luminance_mixing
        self._matrices = SizeCache(_Matrices)

    def forward(
        self,
        pairs: Sequence[tuple[Tensor, Tensor]],
        sizes: Sequence[Size],
        rgb: Tensor,
        thermal: Tensor,
    ) -> Tensor:
        """Decode the pairs of all stages and the images, B x 3 and B x 1 x H x W in [0, 1].

        Args:
            pairs, sizes: of each stage, tokens of both branches, B x N_s x C_s; (height, width).

        Returns:
            The fused image, B x 3 x H x W in [0, 1].
        """
        fused = []
        for i in range(len(rgb)):
            pair = [(r[i], t[i]) for r, t in pairs]
            images = torch.cat([rgb[i : i + 1], thermal[i : i + 1]], dim=1)
            fused.append(self._decode(pair, sizes, images))
        stacked = torch.stack(fused)
        return mixed_luminance(rgb, thermal, stacked) if self.luminance_mixing else stacked

    def extra_repr(self) -> str:
        """What the weights do not say; caches of compiled networks tell networks apart by it."""
        return f"luminance_mixing={self.luminance_mixing}"

    def size_dependent(self) -> list[object]:
        """Return the matrices of the latest sizes."""
        return self._matrices.values()

    def _decode(
        self, pairs: Sequence[tuple[Tensor, Tensor]], sizes: Sequence[Size], images: Tensor
    ) -> Tensor:
        """Decode one sample to 3 x H x W, block by block of rows."""
        height, width = spatial_size(images)
        stages = []
        for stage, (pair, size) in enumerate(zip(pairs, sizes, strict=True), start=1):
            matrices = self._matrices(size, (height, width), images.device)
            stages.append((matrices, self._widened(stage, pair, size, matrices)))
        padded = F.pad(images, (1, 1, 1, 1))
        fused = []  # concatenated at the end: in ONNX each write into a part copies the whole
        for index, first in enumerate(range(0, height, stages[0][0].block_rows)):
            end = min(first + stages[0][0].block_rows, height)
            block = F.conv2d(padded[:, :, first : end + 2], self.image_weight, self.image_bias)
            mixed = block[0].transpose(0, 1).contiguous()  # row, channel, column
            sums = mixed.flatten(1)
            for matrices, widened in stages:
                _, _, low, high = matrices.row_blocks[index]
                sums = add_product(sums, matrices.rows[first:end, low:high], widened[low:high])
            mixed = sums.view_as(mixed).relu_()
            three = torch.matmul(self.last_weight, mixed).add_(self.last_bias).sigmoid_()
            fused.append(three.transpose(0, 1))
        return torch.cat(fused, dim=1)

    def _widened(
        self, stage: int, pair: tuple[Tensor, Tensor], size: Size, matrices: _Matrices
    ) -> Tensor:
        """Return a stage's taps upsampled along the columns: (3 h) x (16 W), rows source-major."""
        h, w = size
        points = [
            point(tokens.float())
            for point, tokens in zip(self.points[2 * stage - 2 : 2 * stage], pair, strict=True)
        ]
        point = torch.cat(points, dim=1).relu_().unflatten(0, (h, w))
        taps = torch.matmul(getattr(self, f"taps_{stage}"), point.transpose(1, 2))
        taps = taps.unflatten(1, (3, 3 * POINT_CHANNELS))
        widened = []
        for first, end, low, high in matrices.column_blocks:
            part = torch.matmul(taps[:, 1, :, low:high], matrices.columns[1][low:high, first:end])
            for dx in (0, 2):
                columns = matrices.columns[dx][low:high, first:end].expand(h, -1, -1)
                part = add_product(part, taps[:, dx, :, low:high], columns)
            widened.append(part)
        return torch.cat(widened, dim=2).view(3 * h, POINT_CHANNELS * matrices.width)


class _Matrices:
    """Matrices that upsample the nine taps from one size to another, and their nonzero blocks."""

    def __init__(self, source: Size, target: Size, device: torch.device) -> None:
        on_cpu = device.type == "cpu"
        self.width = target[1]
        self.block_rows = _BLOCK_ROWS if on_cpu else target[0]
        rows = three_taps(bilinear_matrix(source[0], target[0]))
        self.row_blocks = blocks(rows, self.block_rows)
        self.rows = rows.float().to(device)
        plain = bilinear_matrix(source[1], target[1])
        columns = [shifted(plain, offset) for offset in (-1, 0, 1)]
        touched = sum(matrix.abs() for matrix in columns)
        self.column_blocks = blocks(touched, _BLOCK_COLUMNS if on_cpu else target[1])
        self.columns = [matrix.T.float().contiguous().to(device) for matrix in columns]
