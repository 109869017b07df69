"""Adaptive modality weighting: what a lost camera shows loses weight at every stage.

AMDANet's supplement names it as future work (Section 8): under overexposure the infrared branch
should count more. Here each stage judges both branches from pooled statistics of its own tokens.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

HIDDEN = 32
GAIN = 16.0
"""Factor on the perceptron's output: these few parameters have to learn faster than the network,
and an optimiser such as Adam moves each parameter as far as any other."""

_LEAST_VARIANCE = 1e-6
"""Under the square root: its slope at 0, where a flat picture lies, is infinite."""


def weighted(rgb: Tensor, thermal: Tensor, weights: Tensor) -> tuple[Tensor, Tensor]:
    """Give both, B x ... each, times their weights B x 2."""
    shape = (-1, *(1 for _ in rgb.shape[1:]))
    return rgb * weights[:, 0].reshape(shape), thermal * weights[:, 1].reshape(shape)


class ModalityReliability(nn.Module):
    """Two weights a sample from the mean and the deviation over all tokens of both branches.

    Both weights are exactly 1 at the start (the last layer is zero), so that a network trained
    without them goes on from where it stood.

    Args:
        channels: C of the stage.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.mlp = nn.Sequential(nn.Linear(4 * channels, HIDDEN), nn.ReLU(), nn.Linear(HIDDEN, 2))

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

    def judge(self, statistics: Tensor) -> Tensor:
        """Statistics B x 4C to weights B x 2."""
        return 2.0 * torch.softmax(GAIN * self.mlp(statistics), dim=1)

    def forward(self, rgb: Tensor, thermal: Tensor) -> Tensor:
        """Tokens of both branches, B x N x C each, to B x 2: their weights in (0, 2), sum 2."""
        return self.judge(self.statistics(rgb, thermal))
