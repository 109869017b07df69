"""The folded network as an engine; variants without one get the plain engine."""

from __future__ import annotations

import torch

from ..network import AMDANet
from .folded import FoldedAMDANet, UnsupportedVariantError
from .graphed_engine import GraphedEngine
from .plain_engine import PRECISIONS, Engine, EngineOutput, PlainEngine


class FoldedEngine:
    """Runs the folded network at one precision; its decoders always compute in float32.

    Args:
        network: an AMDANet as published; it is not changed.
        device: where it runs.
        precision: of the encoder and the alignment, "fp32", "bf16" or "fp16".

    Raises:
        UnsupportedVariantError: a variant without a folded network.
    """

    name = "folded"

    def __init__(self, network: AMDANet, device: torch.device, precision: str) -> None:
        self._network = FoldedAMDANet(network, PRECISIONS[precision]).to(device)

    def __call__(
        self,
        rgb: torch.Tensor,
        thermal: torch.Tensor,
        want_logits: bool = True,
        want_fused: bool = True,
    ) -> EngineOutput:
        """Compute only what is wanted."""
        return EngineOutput(*self._network(rgb, thermal, want_logits, want_fused))

    def size_dependent(self) -> list[object]:
        """Return the network's cached tensors of the latest sizes."""
        return self._network.size_dependent()


def build_engine(network: AMDANet, device: torch.device, precision: str) -> Engine:
    """Return the fastest engine that computes this network."""
    try:
        engine = FoldedEngine(network, device, precision)
    except UnsupportedVariantError:
        return PlainEngine(network, device, precision)
    return GraphedEngine(engine) if device.type == "cuda" else engine
