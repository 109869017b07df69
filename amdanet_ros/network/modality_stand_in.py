"""Stand-ins: features, and images, that replace those of a lost camera."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from .mix_transformer import (
    TOKEN_NORM_EPS,
    DepthwiseConvolution,
    EfficientSelfAttention,
    to_map,
    to_tokens,
)
from .modality_reliability import kept_shares, mixed


class ModalityStandIn(nn.Module):
    """Tokens that replace those of a branch whose camera is lost, from the tokens of both branches.

    The later (frozen) layers read them instead of the branch's own. An overexposed image is not
    lost everywhere: each token is a mixture of the branch's own token and a new one.

    The new token: linear to C; self-attention if there are heads; depthwise 3 x 3, GELU, linear.
    The share of the own token: a linear layer and a sigmoid in parallel to the last layer.
    """

    def __init__(self, channels: int, heads: int = 0, reduction: int = 1) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(2 * channels, eps=TOKEN_NORM_EPS)
        self.fc1 = nn.Linear(2 * channels, channels)
        self.attn = None
        if heads:
            self.attn_norm = nn.LayerNorm(channels, eps=TOKEN_NORM_EPS)
            self.attn = EfficientSelfAttention(channels, heads, reduction)
        self.dwconv = DepthwiseConvolution(channels)
        self.fc2 = nn.Linear(channels, channels)
        self.keep = nn.Linear(channels, 1)

    def forward(self, own: Tensor, other: Tensor, height: int, width: int) -> Tensor:
        """Own tokens (of the lost branch, or of its semantic features) and the other branch's.

        B x N x C each, to B x N x C, N = height * width.
        """
        tokens = self.fc1(self.norm(torch.cat([own, other], dim=2)))
        if self.attn is not None:
            tokens = tokens + self.attn(self.attn_norm(tokens), height, width)
        tokens = F.gelu(self.dwconv(tokens, height, width) + tokens)
        kept = torch.sigmoid(self.keep(tokens))
        return kept * own + (1.0 - kept) * self.fc2(tokens)


def _nothing_is_replaced(weights: Tensor) -> bool:
    """Whether all weights are known to be 1, so that the stand-ins need not be computed.

    Always False on a GPU, which would have to wait for the answer, and while a network is traced.
    """
    if weights.device.type != "cpu" or torch.is_grad_enabled() or torch.compiler.is_compiling():
        return False
    return bool((weights == 1.0).all())


class StageStandIns(nn.Module):
    """The six stand-ins of a stage: for each branch before SCI, before the alignment, and after it.

    ``channels``, ``heads`` and ``reduction`` are the stage's; the last two correct the semantic
    features.
    """

    def __init__(self, channels: int, heads: int, reduction: int) -> None:
        super().__init__()
        # At the last stage attention would have as many parameters as all other stand-ins together.
        heads = heads if reduction > 1 else 0
        self.exchange_rgb = ModalityStandIn(channels, heads, reduction)
        self.exchange_thermal = ModalityStandIn(channels, heads, reduction)
        self.align_rgb = ModalityStandIn(channels)
        self.align_thermal = ModalityStandIn(channels)
        self.semantic_rgb = ModalityStandIn(channels)
        self.semantic_thermal = ModalityStandIn(channels)

    def before_exchange(
        self, rgb: Tensor, thermal: Tensor, weights: Tensor, height: int, width: int
    ) -> tuple[Tensor, Tensor]:
        """Replace tokens before SCI: two B x N x C and their weights, B x 2, to two B x N x C.

        With weights of 1 both are returned with equal bits.
        """
        if _nothing_is_replaced(weights):
            return rgb, thermal
        kept = kept_shares(weights)
        return (
            mixed(rgb, self.exchange_rgb(rgb, thermal, height, width), kept[:, 0]),
            mixed(thermal, self.exchange_thermal(thermal, rgb, height, width), kept[:, 1]),
        )

    def before_alignment(
        self, rgb: Tensor, thermal: Tensor, weights: Tensor
    ) -> tuple[Tensor, Tensor]:
        """Replace maps before the alignment: two B x C x H x W and their weights, B x 2."""
        if _nothing_is_replaced(weights):
            return rgb, thermal
        height, width = rgb.shape[2:]
        kept = kept_shares(weights)
        one, other = to_tokens(rgb), to_tokens(thermal)
        from_other = to_map(self.align_rgb(one, other, height, width), height, width)
        from_one = to_map(self.align_thermal(other, one, height, width), height, width)
        return mixed(rgb, from_other, kept[:, 0]), mixed(thermal, from_one, kept[:, 1])

    def after_alignment(
        self, semantic: Tensor, rgb: Tensor, thermal: Tensor, weights: Tensor
    ) -> Tensor:
        """Correct the semantic features of a pair in which one branch was replaced.

        All are B x C x H x W, the weights of the branches B x 2. Weights of 1 change nothing.
        """
        if _nothing_is_replaced(weights):
            return semantic
        height, width = semantic.shape[2:]
        kept = kept_shares(weights)
        tokens = to_tokens(semantic)
        without_rgb = self.semantic_rgb(tokens, to_tokens(thermal), height, width)
        without_thermal = self.semantic_thermal(tokens, to_tokens(rgb), height, width)
        # At least one of the two weights is 1, so at least one of the lines changes nothing.
        semantic = mixed(semantic, to_map(without_rgb, height, width), kept[:, 0])
        return mixed(semantic, to_map(without_thermal, height, width), kept[:, 1])


DEAD_MARGIN = 0.05
"""Distance from 0 or 1 below which an RGB pixel counts as black or white, in [0, 1]."""


def images_to_fuse(rgb: Tensor, thermal: Tensor, weights: Tensor) -> tuple[Tensor, Tensor]:
    """Replace each image by the other one, in the degree that it has lost its weight.

    An overexposed image is not white everywhere: an RGB pixel that is neither white nor black
    stays. With weights of 1 both images are returned with equal bits.

    Both are B x 3 x H x W in [0, 1]; the weights B x 2 of RGB and thermal (see ``weights_of``).
    """
    kept = kept_shares(weights)[:, :, None, None, None]
    below_white, above_black = 1.0 - rgb.amin(dim=1), rgb.amax(dim=1)
    alive = (torch.minimum(below_white, above_black) / DEAD_MARGIN).clamp(max=1.0)[:, None]
    kept_rgb, kept_thermal = torch.maximum(kept[:, 0], alive), kept[:, 1]
    return (
        kept_rgb * rgb + (1.0 - kept_rgb) * thermal,
        kept_thermal * thermal + (1.0 - kept_thermal) * rgb,
    )
