"""Runs a network on labelled pairs and scores its output."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from functools import partial
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
def predicted(
    network: nn.Module,
    pair: Pair,
    device: torch.device,
    window: tuple[int, int] | None = None,
    want_fused: bool = True,
) -> tuple[np.ndarray, np.ndarray | None]:
    """Run a network in evaluation mode on one pair; the thermal image is normalised by itself.

    `window` is (height, width) of the released protocol; None runs the images whole.

    Returns:
        Labels, H x W uint8, and the fused image, H x W x 3 float32 in [0, 1]; None if not wanted,
        which takes half of the time.
    """
    values = ThermalNormalizer(smoothing=0.0)(pair.thermal)
    rgb = torch.from_numpy(pair.rgb).to(device).permute(2, 0, 1)[None].float() / 255
    thermal = torch.from_numpy(values).to(device).expand(1, 3, -1, -1)
    run = partial(network, want_fused=want_fused)
    if window is None:
        labels, fused = plain(run, rgb, thermal)
    else:
        labels, fused = released(run, rgb, thermal, window)
    image = None if fused is None else fused[0].permute(1, 2, 0).cpu().numpy()
    return labels[0].byte().cpu().numpy(), image


def score_pairs(
    network: nn.Module,
    pairs: Iterable[Pair],
    classes: Sequence[str],
    device: torch.device,
    window: tuple[int, int] | None = None,
    with_fusion: bool = False,
) -> EvaluationReport:
    """Score a network on pairs of K classes, see `predicted`; `with_fusion` needs torchmetrics.

    The network is put into evaluation mode, and back into training mode if it was in it.
    """
    matrices: dict[str, ConfusionMatrix] = {}
    sums: dict[str, float] = defaultdict(float)
    scores: list[float] = []
    was_training = network.training
    network.eval()
    try:
        for pair in pairs:
            labels, fused = predicted(network, pair, device, window, with_fusion)
            matrix = matrices.setdefault(pair.condition, ConfusionMatrix(len(classes)))
            own = ConfusionMatrix(len(classes))
            own.add(pair.labels, labels)
            matrix.counts += own.counts
            scores.append(own.scores().mean_iou())
            if with_fusion:
                image = np.rint(255 * fused).astype(np.float64)
                thermal = 255.0 * ThermalNormalizer(smoothing=0.0)(pair.thermal)
                for name, value in fusion_metrics(image, pair.rgb, thermal).items():
                    sums[name] += value
    finally:
        network.train(was_training)
    means = {name: value / len(scores) for name, value in sums.items()}
    return EvaluationReport(tuple(classes), matrices, means, {"pairs": len(scores)}, scores)
