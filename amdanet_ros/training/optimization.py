"""AdamW's parameter groups, the learning rate's course, and the moving average of the weights."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import nn


def adamw(
    network: nn.Module,
    learning_rate: float,
    weight_decay: float = 0.01,
    betas: Sequence[float] = (0.9, 0.999),
) -> torch.optim.AdamW:
    """Return AdamW that decays matrices and kernels only: no biases, no norms, no scalars.

    The choice of the released recipe; SCI's lambda is trained, without decay.
    """
    decayed, plain = [], []
    for parameter in network.parameters():
        if parameter.requires_grad:
            (decayed if parameter.ndim > 1 else plain).append(parameter)
    groups = [
        {"params": decayed, "weight_decay": weight_decay},
        {"params": plain, "weight_decay": 0.0},
    ]
    return torch.optim.AdamW(groups, lr=learning_rate, betas=(betas[0], betas[1]))


def learning_rate_factor(step: int, steps: int, warmup_steps: int, power: float = 0.9) -> float:
    """Factor of the learning rate at a step: a linear rise, then (1 - step / steps) ^ power.

    The fall is counted from the first step, as released: it sets in below 1 where the rise ends.
    """
    if step < warmup_steps:
        return (step + 1) / warmup_steps
    return max(0.0, 1.0 - step / steps) ** power


class MovingAverage:
    """Exponential moving average of a network's floating-point state.

    Args:
        network: its present state is the start.
        decay: weight of the past, below 1; over the first steps it rises from a small one.
    """

    def __init__(self, network: nn.Module, decay: float) -> None:
        if not 0.0 <= decay < 1.0:
            raise ValueError(f"ema_decay is {decay}: it must be at least 0 and below 1")
        self.decay = decay
        self.steps = 0
        self.state = {name: value.detach().clone() for name, value in network.state_dict().items()}

    @torch.no_grad()
    def update(self, network: nn.Module) -> None:
        """Take one more step of the network in."""
        self.steps += 1
        decay = min(self.decay, (1 + self.steps) / (10 + self.steps))
        for name, value in network.state_dict().items():
            if value.is_floating_point():
                self.state[name].lerp_(value, 1.0 - decay)
            else:
                self.state[name].copy_(value)

    def state_dict(self) -> dict:
        """Everything to go on from."""
        return {"steps": self.steps, "state": self.state}

    def load_state_dict(self, saved: dict) -> None:
        """Go on from a saved state."""
        self.steps = int(saved["steps"])
        for name, value in saved["state"].items():
            self.state[name].copy_(value)
