"""The baseline: AMDANet's forward pass, step by step as the paper describes it, not optimised.

Like the authors' released code it stores the attention matrices, upsamples before it projects,
concatenates, and decodes a second time from masked features. It shares no code with the package
and must give the same golden numbers (test/inference/test_folded_network.py).
"""

from __future__ import annotations

from collections.abc import Mapping

import torch
import torch.nn.functional as F
from torch import Tensor

HEADS = (1, 2, 5, 8)
REDUCTIONS = (8, 4, 2, 1)


class PlainForward:
    """The forward of a state dict with the published names.

    Args:
        state: parameters and statistics by name.
        bn_eps: of the decoders' BatchNorms.
        decode_twice: decode from masked features too, as the released forward does.
    """

    def __init__(
        self, state: Mapping[str, Tensor], bn_eps: float = 1e-5, decode_twice: bool = True
    ) -> None:
        self.state = state
        self.bn_eps = bn_eps
        self.decode_twice = decode_twice
        self.depths = [
            len({key.split(".")[2] for key in state if key.startswith(f"backbone.block{s}.")})
            for s in (1, 2, 3, 4)
        ]

    @torch.inference_mode()
    def __call__(self, rgb: Tensor, thermal: Tensor) -> tuple[Tensor, Tensor]:
        """Map images, B x 3 x H x W, to (logits B x K x H x W, fused B x 3 x H x W)."""
        semantic, pairs = self.encode(rgb, thermal)
        logits = self.segment(semantic, rgb.shape[2:])
        fused = self.fuse(pairs, rgb, thermal)
        if self.decode_twice:
            if torch.rand(()) < 0.5:
                semantic = [s * torch.bernoulli(torch.full_like(s, 0.85)) for s in semantic]
            else:
                pairs = [
                    tuple(m * torch.bernoulli(torch.full_like(m, 0.85)) for m in pair)
                    for pair in pairs
                ]
            self.segment(semantic, rgb.shape[2:])
            self.fuse(pairs, rgb, thermal)
        return logits, fused

    def encode(
        self, rgb: Tensor, thermal: Tensor
    ) -> tuple[list[Tensor], list[tuple[Tensor, Tensor]]]:
        """Return the semantic feature and the aligned pair of each stage."""
        semantic, pairs = [], []
        r, t = rgb, thermal
        for i, s in enumerate((1, 2, 3, 4)):
            r, height, width = self.patches(f"backbone.patch_embed{s}", r, s)
            t, _, _ = self.patches(f"backbone.extra_patch_embed{s}", t, s)
            r, t = self.consistency(f"backbone.sci_{s}", r, t)
            for prefix in ("", "extra_"):
                x = t if prefix else r
                for b in range(self.depths[i]):
                    x = self.block(f"backbone.{prefix}block{s}.{b}", x, height, width, i)
                x = self.norm(f"backbone.{prefix}norm{s}", x, 1e-6)
                x = x.transpose(1, 2).reshape(len(x), -1, height, width).contiguous()
                r, t = (r, x) if prefix else (x, t)
            r, t = self.align_locally(f"backbone.LEs.{i}", r, t)
            pairs.append((r, t))
            semantic.append(self.align_globally(f"backbone.GEs.{i}", r, t, i))
        return semantic, pairs

    def linear(self, name: str, x: Tensor) -> Tensor:
        """Apply a linear layer."""
        return F.linear(x, self.state[f"{name}.weight"], self.state.get(f"{name}.bias"))

    def conv(self, name: str, x: Tensor, **keywords: int) -> Tensor:
        """Apply a convolution."""
        return F.conv2d(x, self.state[f"{name}.weight"], self.state[f"{name}.bias"], **keywords)

    def norm(self, name: str, x: Tensor, eps: float) -> Tensor:
        """Apply a LayerNorm."""
        weight = self.state[f"{name}.weight"]
        return F.layer_norm(x, weight.shape, weight, self.state[f"{name}.bias"], eps)

    def batch_norm(self, name: str, x: Tensor) -> Tensor:
        """Apply a BatchNorm with its running statistics."""
        mean, var, weight, bias = (
            self.state[f"{name}.{part}"]
            for part in ("running_mean", "running_var", "weight", "bias")
        )
        return F.batch_norm(x, mean, var, weight, bias, False, 0.0, self.bn_eps)

    def patches(self, name: str, x: Tensor, stage: int) -> tuple[Tensor, int, int]:
        """Embed overlapping patches."""
        stride, padding = (4, 3) if stage == 1 else (2, 1)
        x = self.conv(f"{name}.proj", x, stride=stride, padding=padding)
        height, width = x.shape[2:]
        return self.norm(f"{name}.norm", x.flatten(2).transpose(1, 2), 1e-5), height, width

    def consistency(self, name: str, r: Tensor, t: Tensor) -> tuple[Tensor, Tensor]:
        """Apply SCI; the branches change places."""
        hidden = F.relu(self.linear(f"{name}.mlp.0", torch.cat([r, t], dim=-1)))
        weight = torch.sigmoid(self.linear(f"{name}.mlp.2", hidden))
        strength = self.state[f"{name}.lambda_param"]
        return t + strength * weight * (r - t), r + strength * weight * (t - r)

    def reduced(self, name: str, x: Tensor, height: int, width: int, i: int) -> Tensor:
        """Return the reduced tokens for keys and values."""
        if REDUCTIONS[i] == 1:
            return x
        maps = x.transpose(1, 2).reshape(len(x), -1, height, width)
        maps = self.conv(f"{name}.sr", maps, stride=REDUCTIONS[i])
        return self.norm(f"{name}.norm", maps.flatten(2).transpose(1, 2), 1e-5)

    def attention(self, q: Tensor, kv: Tensor, i: int) -> Tensor:
        """Multi-head attention that stores its matrix."""
        batch, count, channels = q.shape
        heads, dim = HEADS[i], channels // HEADS[i]
        q = q.reshape(batch, count, heads, dim).permute(0, 2, 1, 3)
        k, v = kv.reshape(batch, -1, 2, heads, dim).permute(2, 0, 3, 1, 4)
        weights = ((q @ k.transpose(-2, -1)) * dim**-0.5).softmax(dim=-1)
        return (weights @ v).transpose(1, 2).reshape(batch, count, channels)

    def block(self, name: str, x: Tensor, height: int, width: int, i: int) -> Tensor:
        """Apply a transformer block."""
        y = self.norm(f"{name}.norm1", x, 1e-6)
        kv = self.linear(f"{name}.attn.kv", self.reduced(f"{name}.attn", y, height, width, i))
        y = self.attention(self.linear(f"{name}.attn.q", y), kv, i)
        x = x + self.linear(f"{name}.attn.proj", y)
        y = self.linear(f"{name}.mlp.fc1", self.norm(f"{name}.norm2", x, 1e-6))
        maps = y.transpose(1, 2).reshape(len(y), -1, height, width)
        maps = self.conv(f"{name}.mlp.dwconv.dwconv", maps, padding=1, groups=maps.shape[1])
        return x + self.linear(f"{name}.mlp.fc2", F.gelu(maps.flatten(2).transpose(1, 2)))

    def align_locally(self, name: str, r: Tensor, t: Tensor) -> tuple[Tensor, Tensor]:
        """Apply the local alignment."""
        both = torch.cat([r, t], dim=1)
        hidden = F.relu(self.linear(f"{name}.gate.0", both.permute(0, 2, 3, 1)))
        gate = torch.sigmoid(self.linear(f"{name}.gate.2", hidden)).permute(0, 3, 1, 2)
        channel = 0
        for pooled in (F.adaptive_avg_pool2d(both, 1), F.adaptive_max_pool2d(both, 1)):
            hidden = F.relu(self.linear(f"{name}.fuse_sc.cha.mlp.0", pooled.flatten(1)))
            channel = channel + self.linear(f"{name}.fuse_sc.cha.mlp.2", hidden)
        w_r, w_t = torch.sigmoid(channel)[:, :, None, None].chunk(2, dim=1)
        maps = [r.mean(1, True), r.max(1, True)[0], t.mean(1, True), t.max(1, True)[0]]
        pixel = F.relu(self.conv(f"{name}.fuse_sc.sap.mlp.0", torch.cat(maps, dim=1)))
        s_r, s_t = torch.sigmoid(self.conv(f"{name}.fuse_sc.sap.mlp.2", pixel)).chunk(2, dim=1)
        a, b = gate * w_r * s_r, gate * w_t * s_t
        new_r, new_t = r + a * t, t + b * r
        return (
            new_r * (torch.sigmoid(new_r * a - new_r) + a),
            new_t * (torch.sigmoid(new_t * b - new_t) + b),
        )

    def align_globally(self, name: str, r: Tensor, t: Tensor, i: int) -> Tensor:
        """Apply salient feature enhancement and cross attention."""
        height, width = r.shape[2:]
        r, t = (x.flatten(2).transpose(1, 2) for x in (r, t))
        r, t = (
            self.enhance(f"{name}.{part}", x, height, width, i)
            for part, x in (("SE_x1", r), ("SE_x2", t))
        )
        r = self.cross(f"{name}.CM_x1toX2", r, t, height, width, i)
        t = self.cross(f"{name}.CM_x2toX1", t, r, height, width, i)
        t = self.linear(f"{name}.proj", t)
        return t.transpose(1, 2).reshape(len(t), -1, height, width).contiguous()

    def enhance(self, name: str, x: Tensor, height: int, width: int, i: int) -> Tensor:
        """Apply SFE."""
        kv = self.linear(f"{name}.kv", self.reduced(name, x, height, width, i))
        return self.linear(f"{name}.proj", self.attention(self.linear(f"{name}.q", x), kv, i) + x)

    def cross(self, name: str, x: Tensor, y: Tensor, height: int, width: int, i: int) -> Tensor:
        """Apply cross attention: queries from x, keys and values from y."""
        kv = self.linear(f"{name}.kv2", self.reduced(name, y, height, width, i))
        return self.linear(f"{name}.proj", self.attention(self.linear(f"{name}.q1", x), kv, i) + x)

    def segment(self, semantic: list[Tensor], size: tuple[int, int]) -> Tensor:
        """Decode the classes."""
        low = semantic[0].shape[2:]
        parts = []
        for s in (4, 3, 2, 1):
            x = semantic[s - 1]
            tokens = self.linear(f"decode_head.linear_c{s}.proj", x.flatten(2).transpose(1, 2))
            x = tokens.transpose(1, 2).reshape(len(x), -1, *x.shape[2:])
            parts.append(x if s == 1 else self.upsample(x, low))
        x = self.conv("decode_head.linear_fuse.0", torch.cat(parts, dim=1))
        x = F.relu(self.batch_norm("decode_head.linear_fuse.1", x))
        return self.upsample(self.conv("decode_head.linear_pred", x), size)

    def fuse(self, pairs: list[tuple[Tensor, Tensor]], rgb: Tensor, thermal: Tensor) -> Tensor:
        """Decode the fused image."""
        maps = []
        for s, pair in enumerate(pairs, start=1):
            for modality, x in zip(("rgb", "ir"), pair, strict=True):
                name = f"aux_head.PointConv_{s}_{modality}.pconv"
                x = F.relu(self.batch_norm(f"{name}.1", self.conv(f"{name}.0", x)))
                maps.append(self.upsample(x, rgb.shape[2:]))
        x = self.conv("aux_head.CNN_fuse.0", torch.cat([*maps, rgb, thermal], dim=1), padding=1)
        x = F.relu(self.batch_norm("aux_head.CNN_fuse.1", x))
        return torch.sigmoid(self.conv("aux_head.CNN_fuse.3", x))

    @staticmethod
    def upsample(x: Tensor, size: tuple[int, int]) -> Tensor:
        """Resize bilinearly, corners not aligned."""
        return F.interpolate(x, size=tuple(size), mode="bilinear", align_corners=False)
