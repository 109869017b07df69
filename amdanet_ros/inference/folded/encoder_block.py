"""A transformer block of the encoder, folded."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ...network.mix_transformer import (
    EfficientSelfAttention,
    MixFfn,
    OverlapPatchEmbedding,
    TransformerBlock,
    attend,
)
from .affine import (
    Affine,
    affine_of,
    affine_of_norm,
    chain,
    chain_into_convolution,
    one_channel_for_three,
    query_into_key,
)
from .layers import (
    TokenConvolution,
    TokenLinear,
    TokenReduction,
    as_map,
    as_tokens,
    bare_norm,
    own_norm,
    spatial_size,
)


class FoldedPatchEmbedding(nn.Module):
    """Overlapping patches of a branch to tokens, with channels_last memory.

    `grey`: the input is one channel that stands for three equal ones.
    """

    def __init__(self, embedding: OverlapPatchEmbedding, grey: bool = False) -> None:
        super().__init__()
        affine = affine_of(embedding.proj)
        if grey:
            affine = one_channel_for_three(affine)
        stride, padding = embedding.proj.stride[0], embedding.proj.padding[0]
        self.proj = TokenConvolution(affine, stride, padding)
        self.norm = own_norm(embedding.norm)

    def forward(self, maps: Tensor) -> tuple[Tensor, int, int]:
        """B x C_in x H x W to (B x N x C tokens, height, width)."""
        maps = self.proj(maps)
        return self.norm(as_tokens(maps)), *spatial_size(maps)


class FoldedAttention(nn.Module):
    """Self-attention of several heads on tokens, with the map `before` it merged."""

    def __init__(self, attention: EfficientSelfAttention, before: Affine) -> None:
        super().__init__()
        self.heads = attention.heads
        self.reduce = reduction_of(attention, before)
        self.q = TokenLinear(chain(before, affine_of(attention.q)))
        key_value = affine_of(attention.kv)
        self.kv = TokenLinear(key_value if self.reduce else chain(before, key_value))
        self.proj = TokenLinear(affine_of(attention.proj))

    def forward(self, tokens: Tensor, height: int, width: int) -> Tensor:
        """B x N x C to B x N x C."""
        few = tokens if self.reduce is None else self.reduce(tokens, height, width)
        return self.proj(attend(self.q(tokens), self.kv(few), self.heads))


class FoldedSingleHeadAttention(nn.Module):
    """Self-attention of one head: queries folded into keys, projection into values.

    The map `before` it is merged too.
    """

    def __init__(self, attention: EfficientSelfAttention, before: Affine) -> None:
        super().__init__()
        self.reduce = reduction_of(attention, before)
        key_value = affine_of(attention.kv)
        key, value = halves(key_value if self.reduce else chain(before, key_value))
        key, offset = query_into_key(chain(before, affine_of(attention.q)), key)
        scale = attention.q.out_features**-0.5
        self.key = TokenLinear(key)
        self.offset = TokenLinear(Affine(offset.weight * scale, offset.bias * scale))
        # W (sum_j a_j v_j) + b = sum_j a_j (W v_j + b): the attention weights a_j sum to one.
        self.value = TokenLinear(chain(value, affine_of(attention.proj)))

    def forward(self, tokens: Tensor, height: int, width: int) -> Tensor:
        """B x N x C to B x N x C."""
        few = tokens if self.reduce is None else self.reduce(tokens, height, width)
        scores = self.offset(few).transpose(1, 2)[:, None]
        return F.scaled_dot_product_attention(
            tokens[:, None], self.key(few)[:, None], self.value(few)[:, None], attn_mask=scores
        ).squeeze(1)


class FoldedMixFfn(nn.Module):
    """Mix-FFN with the depthwise convolution in channels_last, without changes of layout.

    The map `before` it is merged.
    """

    def __init__(self, ffn: MixFfn, before: Affine) -> None:
        super().__init__()
        depthwise = ffn.dwconv.dwconv
        self.fc1 = TokenLinear(chain(before, affine_of(ffn.fc1)))
        self.depthwise = TokenConvolution(affine_of(depthwise), 1, 1, depthwise.groups)
        self.fc2 = TokenLinear(affine_of(ffn.fc2))

    def forward(self, tokens: Tensor, height: int, width: int) -> Tensor:
        """B x N x C to B x N x C."""
        hidden = as_tokens(self.depthwise(as_map(self.fc1(tokens), height, width)))
        # In place: a second tensor of this size, the largest of the block, would cost page faults.
        return self.fc2(torch.ops.aten.gelu_(hidden))


class FoldedBlock(nn.Module):
    """``x + attention(norm1(x))``, then ``x + mix_ffn(norm2(x))``.

    The norms' weights are merged into the maps after them.
    """

    def __init__(self, block: TransformerBlock) -> None:
        super().__init__()
        single = block.attn.heads == 1
        kind = FoldedSingleHeadAttention if single else FoldedAttention
        self.norm1 = bare_norm(block.norm1)
        self.attention = kind(block.attn, affine_of_norm(block.norm1))
        self.norm2 = bare_norm(block.norm2)
        self.ffn = FoldedMixFfn(block.mlp, affine_of_norm(block.norm2))

    def forward(self, tokens: Tensor, height: int, width: int) -> Tensor:
        """B x N x C to B x N x C; the given tokens are overwritten."""
        tokens.add_(self.attention(self.norm1(tokens), height, width))
        return tokens.add_(self.ffn(self.norm2(tokens), height, width))


def reduction_of(attention: nn.Module, before: Affine) -> TokenReduction | None:
    """Return an attention's reduction of keys and values after a map; None for R = 1."""
    if attention.reduction == 1:
        return None
    convolution = chain_into_convolution(before, affine_of(attention.sr))
    return TokenReduction(convolution, attention.norm)


def halves(key_value: Affine) -> tuple[Affine, Affine]:
    """Split the common map of keys and values: keys first."""
    keys, values = key_value.weight.chunk(2)
    key_bias, value_bias = torch.chunk(key_value.bias, 2)
    return Affine(keys, key_bias), Affine(values, value_bias)
