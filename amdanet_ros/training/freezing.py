"""Training of a part of a network: all other parameters are frozen."""

from __future__ import annotations

from collections.abc import Sequence

from torch import nn

from .config import ConfigError


def freeze_all_but(network: nn.Module, trainable: Sequence[str]) -> None:
    """Freeze all parameters except those whose names begin with one of ``trainable``.

    Args:
        network: changed in place.
        trainable: prefixes of parameter names; empty freezes nothing.

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
