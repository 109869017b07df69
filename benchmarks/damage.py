"""Score networks on generated scenes with one damaged image; print a table as Markdown.

    python benchmarks/damage.py --out scores.json
    python benchmarks/damage.py --networks plain=demo adaptive=runs/a/best.safetensors

The first network is the plain one: the columns of the others say which share of its loss of score
they avoid. A second table leaves out the classes that thermal images do not show: paint on the road
and on signs. Each score is saved at once; an interrupted run continues.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import math
from pathlib import Path
from statistics import fmean

import torch
from damages import CLEAN, DAMAGES, Damaged, recovered_share
from torch import Tensor

from amdanet_ros.evaluation.scoring import score_pairs
from amdanet_ros.inference.checkpoint_file import read_checkpoint
from amdanet_ros.inference.folded import FoldedAMDANet, UnsupportedVariantError
from amdanet_ros.network import AMDANet, AMDANetOutput
from amdanet_ros.training.synthetic_scenes import SyntheticScenes, default_cache

ADAPTIVE = Path(__file__).parents[1] / "amdanet_ros/weights/demo_mit_b0_adaptive.safetensors"
SIZE = (240, 320)
UNSEEN_BY_THERMAL = ("road_mark", "sign")


class SegmentationOnly(torch.nn.Module):
    """An AMDANet without its fusion decoder, which takes half of the time and gives no labels.

    Args:
        network: in evaluation mode; the folded network is used if there is one.
    """

    def __init__(self, network: AMDANet) -> None:
        super().__init__()
        self.network = network
        self.folded = None
        with contextlib.suppress(UnsupportedVariantError):
            self.folded = FoldedAMDANet(network)

    def forward(self, rgb: Tensor, thermal: Tensor) -> AMDANetOutput:
        """Return the logits, and the RGB image instead of a fused one."""
        if self.folded is not None:
            return AMDANetOutput(self.folded(rgb, thermal[:, :1], want_fused=False)[0], rgb)
        return AMDANetOutput(self.network(rgb, thermal, want_fused=False).logits, rgb)


def main() -> None:
    """Score what is missing and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "--networks",
        nargs="+",
        metavar="NAME=CHECKPOINT",
        default=["plain=demo", f"adaptive={ADAPTIVE}"],
    )
    parser.add_argument("--scenes", default="800000:40", metavar="SEED:COUNT")
    parser.add_argument("--out", type=Path, help="JSON of the scores, read again if it is there")
    arguments = parser.parse_args()
    first, count = (int(number) for number in arguments.scenes.split(":"))
    pairs = SyntheticScenes(first, count, SIZE, default_cache())
    scores: dict[str, dict[str, dict[str, float]]] = {}
    if arguments.out and arguments.out.exists():
        scores = json.loads(arguments.out.read_text())
    names = []
    for entry in arguments.networks:
        name, _, path = entry.partition("=")
        names.append(name)
        own = scores.setdefault(name, {})
        checkpoint, classes = read_checkpoint(path)
        network = SegmentationOnly(checkpoint.build())
        for damage in (CLEAN, *DAMAGES):
            if damage.name in own:
                continue
            report = score_pairs(
                network, Damaged(pairs, damage), classes.names, torch.device("cpu")
            )
            iou = report.total.scores().iou
            own[damage.name] = dict(zip(classes.names, iou.tolist(), strict=True))
            if arguments.out:
                arguments.out.write_text(json.dumps(scores, indent=1))
    print(table(means(scores), names))
    print(f"\nWithout {' and '.join(UNSEEN_BY_THERMAL)}:\n")
    print(table(means(scores, UNSEEN_BY_THERMAL), names))


def means(
    scores: dict[str, dict[str, dict[str, float]]], left_out: tuple[str, ...] = ()
) -> dict[str, dict[str, float]]:
    """Return the mean IoU of each network at each damage, without the classes ``left_out``."""
    return {
        network: {
            damage: fmean(
                value
                for name, value in iou.items()
                if name not in left_out and not math.isnan(value)
            )
            for damage, iou in by_damage.items()
        }
        for network, by_damage in scores.items()
    }


def table(scores: dict[str, dict[str, float]], names: list[str]) -> str:
    """Return the Markdown table: mIoU in percent of each network, and the recovered shares."""
    plain, *others = names
    heads = ["damage", "strength", plain]
    for name in others:
        heads += [name, "brought back"]
    lines = ["| " + " | ".join(heads) + " |", "|---|---|" + "---:|" * (len(heads) - 2)]
    for damage in (CLEAN, *DAMAGES):
        before = scores[plain][damage.name]
        cells = [damage.kind, damage.strength, f"{100 * before:.1f}"]
        for name in others:
            after = scores[name][damage.name]
            share = recovered_share(scores[plain][CLEAN.name], before, after)
            cells += [f"{100 * after:.1f}", "" if math.isnan(share) else f"{100 * share:.0f} %"]
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines)


if __name__ == "__main__":
    main()
