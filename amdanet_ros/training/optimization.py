"""Trained parameters, AdamW's groups of them, the learning rate, the moving average of weights."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import nn

from .config import ConfigError


def freeze_all_but(network: nn.Module, trainable: Sequence[str]) -> None:
    """Freeze all parameters except those whose names begin with one of ``trainable``.

    Raises:
        ConfigError: a prefix of no parameter's name.
    """
    if not trainable:
        return
    names = [name for name, _ in network.named_parameters()]
    for start in trainable:
        if not any(name.startswith(start) for name in names):
            raise ConfigError(f"trainable: no parameter of the network begins with {start!r}")
    for name, parameter in network.named_parameters():
        parameter.requires_grad_(name.startswith(tuple(trainable)))


def adamw(network: nn.Module, learning_rate: float, weight_decay: float) -> torch.optim.AdamW:
    """Return AdamW; weight decay applies to matrices and kernels only.

    As in the released code: no decay of biases, norms and scalars. SCI's lambda is trained too.
    """
    decayed, plain = [], []
    for parameter in network.parameters():
        if parameter.requires_grad:
            (decayed if parameter.ndim > 1 else plain).append(parameter)
    groups = [
        {"params": decayed, "weight_decay": weight_decay},
        {"params": plain, "weight_decay": 0.0},
    ]
    return torch.optim.AdamW(groups, lr=learning_rate)


def learning_rate_factor(step: int, steps: int, warmup_steps: int, power: float = 0.9) -> float:
    """Return the factor of the learning rate: a linear rise, then (1 - step / steps) ^ power.

    As in the released code, the fall is counted from step 0: after the rise it begins below 1.
    """
    if step < warmup_steps:
        return (step + 1) / warmup_steps
    return max(0.0, 1.0 - step / steps) ** power


class MovingAverage:
    """Exponential moving average of a network's floating-point state, which is the first average.

    `decay` is the weight of the old average, below 1; in the first steps it is smaller.
    """

    def __init__(self, network: nn.Module, decay: float) -> None:
        if not 0.0 <= decay < 1.0:
            raise ValueError(f"ema_decay is {decay}: it must be at least 0 and below 1")
        self.decay = decay
        self.steps = 0
        self.state = {name: value.detach().clone() for name, value in network.state_dict().items()}

    @torch.no_grad()
    def update(self, network: nn.Module) -> None:
        """Update the average with the network's state after one more step."""
        self.steps += 1
        decay = min(self.decay, (1 + self.steps) / (10 + self.steps))
        for name, value in network.state_dict().items():
            if value.is_floating_point():
                self.state[name].lerp_(value, 1.0 - decay)
            else:
                self.state[name].copy_(value)

    def state_dict(self) -> dict:
        """Return everything that a resume needs."""
        return {"steps": self.steps, "state": self.state}

    def load_state_dict(self, saved: dict) -> None:
        """Restore what `state_dict` returned."""
        self.steps = int(saved["steps"])
        for name, value in saved["state"].items():
            self.state[name].copy_(value)
