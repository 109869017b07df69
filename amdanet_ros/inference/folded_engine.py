"""The choice of the engine: the folded network, or the plain engine for variants without one."""

from __future__ import annotations

import torch

from ..network import AMDANet
from .folded import FoldedAMDANet, UnsupportedVariantError
from .graphed_engine import GraphedEngine
from .plain_engine import PRECISIONS, Engine, PlainEngine


def build_engine(network: AMDANet, device: torch.device, precision: str) -> Engine:
    """Return the fastest engine that computes this network in "fp32", "bf16" or "fp16"."""
    try:
        engine = FoldedAMDANet(network, PRECISIONS[precision]).to(device)
    except UnsupportedVariantError:
        return PlainEngine(network, device, precision)
    return GraphedEngine(engine) if device.type == "cuda" else engine
