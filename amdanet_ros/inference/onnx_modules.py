"""The forms in which a network is traced for an ONNX export."""

from __future__ import annotations

import contextlib
import copy

import torch
from torch import Tensor, nn

from ..network import AMDANet
from ..network.luminance_mixing import luminance, with_share
from .folded import FoldedAMDANet, UnsupportedVariantError
from .folded.any_size import AnySizeAMDANet
from .luminance_share import gives_share, without_mixing


def module_for_export(
    network: AMDANet, size: tuple[int, int] | None, dtype: torch.dtype
) -> nn.Module:
    """Return what an export computes: the folded network, of one size or of any, if there is one.

    Args:
        network: in evaluation mode, on the CPU, in float32.
        size: (height, width) with which it is traced; None: symbols.
        dtype: of the encoder and the alignment; of all weights in variants that have no folded
            network.

    Returns:
        A module that maps rgb 1 x 3 x H x W and thermal 1 x 1 x H x W, float32 in [0, 1], to
        float32 logits and fused image, and to thermal's share if the network mixes luminances.
    """
    has_share = gives_share(network)
    decoding = without_mixing(network) if has_share else network
    module: nn.Module | None = None
    with contextlib.suppress(UnsupportedVariantError):
        module = (FoldedAMDANet if size else AnySizeAMDANet)(decoding, dtype)
    if module is None:
        module = _GreyThermal(decoding, dtype)
    return _WithShare(module) if has_share else module


class _WithShare(nn.Module):
    """A network without its mixing; what it mixes and the share are two outputs."""

    def __init__(self, decoding: nn.Module) -> None:
        super().__init__()
        self.decoding = decoding
        self.eval()

    def forward(self, rgb: Tensor, thermal: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        logits, decoded = self.decoding(rgb, thermal)
        share = luminance(decoded)
        return logits, with_share(rgb, thermal, share), share


class _GreyThermal(nn.Module):
    """An AMDANet with a thermal input of one channel, computed in one dtype."""

    def __init__(self, network: AMDANet, dtype: torch.dtype) -> None:
        super().__init__()
        self.network = network if dtype == torch.float32 else copy.deepcopy(network).to(dtype)
        self.dtype = dtype
        self.eval()

    def forward(self, rgb: Tensor, thermal: Tensor) -> tuple[Tensor, Tensor]:
        three = thermal.expand(-1, 3, -1, -1)
        output = self.network(rgb.to(self.dtype), three.to(self.dtype))
        return output.logits.float(), output.fused.float()
