"""A network's fused images beside three classical fusions, by the same metrics in the same run."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping

import numpy as np
import torch
from torch import nn

from ..inference.thermal_normalization import ThermalNormalizer
from .classical_fusion import CLASSICAL, chroma_error, fused_by
from .fusion_metrics import fusion_metrics
from .protocols import plain
from .scoring import Pair

NETWORK = "network"
CLASSICAL_MEAN = "mean of the three"


@torch.inference_mode()
def compare_fusions(
    network: nn.Module, pairs: Iterable[Pair], device: torch.device
) -> dict[str, dict[str, dict[str, float]]]:
    """Return mean metrics by condition, by method (`NETWORK`, the classical ones, their mean).

    The metrics are those of `fusion_metrics` and "chroma error" (see `chroma_error`).

    Args:
        network: an AMDANet; put into evaluation mode.
        pairs: of one size or several.
        device: of the network.

    Raises:
        ImportError: torchmetrics is not installed.
    """
    network.eval()
    sums: dict[str, dict[str, list[dict[str, float]]]] = defaultdict(lambda: defaultdict(list))
    for pair in pairs:
        values = ThermalNormalizer(smoothing=0.0)(pair.thermal)
        rgb = torch.from_numpy(pair.rgb).to(device).permute(2, 0, 1)[None].float() / 255
        thermal = torch.from_numpy(values).to(device).expand(1, 3, -1, -1)
        fused = plain(network, rgb, thermal)[1][0].permute(1, 2, 0).mul(255).round()
        images = {NETWORK: fused.cpu().numpy()}
        images |= {method: fused_by(method, pair.rgb, 255.0 * values) for method in CLASSICAL}
        for method, image in images.items():
            found = fusion_metrics(image.astype(np.float64), pair.rgb, 255.0 * values)
            found["chroma error"] = chroma_error(image, pair.rgb)
            sums[pair.condition][method].append(found)
    return {condition: _means(methods) for condition, methods in sums.items()}


def comparison_table(scores: Mapping[str, Mapping[str, Mapping[str, float]]]) -> str:
    """Return a Markdown table: a row for each condition and method."""
    first = next(iter(next(iter(scores.values())).values()))
    lines = [f"| | {' | '.join(first)} |", "|---" * (len(first) + 1) + "|"]
    for condition, methods in sorted(scores.items()):
        for method, found in methods.items():
            title = f"{method}, {condition}" if condition else method
            cells = " | ".join(f"{value:.2f}" for value in found.values())
            lines.append(f"| {title} | {cells} |")
    return "\n".join(lines)


def _means(methods: Mapping[str, list[dict[str, float]]]) -> dict[str, dict[str, float]]:
    means = {
        method: {name: float(np.mean([one[name] for one in found])) for name in found[0]}
        for method, found in methods.items()
    }
    means[CLASSICAL_MEAN] = {
        name: float(np.mean([means[method][name] for method in CLASSICAL]))
        for name in means[NETWORK]
    }
    return means
