"""Salient feature enhancement and cross attention with the projections between them merged."""

from __future__ import annotations

import torch.nn.functional as F
from torch import Tensor, nn

from ...network.global_alignment import CrossAttention, GlobalAlignment, SalientFeatureEnhancement
from ...network.mix_transformer import attend
from .affine import Affine, affine_of, chain, chain_into_convolution, query_into_key, stack
from .encoder_block import halves
from .layers import TokenLinear, TokenReduction, in_two


class KeysAndValues(nn.Module):
    """Keys and values of reduced tokens; with one head the queries' map is merged into the keys.

    The attention's `sr` and `norm` reduce the tokens. A per-token map `before` them is merged too.
    """

    def __init__(
        self,
        attention: SalientFeatureEnhancement | CrossAttention,
        query: nn.Linear,
        key_value: nn.Linear,
        before: Affine | None = None,
    ) -> None:
        super().__init__()
        self.heads = attention.heads
        both = affine_of(key_value)
        if self.heads == 1:
            key, value = halves(both)
            both = stack(query_into_key(affine_of(query), key)[0], value)
        self.reduce = None
        if attention.reduction > 1:
            convolution = affine_of(attention.sr)
            if before is not None:
                convolution = chain_into_convolution(before, convolution)
            self.reduce = TokenReduction(convolution, attention.norm)
        elif before is not None:
            both = chain(before, both)
        self.linear = TokenLinear(both)

    def forward(self, tokens: Tensor, height: int, width: int) -> Tensor:
        """B x N x C to B x M x 2C, keys first."""
        few = tokens if self.reduce is None else self.reduce(tokens, height, width)
        return self.linear(few)


class ProjectionAndQuery(nn.Module):
    """Computes the projection z of a feature and the queries of z in one product.

    z = P u + b and q = Q z = (Q P) u + Q b. With one head the queries are z itself (its map is in
    the keys: see `query_into_key`).
    """

    def __init__(self, projection: nn.Linear, query: nn.Linear, heads: int) -> None:
        super().__init__()
        z = affine_of(projection)
        self.single = heads == 1
        self.linear = TokenLinear(z if self.single else stack(z, chain(z, affine_of(query))))

    def forward(self, tokens: Tensor) -> tuple[Tensor, Tensor]:
        """B x N x C to (z, q), B x N x C each."""
        result = self.linear(tokens)
        return (result, result) if self.single else in_two(result)


class FoldedGlobalAlignment(nn.Module):
    """Maps the aligned pair of a stage to its semantic feature without the maps after the last sum.

    These maps, P4 and the module's `proj`, are `remaining`; the segmentation decoder merges them
    into its projection of the stage.
    """

    def __init__(self, alignment: GlobalAlignment) -> None:
        super().__init__()
        se1, se2 = alignment.SE_x1, alignment.SE_x2
        first, second = alignment.CM_x1toX2, alignment.CM_x2toX1
        self.heads = first.heads
        self.enhance_rgb = _Enhancement(se1)
        self.enhance_thermal = _Enhancement(se2)
        self.rgb = ProjectionAndQuery(se1.proj, first.q1, self.heads)
        self.thermal = ProjectionAndQuery(se2.proj, second.q1, self.heads)
        self.from_thermal = KeysAndValues(first, first.q1, first.kv2)
        self.from_rgb = KeysAndValues(second, second.q1, second.kv2, affine_of(first.proj))
        self.remaining = chain(affine_of(second.proj), affine_of(alignment.proj))

    def forward(self, rgb: Tensor, thermal: Tensor, height: int, width: int) -> Tensor:
        """Two B x N x C to B x N x C; `remaining` applied to it is the semantic feature."""
        rgb, rgb_query = self.rgb(self.enhance_rgb(rgb, height, width))
        thermal, thermal_query = self.thermal(self.enhance_thermal(thermal, height, width))
        key_value = self.from_thermal(thermal, height, width)
        rgb = attend_once(rgb_query, key_value, self.heads).add_(rgb)
        key_value = self.from_rgb(rgb, height, width)
        return attend_once(thermal_query, key_value, self.heads).add_(thermal)


class _Enhancement(nn.Module):
    """SFE without its projection: attention(x) + x."""

    def __init__(self, enhancement: SalientFeatureEnhancement) -> None:
        super().__init__()
        self.heads = enhancement.heads
        self.key_value = KeysAndValues(enhancement, enhancement.q, enhancement.kv)
        self.query = None if self.heads == 1 else TokenLinear(affine_of(enhancement.q))

    def forward(self, tokens: Tensor, height: int, width: int) -> Tensor:
        """B x N x C to B x N x C."""
        query = tokens if self.query is None else self.query(tokens)
        return attend_once(query, self.key_value(tokens, height, width), self.heads).add_(tokens)


def attend_once(query: Tensor, key_value: Tensor, heads: int) -> Tensor:
    """Return the attention of queries, B x N x C, to keys and values, B x M x 2C."""
    if heads > 1:
        return attend(query, key_value, heads)
    key, value = in_two(key_value)
    return F.scaled_dot_product_attention(query[:, None], key[:, None], value[:, None]).squeeze(1)
