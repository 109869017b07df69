"""Affine maps y = W x + b in float64, and the identities that merge several into one."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor, nn


class Affine(NamedTuple):
    """y = weight x + bias for each pixel or token.

    Attributes:
        weight: out x in float64; out x in x kh x kw for a convolution.
        bias: out float64.
    """

    weight: Tensor
    bias: Tensor


def affine_of(layer: nn.Linear | nn.Conv2d) -> Affine:
    """Return a layer's map in float64; for a 1 x 1 convolution that of each pixel, out x in."""
    weight = layer.weight.detach().double()
    if weight.ndim == 4 and weight.shape[2:] == (1, 1):
        weight = weight[:, :, 0, 0]
    bias = weight.new_zeros(len(weight)) if layer.bias is None else layer.bias.detach().double()
    return Affine(weight, bias)


def chain(first: Affine, second: Affine) -> Affine:
    """Merge two consecutive maps: W2 (W1 x + b1) + b2 = (W2 W1) x + (W2 b1 + b2)."""
    return Affine(second.weight @ first.weight, second.weight @ first.bias + second.bias)


def chain_into_convolution(first: Affine, convolution: Affine) -> Affine:
    """Merge a per-pixel map into the unpadded convolution after it.

    sum_k W_k (P x_k + b) = sum_k (W_k P) x_k + (sum_k W_k) b, k over the kernel's positions. It
    does not hold with padding: the padded zeros have no b.
    """
    weight = torch.einsum("ocyx,ci->oiyx", convolution.weight, first.weight)
    bias = convolution.bias + torch.einsum("ocyx,c->o", convolution.weight, first.bias)
    return Affine(weight, bias)


def stack(*maps: Affine) -> Affine:
    """Concatenate the outputs of several maps of one input into one map."""
    return Affine(torch.cat([m.weight for m in maps]), torch.cat([m.bias for m in maps]))


def affine_of_norm(norm: nn.LayerNorm) -> Affine:
    """Return what a LayerNorm does after it has normalised: C x C, diagonal."""
    return Affine(torch.diag(norm.weight.detach().double()), norm.bias.detach().double())


def with_batch_norm(before: Affine, norm: nn.BatchNorm2d) -> Affine:
    """Merge a BatchNorm (in evaluation mode) into the map or convolution before it.

    s (W x + b - mean) + beta = (s W) x + (s (b - mean) + beta), s = gamma / sqrt(var + eps).
    """
    scale = norm.weight.detach().double() / torch.sqrt(norm.running_var.double() + norm.eps)
    weight = before.weight * scale.view(-1, *[1] * (before.weight.ndim - 1))
    bias = scale * (before.bias - norm.running_mean.double()) + norm.bias.detach().double()
    return Affine(weight, bias)


def one_channel_for_three(convolution: Affine, first: int = 0) -> Affine:
    """Sum a convolution's weights over three input channels, from `first` on, of the same image.

    W_a x + W_b x + W_c x = (W_a + W_b + W_c) x. The sum replaces the three.
    """
    weight = convolution.weight
    summed = weight[:, first : first + 3].sum(1, keepdim=True)
    weight = torch.cat([weight[:, :first], summed, weight[:, first + 3 :]], dim=1)
    return Affine(weight, convolution.bias)


def query_into_key(query: Affine, key: Affine) -> tuple[Affine, Affine]:
    """Merge the queries' map into the keys, for a single head.

    (Wq x + bq) . k = x . (Wq^T k) + bq . k: the tokens x are the queries themselves. The second
    term is one number per key, added to the scores.

    Returns:
        (the new keys' map, the map to that number), both of the keys' input.
    """
    turned = Affine(query.weight.T @ key.weight, query.weight.T @ key.bias)
    offset = Affine((query.bias @ key.weight)[None], (query.bias @ key.bias)[None])
    return turned, offset
