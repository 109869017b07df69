"""An image of the network's output for a few validation pairs, to look at during a training."""

from __future__ import annotations

import numpy as np
import torch
from torch import nn

from ..classes import ClassTable
from ..evaluation.protocols import plain
from ..visualization.contact_sheet import ContactRow, contact_sheet
from .labelled_pair import LabelledPairs, thermal_values


@torch.inference_mode()
def validation_sheet(
    network: nn.Module,
    pairs: LabelledPairs,
    classes: ClassTable,
    device: torch.device,
    rows: int = 4,
) -> np.ndarray:
    """Return a contact sheet, height x width x 3 uint8 RGB: images, fused, classes, exact labels.

    The network is put into evaluation mode, and back into training mode if it was in it.

    Args:
        network: an AMDANet.
        pairs: at least one; the same evenly spread ones are shown each time.
        classes: names and colours.
        device: of the network.
        rows: pairs to show at most.
    """
    was_training = network.training
    network.eval()
    try:
        shown = np.unique(np.linspace(0, len(pairs) - 1, rows).round().astype(int))
        made = [_row(network, pairs, int(index), device) for index in shown]
    finally:
        network.train(was_training)
    return contact_sheet(made, classes)


def _row(network: nn.Module, pairs: LabelledPairs, index: int, device: torch.device) -> ContactRow:
    pair = pairs[index]
    rgb = torch.from_numpy(pair.rgb).to(device).permute(2, 0, 1)[None].float() / 255
    thermal = torch.from_numpy(thermal_values(pair.thermal)).to(device).expand(1, 3, -1, -1)
    labels, fused = plain(network, rgb, thermal)
    return ContactRow(
        title=f"{pair.name} {pair.condition}".strip(),
        rgb=pair.rgb,
        thermal=pair.thermal,
        fused=fused[0].permute(1, 2, 0).mul(255).round().byte().cpu().numpy(),
        labels=labels[0].byte().cpu().numpy(),
        truth=pair.labels,
    )
