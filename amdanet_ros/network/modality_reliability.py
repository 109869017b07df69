"""Adaptive modality weighting: each stage estimates how reliable the two cameras are.

AMDANet's supplement names it as future work (Section 8): under overexposure the infrared branch
should count more. Here each stage computes evidence for one camera or the other from pooled
statistics of its tokens and adds it to the evidence of the stages before. Evidence gives weights.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

HIDDEN = 32
GAIN = 16.0
"""Factor on the perceptron's output, so that these few parameters learn fast: Adam moves every
parameter by about the same step."""

DEAD_ZONE = 2.0
"""Evidence of at most this size leaves both weights at exactly 1."""

_LEAST_VARIANCE = 1e-6
"""Added under the square root, whose slope at 0 (an image without contrast) is infinite."""


def weights_of(evidence: Tensor) -> Tensor:
    """Evidence, B, to weights of (RGB branch, thermal branch), B x 2 in (0, 2) with sum 2.

    Twice a softmax over two. Evidence within the dead zone gives exactly 1 and 1. Positive
    evidence is for the RGB branch.
    """
    beyond = F.softshrink(evidence, DEAD_ZONE)
    return 2.0 * torch.sigmoid(torch.stack([beyond, -beyond], dim=1))


def kept_shares(weights: Tensor) -> Tensor:
    """Weights B x 2 to the share of its own features that each branch keeps, B x 2 in (0, 1]."""
    return weights.clamp(max=1.0)


def mixed(own: Tensor, other: Tensor, share: Tensor) -> Tensor:
    """Return ``share * own + (1 - share) * other``; share B in [0, 1], the others B x ..."""
    share = share.reshape(-1, *(1 for _ in own.shape[1:]))
    # In this form a share of 1 gives exactly `own`; other + share * (own - other) does not.
    return share * own + (1.0 - share) * other


class ModalityReliability(nn.Module):
    """The evidence of one stage, from mean and standard deviation over the tokens of both branches.

    Initially it is 0 (the last layer is zero): a network that was trained without it computes the
    same as before. The tokens have C ``channels``.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.mlp = nn.Sequential(nn.Linear(4 * channels, HIDDEN), nn.ReLU(), nn.Linear(HIDDEN, 1))

    def start_equal(self) -> None:
        """Set the initial weights: He initialisation of the first layer, zeros in the last one.

        To be called after ``initialize``, whose small first layer would learn slowly.
        """
        first, last = self.mlp[0], self.mlp[2]
        if first.weight.is_meta:
            return
        nn.init.kaiming_uniform_(first.weight, nonlinearity="relu")
        nn.init.zeros_(last.weight)
        nn.init.zeros_(last.bias)

    @staticmethod
    def statistics(rgb: Tensor, thermal: Tensor) -> Tensor:
        """Tokens of both branches, B x N x C each, to the mean and deviation of each, B x 4C."""
        found = []
        for tokens in (rgb, thermal):
            mean = tokens.mean(dim=1)
            variance = (tokens - mean[:, None]).square().mean(dim=1)
            found += [mean, (variance + _LEAST_VARIANCE).sqrt()]
        return torch.cat(found, dim=1)

    def judge(self, statistics: Tensor, before: Tensor) -> Tensor:
        """Statistics, B x 4C, and the evidence so far, B, to the evidence of this stage, B.

        Evidence adds up over the stages, because a branch whose features were replaced does not
        look lost to the later stages.
        """
        return before + GAIN * self.mlp(statistics)[:, 0]

    def forward(self, rgb: Tensor, thermal: Tensor, before: Tensor) -> Tensor:
        """Tokens of both branches, B x N x C each, and the evidence so far, B, to evidence B.

        Positive evidence is for the RGB branch, negative for the thermal one.
        """
        return self.judge(self.statistics(rgb, thermal), before)
