"""Semantic consistency inference and local alignment on tokens, in pieces of the cache's size."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ...network.local_alignment import LocalAlignment
from ...network.sci import SemanticConsistencyInference
from .affine import Affine, affine_of
from .layers import TokenLinear, in_two

_PIECE = 1 << 17
"""Numbers in a piece: half a megabyte in float32."""


class PairLinear(nn.Module):
    """An affine map of [r, t] without concatenating: W [r, t] + b = W_r r + W_t t + b."""

    def __init__(self, affine: Affine) -> None:
        super().__init__()
        half = affine.weight.shape[1] // 2
        self.rgb = TokenLinear(Affine(affine.weight[:, :half], affine.bias))
        self.thermal = TokenLinear(Affine(affine.weight[:, half:], torch.zeros_like(affine.bias)))

    def forward(self, rgb: Tensor, thermal: Tensor) -> Tensor:
        """Two B x N x C to B x N x out."""
        return self.rgb(rgb).add_(self.thermal(thermal))


class FoldedConsistency(nn.Module):
    """SCI as released: always on; the branches change places."""

    def __init__(self, sci: SemanticConsistencyInference) -> None:
        super().__init__()
        self.hidden = PairLinear(affine_of(sci.mlp[0]))
        self.weight = TokenLinear(affine_of(sci.mlp[2]))
        self.register_buffer("strength", sci.lambda_param.detach().clone())

    def forward(self, rgb: Tensor, thermal: Tensor) -> tuple[Tensor, Tensor]:
        """Tokens of both branches, B x N x C each, to the new pair, computed in place."""
        for r, t in _pieces(rgb, thermal):
            weight = self.weight(self.hidden(r, t).relu_()).sigmoid_().mul_(self.strength)
            exchange = (r - t).mul_(weight)
            t.add_(exchange)
            r.sub_(exchange)
        return thermal, rgb


class FoldedLocalAlignment(nn.Module):
    """Gate, channel weights and spatial weights on tokens."""

    def __init__(self, alignment: LocalAlignment) -> None:
        super().__init__()
        self.gate_hidden = PairLinear(affine_of(alignment.gate[0]))
        self.gate = TokenLinear(affine_of(alignment.gate[2]))
        channel = alignment.fuse_sc.cha.mlp
        self.channel_hidden = TokenLinear(affine_of(channel[0]))
        self.channel = TokenLinear(affine_of(channel[2]))
        spatial = alignment.fuse_sc.sap.mlp
        self.spatial_hidden = TokenLinear(affine_of(spatial[0]))
        self.spatial = TokenLinear(affine_of(spatial[2]))

    def forward(self, rgb: Tensor, thermal: Tensor) -> tuple[Tensor, Tensor]:
        """Tokens of both branches, B x N x C each, to the aligned pair, computed in place."""
        rgb_channel, thermal_channel = self._channel_weights(rgb, thermal)
        for r, t in _pieces(rgb, thermal):
            gate = self.gate(self.gate_hidden(r, t).relu_()).sigmoid_()
            pixel = self._spatial_weights(r, t)
            a = (gate * rgb_channel).mul_(pixel[..., :1])
            b = gate.mul_(thermal_channel).mul_(pixel[..., 1:])
            mixed_rgb = torch.addcmul(r, a, t)
            mixed_thermal = torch.addcmul(t, b, r)
            r, t = _amplify(mixed_rgb, a, r), _amplify(mixed_thermal, b, t)
        return (r, t) if torch.jit.is_tracing() else (rgb, thermal)

    def _channel_weights(self, rgb: Tensor, thermal: Tensor) -> tuple[Tensor, Tensor]:
        """Return one weight per channel of each branch, B x 1 x C."""
        average = torch.cat([rgb.mean(1), thermal.mean(1)], dim=1)
        maximum = torch.cat([rgb.amax(1), thermal.amax(1)], dim=1)
        both = self.channel(F.relu(self.channel_hidden(torch.stack([average, maximum])))).sum(0)
        return in_two(both.sigmoid_()[:, None])

    def _spatial_weights(self, rgb: Tensor, thermal: Tensor) -> Tensor:
        """Return one weight per token of each branch, B x N x 2."""
        summary = torch.stack([rgb.mean(2), rgb.amax(2), thermal.mean(2), thermal.amax(2)], dim=2)
        return self.spatial(self.spatial_hidden(summary).relu_()).sigmoid_()


def _amplify(mixed: Tensor, a: Tensor, out: Tensor) -> Tensor:
    """Return mixed (sigma(mixed a - mixed) + a), written to out; in a trace out stays as it is."""
    out = a - 1.0 if torch.jit.is_tracing() else torch.sub(a, 1.0, out=out)
    return out.mul_(mixed).sigmoid_().add_(a).mul_(mixed)


def _pieces(rgb: Tensor, thermal: Tensor) -> list[tuple[Tensor, Tensor]]:
    """Split both along the tokens into views of about `_PIECE` numbers; whole on a GPU.

    Whole in an export too: in ONNX each write of a piece copies all tokens, and converters of
    traced graphs cannot follow it.
    """
    is_exported = torch.compiler.is_compiling() or torch.jit.is_tracing()
    if rgb.device.type != "cpu" or is_exported:
        return [(rgb, thermal)]
    count = max(1, _PIECE // (rgb.shape[0] * rgb.shape[2]))
    return list(zip(rgb.split(count, dim=1), thermal.split(count, dim=1), strict=True))
