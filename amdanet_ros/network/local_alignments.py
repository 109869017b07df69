"""The local alignments by name: the paper's and what its ablations replace it with."""

from __future__ import annotations

from collections.abc import Callable

from torch import Tensor, nn

from .cbam import CbamAlignment
from .danet import DanetAlignment
from .local_alignment import LocalAlignment


class UnchangedPair(nn.Module):
    """Replaces the local alignment in an ablation (supplement, Table 5): returns its input."""

    def forward(self, rgb: Tensor, thermal: Tensor) -> tuple[Tensor, Tensor]:
        """Two maps B x C x H x W, unchanged."""
        return rgb, thermal


LOCAL_ALIGNMENTS: dict[str, Callable[[int], nn.Module]] = {
    "amdanet": LocalAlignment,
    "none": lambda channels: UnchangedPair(),
    "cbam": CbamAlignment,
    "danet": DanetAlignment,
}
"""Name to a function of the number of channels; it makes a module that maps two maps to two."""
