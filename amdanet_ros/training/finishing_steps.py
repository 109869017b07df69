"""What is done to the weights between the last optimiser step and the last validation."""

from __future__ import annotations

from typing import Protocol

import torch

from ..network import AMDANet
from .config import ConfigError, TrainingConfig
from .experiment import build_network
from .labelled_pair import LabelledPairs
from .losses import AMDANetLoss
from .plan import Plan
from .reliability_fit import ReliabilityFit


class FinishingStep(Protocol):
    """One change of the weights at the end of a training.

    Attributes:
        completes_network: the network is incomplete before this step: only the validation after it
            may choose the best weights.
    """

    completes_network: bool

    def finish(self, network: AMDANet) -> None:
        """Change a network's weights in place; every process computes the same."""


class InitialMixing:
    """Keeps a share of the initial checkpoint in every weight; a ``FinishingStep``.

    Wortsman et al., Robust fine-tuning of zero-shot models, CVPR 2022, Section 3.

    Raises:
        ConfigError: `initial_share` outside [0, 1), or no initial checkpoint.
    """

    completes_network = False

    def __init__(self, config: TrainingConfig) -> None:
        if not 0.0 <= config.initial_share < 1.0 or not config.initial:
            raise ConfigError(
                f"initial_share is {config.initial_share}: it must be at least 0 and below 1, and "
                "above 0 it needs initial, the checkpoint to start from"
            )
        self.share = config.initial_share
        # Read now: another file may lie there at the end.
        self.initial = build_network(config).state_dict()

    def finish(self, network: AMDANet) -> None:
        """Replace each floating-point value by the weighted mean."""
        for name, value in network.state_dict().items():
            if value.is_floating_point():
                value.copy_(torch.lerp(self.initial[name].to(value), value, 1.0 - self.share))


def finishing_steps(
    config: TrainingConfig, pairs: LabelledPairs, plan: Plan, loss: AMDANetLoss
) -> list[FinishingStep]:
    """Return the steps of a configuration in their order.

    Raises:
        ConfigError: a step that cannot work with the rest of the configuration.
    """
    steps: list[FinishingStep] = []
    if config.initial_share:
        steps.append(InitialMixing(config))
    if config.reliability_samples:
        steps.append(ReliabilityFit(config, pairs, plan, loss))
    return steps
