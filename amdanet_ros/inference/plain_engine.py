"""The engine that runs AMDANet itself: slow, and correct for every variant."""

from __future__ import annotations

import copy
from typing import NamedTuple, Protocol

import torch
from torch import Tensor

from .exact_convolutions import exact_convolutions

PRECISIONS = {"fp32": torch.float32, "bf16": torch.bfloat16, "fp16": torch.float16}


class EngineOutput(NamedTuple):
    """What an engine computes; None if not wanted.

    Attributes:
        logits: B x K x H x W float32.
        fused: B x 3 x H x W float32 in [0, 1].
    """

    logits: Tensor | None
    fused: Tensor | None


class Engine(Protocol):
    """Runs the network: rgb B x 3 x H x W and thermal B x 1 x H x W, float32 in [0, 1]."""

    name: str

    def __call__(
        self, rgb: Tensor, thermal: Tensor, want_logits: bool = True, want_fused: bool = True
    ) -> EngineOutput:
        """Compute what is wanted."""


class PlainEngine:
    """A copy of an AMDANet with its own forward, on one device, in "fp32", "bf16" or "fp16"."""

    name = "plain"

    def __init__(self, network: torch.nn.Module, device: torch.device, precision: str) -> None:
        self._dtype = PRECISIONS[precision]
        self._network = copy.deepcopy(network).eval().to(device=device, dtype=self._dtype)

    def __call__(
        self, rgb: Tensor, thermal: Tensor, want_logits: bool = True, want_fused: bool = True
    ) -> EngineOutput:
        """Compute both outputs in float32, whatever is wanted."""
        three = thermal.expand(-1, 3, -1, -1)
        with exact_convolutions(rgb, self._dtype):
            output = self._network(rgb.to(self._dtype), three.to(self._dtype))
        return EngineOutput(
            output.logits.float() if want_logits else None,
            output.fused.float() if want_fused else None,
        )
