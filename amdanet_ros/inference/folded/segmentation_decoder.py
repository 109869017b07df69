"""The segmentation decoder, folded: one projection for each stage, at the stage's own size."""

from __future__ import annotations

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ...network.segmentation_decoder import SegmentationDecoder
from .affine import Affine, affine_of, chain, with_batch_norm
from .layers import TokenLinear, add_product
from .size_cache import SizeCache
from .upsampling_matrices import bilinear_matrix, blocks

Size = tuple[int, int]
_BLOCK_ROWS = 8


def stage_projections(decoder: SegmentationDecoder, remaining: Sequence[Affine]) -> list[Affine]:
    """Merge all maps of each stage before the sum and the ReLU into one map, C_s to E.

    The 1 x 1 convolution of concatenated maps is a sum of one block of its weight for each stage;
    the BatchNorm scales it; the embedding before it is a per-pixel map. A per-pixel map commutes
    with bilinear upsampling, U (W x + b) = W (U x) + b, because the rows of U sum to one. So each
    stage is projected at its own size and only the sum is computed at the larger one.
    `remaining` holds each stage's map from the given features to the semantic ones.
    """
    whole = with_batch_norm(affine_of(decoder.linear_fuse[0]), decoder.linear_fuse[1])
    parts = whole.weight.chunk(4, dim=1)
    embeddings = [decoder.linear_c1, decoder.linear_c2, decoder.linear_c3, decoder.linear_c4]
    result = []
    for stage, (embedding, before) in enumerate(zip(embeddings, remaining, strict=True)):
        # The concatenation has the order c4, c3, c2, c1; the constant is added once, with c1.
        bias = whole.bias if stage == 0 else torch.zeros_like(whole.bias)
        part = Affine(parts[3 - stage], bias)
        result.append(chain(chain(before, affine_of(embedding.proj)), part))
    return result


class FoldedSegmentationDecoder(nn.Module):
    """Maps the features of four stages to class scores, by blocks of rows."""

    def __init__(self, decoder: SegmentationDecoder, remaining: Sequence[Affine]) -> None:
        super().__init__()
        self.projections = nn.ModuleList(
            [TokenLinear(affine) for affine in stage_projections(decoder, remaining)]
        )
        self.classes = TokenLinear(affine_of(decoder.linear_pred))
        self._matrices = SizeCache(_Matrices)

    def forward(self, features: Sequence[Tensor], sizes: Sequence[Size], size: Size) -> Tensor:
        """Decode features before `remaining`, B x N_s x C_s of each stage and its (height, width).

        Returns:
            logits, B x K x H x W, of the image's size (H, W).
        """
        low = [self._decode([f[i] for f in features], sizes) for i in range(len(features[0]))]
        return F.interpolate(torch.stack(low), size=size, mode="bilinear", align_corners=False)

    def size_dependent(self) -> list[object]:
        """Return the matrices of the latest sizes."""
        return self._matrices.values()

    def _decode(self, features: Sequence[Tensor], sizes: Sequence[Size]) -> Tensor:
        """Decode one sample at stage 1's size: N_s x C_s tokens to K x H_1 x W_1."""
        height, width = sizes[0]
        finest = features[0].unflatten(0, (height, width))
        coarse = []
        for feature, projection, size in zip(
            features[1:], self.projections[1:], sizes[1:], strict=True
        ):
            matrices = self._matrices(size, sizes[0], features[0].device)
            projected = projection(feature).unflatten(0, size)
            widened = torch.matmul(matrices.columns, projected)
            coarse.append((matrices, widened.flatten(1)))
        scores = []
        rows = _BLOCK_ROWS if finest.device.type == "cpu" else height
        for index, first in enumerate(range(0, height, rows)):
            mixed = self.projections[0](finest[first : first + rows])
            sums = mixed.flatten(1)
            for matrices, widened in coarse:
                _, end, low, high = matrices.blocks[index]
                sums = add_product(sums, matrices.rows[first:end, low:high], widened[low:high])
            scores.append(self.classes(sums.view_as(mixed).relu_()))
        return torch.cat(scores).permute(2, 0, 1)


class _Matrices:
    """Matrices that upsample from one size to another, and the nonzero blocks of the rows'."""

    def __init__(self, source: Size, target: Size, device: torch.device) -> None:
        rows = bilinear_matrix(source[0], target[0])
        count = _BLOCK_ROWS if device.type == "cpu" else target[0]
        self.blocks = blocks(rows, count)
        self.rows = rows.float().to(device)
        self.columns = bilinear_matrix(source[1], target[1]).float().to(device)
