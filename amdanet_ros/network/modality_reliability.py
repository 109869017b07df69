"""Adaptive modality weighting: how far each camera can be relied on, judged at every stage.

AMDANet's supplement names it as future work (Section 8): under overexposure the infrared branch
should count more. Here each stage judges both branches from pooled statistics of its own tokens
and from what the stage before has found.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

HIDDEN = 32
GAIN = 16.0
"""Factor on the perceptron's output: these few parameters have to learn fast, and an optimiser
such as Adam moves each parameter as far as any other."""

DEAD_ZONE = 2.0
"""Evidence up to here, either way, leaves both weights at exactly 1."""

_LEAST_VARIANCE = 1e-6
"""Under the square root: its slope at 0, where a flat image lies, is infinite."""


def weights_of(evidence: Tensor) -> Tensor:
    """Evidence B for the RGB branch (negative: for the thermal one) to B x 2, in (0, 2), sum 2.

    A softmax over two with a dead zone: evidence within it gives 1 and 1 to the bit.
    """
    beyond = F.softshrink(evidence, DEAD_ZONE)
    return 2.0 * torch.sigmoid(torch.stack([beyond, -beyond], dim=1))


def kept_shares(weights: Tensor) -> Tensor:
    """Weights B x 2 to the share of each branch that stays its own, B x 2 in (0, 1]."""
    return weights.clamp(max=1.0)


def mixed(own: Tensor, other: Tensor, share: Tensor) -> Tensor:
    """``share`` (B, in [0, 1]) of ``own`` and the rest of ``other``, B x ... each."""
    share = share.reshape(-1, *(1 for _ in own.shape[1:]))
    # Not other + share * (own - other): with a share of 1 this is `own` to the bit.
    return share * own + (1.0 - share) * other


class ModalityReliability(nn.Module):
    """The evidence of one stage, from the mean and the deviation over all tokens of both branches.

    It is 0 at the start (the last layer is zero), so that a network trained without it goes on
    from where it stood.

    Args:
        channels: C of the stage.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.mlp = nn.Sequential(nn.Linear(4 * channels, HIDDEN), nn.ReLU(), nn.Linear(HIDDEN, 1))

    def start_equal(self) -> None:
        """Set the initial weights: a first layer of full size, a last layer of zeros.

        For after ``initialize``, whose small first layer would hold back the learning.
        """
        first, last = self.mlp[0], self.mlp[2]
        if first.weight.is_meta:
            return
        nn.init.kaiming_uniform_(first.weight, nonlinearity="relu")
        nn.init.zeros_(last.weight)
        nn.init.zeros_(last.bias)

    @staticmethod
    def statistics(rgb: Tensor, thermal: Tensor) -> Tensor:
        """Tokens of both branches, B x N x C each, to B x 4C: mean, deviation of each."""
        found = []
        for tokens in (rgb, thermal):
            mean = tokens.mean(dim=1)
            variance = (tokens - mean[:, None]).square().mean(dim=1)
            found += [mean, (variance + _LEAST_VARIANCE).sqrt()]
        return torch.cat(found, dim=1)

    def judge(self, statistics: Tensor, before: Tensor) -> Tensor:
        """Statistics B x 4C and the evidence B so far to the evidence B of this stage.

        What earlier stages have found stays found: behind their stand-ins a lost branch does not
        look lost any more.
        """
        return before + GAIN * self.mlp(statistics)[:, 0]

    def forward(self, rgb: Tensor, thermal: Tensor, before: Tensor) -> Tensor:
        """Tokens of both branches, B x N x C each, and the evidence so far, B, to evidence B.

        Positive evidence speaks for the RGB branch, negative for the thermal one.
        """
        return self.judge(self.statistics(rgb, thermal), before)
