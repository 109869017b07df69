"""Global feature discrepancy alignment (AMDANet, Section 3.3).

Salient feature enhancement (SFE) of each branch, then cross attention both ways.
"""

from __future__ import annotations

from torch import Tensor, nn

from .mix_transformer import TokenReduction, attend, to_map, to_tokens


class SalientFeatureEnhancement(TokenReduction):
    """SFE: ``proj(attention(x) + x)``."""

    def __init__(self, channels: int, heads: int, reduction: int) -> None:
        super().__init__(channels, reduction)
        self.heads = heads
        self.q = nn.Linear(channels, channels, bias=False)
        self.kv = nn.Linear(channels, 2 * channels, bias=False)
        self.proj = nn.Linear(channels, channels)

    def forward(self, tokens: Tensor, height: int, width: int) -> Tensor:
        """B x N x C to B x N x C, N = height * width."""
        key_value = self.kv(self.reduce(tokens, height, width))
        return self.proj(attend(self.q(tokens), key_value, self.heads) + tokens)


class CrossAttention(TokenReduction):
    """``proj(attention(queries from one, keys and values from the other) + one)``."""

    def __init__(self, channels: int, heads: int, reduction: int) -> None:
        super().__init__(channels, reduction)
        self.heads = heads
        self.q1 = nn.Linear(channels, channels, bias=False)
        self.kv2 = nn.Linear(channels, 2 * channels, bias=False)
        self.proj = nn.Linear(channels, channels)

    def forward(self, one: Tensor, other: Tensor, height: int, width: int) -> Tensor:
        """Two B x N x C to B x N x C, N = height * width."""
        key_value = self.kv2(self.reduce(other, height, width))
        return self.proj(attend(self.q1(one), key_value, self.heads) + one)


class GlobalAlignment(nn.Module):
    """The aligned pair of maps to the semantic feature of the stage.

    ``sfe`` False leaves the salient feature enhancement out (supplement, Table 5).
    """

    def __init__(self, channels: int, heads: int, reduction: int, sfe: bool = True) -> None:
        super().__init__()
        self.SE_x1 = SalientFeatureEnhancement(channels, heads, reduction) if sfe else None
        self.SE_x2 = SalientFeatureEnhancement(channels, heads, reduction) if sfe else None
        self.CM_x1toX2 = CrossAttention(channels, heads, reduction)
        self.CM_x2toX1 = CrossAttention(channels, heads, reduction)
        self.proj = nn.Linear(channels, channels)

    def forward(self, rgb: Tensor, thermal: Tensor) -> Tensor:
        """Two maps B x C x H x W to the semantic feature, B x C x H x W."""
        height, width = rgb.shape[2:]
        rgb, thermal = to_tokens(rgb), to_tokens(thermal)
        if self.SE_x1 is not None and self.SE_x2 is not None:
            rgb = self.SE_x1(rgb, height, width)
            thermal = self.SE_x2(thermal, height, width)
        rgb = self.CM_x1toX2(rgb, thermal, height, width)
        thermal = self.CM_x2toX1(thermal, rgb, height, width)
        return to_map(self.proj(thermal), height, width)


class MeanSemantics(nn.Module):
    """In place of the global alignment (supplement, Table 5): the mean of the pair."""

    def forward(self, rgb: Tensor, thermal: Tensor) -> Tensor:
        """Two maps B x C x H x W to their mean."""
        return 0.5 * (rgb + thermal)
