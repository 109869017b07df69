"""The mean of the learned weights and those that the training started from."""

from __future__ import annotations

import torch

from ..network import AMDANet
from .config import ConfigError, TrainingConfig
from .experiment import build_network


class InitialMixing:
    """Keeps a share of the initial checkpoint in every weight; a ``FinishingStep``.

    Wortsman et al., Robust fine-tuning of zero-shot models, CVPR 2022, Section 3.

    Args:
        config: its `initial_share` and `initial` count.

    Raises:
        ConfigError: a share outside [0, 1), or no initial checkpoint.
    """

    completes_network = False

    def __init__(self, config: TrainingConfig) -> None:
        if not 0.0 <= config.initial_share < 1.0 or not config.initial:
            raise ConfigError(
                f"initial_share is {config.initial_share}: it must be at least 0 and below 1, and "
                "above 0 it needs initial, the checkpoint to start from"
            )
        self.config = config

    def finish(self, network: AMDANet) -> None:
        """Replace each floating-point value by the weighted mean."""
        initial = build_network(self.config).state_dict()
        for name, value in network.state_dict().items():
            if value.is_floating_point():
                share = 1.0 - self.config.initial_share
                value.copy_(torch.lerp(initial[name].to(value), value, share))
