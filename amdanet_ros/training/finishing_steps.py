"""What is done to the weights between the last optimiser step and the last validation."""

from __future__ import annotations

from typing import Protocol

from ..network import AMDANet
from .config import TrainingConfig
from .initial_mixing import InitialMixing
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


def finishing_steps(
    config: TrainingConfig, pairs: LabelledPairs, plan: Plan, loss: AMDANetLoss
) -> list[FinishingStep]:
    """Return the steps of a configuration in their order.

    Args:
        config: of the training.
        pairs: to train on.
        plan: of the training.
        loss: of the training.

    Raises:
        ConfigError: a step that cannot work with the rest of the configuration.
    """
    steps: list[FinishingStep] = []
    if config.initial_share:
        steps.append(InitialMixing(config))
    if config.reliability_samples:
        steps.append(ReliabilityFit(config, pairs, plan, loss))
    return steps
