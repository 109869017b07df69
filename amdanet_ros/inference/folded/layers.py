"""Layers of the folded network."""

from __future__ import annotations

import copy

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from .affine import Affine


class TokenLinear(nn.Module):
    """An affine map of tokens, ... x in to ... x out."""

    def __init__(self, affine: Affine) -> None:
        super().__init__()
        self.register_buffer("weight", affine.weight.float().contiguous())
        bias = affine.bias.float() if bool(affine.bias.any()) else None
        self.register_buffer("bias", bias)

    def forward(self, tokens: Tensor) -> Tensor:
        """Map every token."""
        return F.linear(tokens, self.weight, self.bias)


def own_norm(norm: nn.LayerNorm) -> nn.LayerNorm:
    """Return a copy of a LayerNorm that is not trained."""
    return copy.deepcopy(norm).requires_grad_(False)


def bare_norm(norm: nn.LayerNorm) -> nn.LayerNorm:
    """Return a LayerNorm without its weights; see `affine_of_norm`."""
    return nn.LayerNorm(norm.normalized_shape, norm.eps, elementwise_affine=False)


class TokenReduction(nn.Module):
    """R x R fewer tokens: a C x C x R x R convolution of stride R without padding, then LayerNorm.

    The patches do not overlap: the convolution is one product with the R R C values of each patch.
    """

    def __init__(self, convolution: Affine, norm: nn.LayerNorm) -> None:
        super().__init__()
        self.reduction = convolution.weight.shape[2]
        weight = convolution.weight.permute(0, 2, 3, 1).flatten(1)
        self.linear = TokenLinear(Affine(weight, convolution.bias))
        self.norm = own_norm(norm)

    def forward(self, tokens: Tensor, height: int, width: int) -> Tensor:
        """B x N x C, N = height * width, to B x floor(height / R) floor(width / R) x C."""
        r = self.reduction
        rows, columns = height // r, width // r
        maps = tokens.unflatten(1, (height, width))[:, : rows * r, : columns * r]
        patches = maps.unflatten(2, (columns, r)).unflatten(1, (rows, r)).permute(0, 1, 3, 2, 4, 5)
        return self.norm(self.linear(patches.reshape(len(tokens), rows * columns, -1)))


class TokenConvolution(nn.Module):
    """A convolution whose result is tokens, in channels_last memory."""

    def __init__(self, affine: Affine, stride: int, padding: int, groups: int = 1) -> None:
        super().__init__()
        weight = affine.weight.float().contiguous(memory_format=torch.channels_last)
        self.register_buffer("weight", weight)
        self.register_buffer("bias", affine.bias.float())
        self.stride, self.padding, self.groups = stride, padding, groups

    def forward(self, maps: Tensor) -> Tensor:
        """B x C_in x H x W to B x C x H' x W'."""
        return F.conv2d(maps, self.weight, self.bias, self.stride, self.padding, groups=self.groups)


def add_product(total: Tensor, left: Tensor, right: Tensor) -> Tensor:
    """Return total + left right (batches of matrices, or matrices), written over the total."""
    return total.addmm_(left, right) if total.ndim == 2 else total.baddbmm_(left, right)


def live(matrix: Tensor, like: Tensor) -> Tensor:
    """Return a constant matrix as a value that depends on a tensor, `like`, in form only.

    OpenVINO keeps constants in float32 and computes products with them in it. A value is converted
    to the half precision of its other operand.
    """
    first = like.flatten()[:1]
    return matrix + (first < first).to(matrix.dtype)


def spatial_size(maps: Tensor) -> tuple[int, int]:
    """Return the height and width of B x C x H x W maps: constants in a trace, for converters of
    traced graphs; in an export for any size they stay symbols.
    """
    height, width = maps.shape[2:]
    return (int(height), int(width)) if torch.jit.is_tracing() else (height, width)


def in_two(both: Tensor) -> tuple[Tensor, Tensor]:
    """Return views of the first and the second half of the last dimension.

    By slices: `chunk` becomes a sequence in ONNX, and TensorRT knows no sequences.
    """
    half = int(both.shape[-1]) // 2
    return both[..., :half], both[..., half:]


def as_map(tokens: Tensor, height: int, width: int) -> Tensor:
    """View B x N x C tokens as a B x C x H x W map in channels_last memory."""
    batch, channels = int(tokens.shape[0]), int(tokens.shape[2])
    # Not `unflatten`: ONNX's exporter takes sizes that pass through it for constants.
    return tokens.reshape(batch, height, width, channels).permute(0, 3, 1, 2)


def as_tokens(maps: Tensor) -> Tensor:
    """View a B x C x H x W map in channels_last memory as B x N x C tokens."""
    return maps.permute(0, 2, 3, 1).flatten(1, 2)
