"""Mutual feature masking, in training only (AMDANet, Section 3.4)."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor


def mask_feature(feature: Tensor, rate: float) -> Tensor:
    """Set each element to zero with probability ``rate``.

    As in the released code, the other elements are not rescaled. Draws from torch's global
    generator.
    """
    return feature * torch.empty_like(feature).bernoulli_(1.0 - rate)


def mask_semantics_this_step() -> bool:
    """Draw what a step masks: True, the semantic features; False, the fusion decoder's pairs."""
    return bool(torch.rand(()) < 0.5)


def mask_semantics(semantic: Sequence[Tensor], rate: float) -> list[Tensor]:
    """Mask every semantic feature."""
    return [mask_feature(feature, rate) for feature in semantic]


def mask_pairs(pairs: Sequence[tuple[Tensor, Tensor]], rate: float) -> list[tuple[Tensor, Tensor]]:
    """Mask both features of every pair."""
    return [(mask_feature(rgb, rate), mask_feature(thermal, rate)) for rgb, thermal in pairs]
