"""Runs a network on labelled pairs and scores its output."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Protocol

import numpy as np
import torch
from torch import nn

from ..inference.thermal_normalization import ThermalNormalizer
from .confusion_matrix import ConfusionMatrix
from .fusion_metrics import fusion_metrics
from .protocols import plain, released
from .report import EvaluationReport


class Pair(Protocol):
    """A labelled pair to score, such as `training.labelled_pair.LabelledPair`.

    Attributes:
        rgb: H x W x 3 uint8.
        thermal: H x W uint8 or uint16.
        labels: H x W uint8; 255 = no label.
        condition: "day", "night" ... or "".
    """

    rgb: np.ndarray
    thermal: np.ndarray
    labels: np.ndarray
    condition: str


@torch.inference_mode()
def score_pairs(
    network: nn.Module,
    pairs: Iterable[Pair],
    classes: Sequence[str],
    device: torch.device,
    window: tuple[int, int] | None = None,
    with_fusion: bool = False,
) -> EvaluationReport:
    """Score a network on one pair after the other.

    The network is put into evaluation mode, and back into training mode if it was in it. Thermal
    images are normalised one by one, as in training.

    Args:
        network: an AMDANet.
        pairs: to score the network on.
        classes: K names.
        device: of the network.
        window: (height, width) of the released protocol; None runs images whole.
        with_fusion: compute the fusion metrics too (needs torchmetrics).
    """
    matrices: dict[str, ConfusionMatrix] = {}
    sums: dict[str, float] = defaultdict(float)
    images = 0
    was_training = network.training
    network.eval()
    try:
        for pair in pairs:
            values = ThermalNormalizer(smoothing=0.0)(pair.thermal)
            rgb = torch.from_numpy(pair.rgb).to(device).permute(2, 0, 1)[None].float() / 255
            thermal = torch.from_numpy(values).to(device).expand(1, 3, -1, -1)
            if window is None:
                labels, fused = plain(network, rgb, thermal)
            else:
                labels, fused = released(network, rgb, thermal, window)
            matrix = matrices.setdefault(pair.condition, ConfusionMatrix(len(classes)))
            matrix.add(pair.labels, labels[0].cpu().numpy())
            images += 1
            if with_fusion:
                image = fused[0].permute(1, 2, 0).mul(255).round().cpu().double().numpy()
                for name, value in fusion_metrics(image, pair.rgb, 255.0 * values).items():
                    sums[name] += value
    finally:
        network.train(was_training)
    means = {name: value / images for name, value in sums.items()}
    return EvaluationReport(tuple(classes), matrices, means, {"pairs": images})
