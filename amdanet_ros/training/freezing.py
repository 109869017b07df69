"""Training a part of a network: the rest takes no gradient."""

from __future__ import annotations

from collections.abc import Sequence

from torch import nn

from .config import ConfigError


def freeze_all_but(network: nn.Module, trainable: Sequence[str]) -> None:
    """Let only parameters whose names begin with one of ``trainable`` take a gradient.

    Args:
        network: changed in place.
        trainable: beginnings of parameter names; empty leaves the network alone.

    Raises:
        ConfigError: one of them begins no parameter's name.
    """
    if not trainable:
        return
    names = [name for name, _ in network.named_parameters()]
    for start in trainable:
        if not any(name.startswith(start) for name in names):
            raise ConfigError(f"trainable: no parameter of the network begins with {start!r}")
    for name, parameter in network.named_parameters():
        parameter.requires_grad_(name.startswith(tuple(trainable)))
