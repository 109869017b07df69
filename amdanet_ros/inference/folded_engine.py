"""The folded network as the predictor's engine; the training module where the folds do not fit."""

from __future__ import annotations

import torch

from ..network import AMDANet
from .folded import FoldedAMDANet, UnsupportedVariantError
from .graphed_engine import GraphedEngine
from .plain_engine import PRECISIONS, Engine, EngineOutput, PlainEngine


class FoldedEngine:
    """The fast path at one precision; the decoders compute in float32 at every one.

    Args:
        network: an AMDANet as published; it stays as it is.
        device: where it runs.
        precision: of the encoder and the alignment, "fp32", "bf16" or "fp16".

    Raises:
        UnsupportedVariantError: a variant that the folds do not cover.
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
        """Compute what is wanted and nothing else."""
        return EngineOutput(*self._network(rgb, thermal, want_logits, want_fused))

    def size_dependent(self) -> list[object]:
        """Return what the network keeps for the sizes seen last."""
        return self._network.size_dependent()


def build_engine(network: AMDANet, device: torch.device, precision: str) -> Engine:
    """Return the fastest engine that computes this network."""
    try:
        engine = FoldedEngine(network, device, precision)
    except UnsupportedVariantError:
        return PlainEngine(network, device, precision)
    return GraphedEngine(engine) if device.type == "cuda" else engine
