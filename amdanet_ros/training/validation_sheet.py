"""An image of the network's output for a few validation pairs, to look at during a training."""

from __future__ import annotations

import numpy as np
import torch
from torch import nn

from ..classes import ClassTable
from ..evaluation.scoring import predicted
from ..visualization.contact_sheet import ContactRow, contact_sheet
from .labelled_pair import LabelledPair, LabelledPairs

_ROWS = 4


def validation_sheet(
    network: nn.Module, pairs: LabelledPairs, classes: ClassTable, device: torch.device
) -> np.ndarray:
    """Return a contact sheet, height x width x 3 uint8 RGB: images, fused, classes, exact labels.

    The same evenly spread pairs are shown each time. The network is put into evaluation mode, and
    back into training mode if it was in it.
    """
    was_training = network.training
    network.eval()
    try:
        shown = np.unique(np.linspace(0, len(pairs) - 1, _ROWS).round().astype(int))
        rows = [_row(network, pairs[int(index)], device) for index in shown]
    finally:
        network.train(was_training)
    return contact_sheet(rows, classes)


def _row(network: nn.Module, pair: LabelledPair, device: torch.device) -> ContactRow:
    labels, fused = predicted(network, pair, device)
    title = f"{pair.name} {pair.condition}".strip()
    image = np.rint(255 * fused).astype(np.uint8)
    return ContactRow(title, pair.rgb, pair.thermal, image, labels, pair.labels)
