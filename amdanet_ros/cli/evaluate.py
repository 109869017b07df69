"""Score a checkpoint on a data set: segmentation, and the fused images too.

amdanet evaluate runs/demo/best.safetensors --synthetic 500000:48
amdanet evaluate mfnet.pth --data MFNet --classes mfnet --protocol released --out scores
"""

from __future__ import annotations

import argparse
from pathlib import Path

from .errors import CommandError

SUMMARY = "score a checkpoint: IoU per class, mIoU, confusion matrix, fusion metrics"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument("checkpoint", help='.safetensors or .pth; "demo" is the built-in one')
    source = parser.add_mutually_exclusive_group(required=True)
    source.add_argument("--data", metavar="FOLDER", help="a data set in the authors' layout")
    source.add_argument(
        "--synthetic", metavar="SEED:COUNT", help="generated street scenes, first SEED"
    )
    parser.add_argument("--classes", default="", help="mfnet, fmb, pst900 or demo (default: guess)")
    parser.add_argument("--split", default="test", help="the list to score, SPLIT.txt")
    parser.add_argument(
        "--protocol",
        choices=("plain", "released"),
        default="plain",
        help="plain: whole images; released: the authors' padding and windows",
    )
    parser.add_argument("--window", type=int, nargs=2, metavar=("H", "W"), help="window (released)")
    parser.add_argument(
        "--size", type=int, nargs=2, default=(240, 320), metavar=("H", "W"), help="scene size"
    )
    parser.add_argument("--fusion-metrics", action="store_true", help="EN, SD, SF, ..., SSIM too")
    parser.add_argument("--out", metavar="FOLDER", help="folder for evaluation.json and .csv")
    parser.add_argument("--cache", default="", metavar="FOLDER", help="cache of the scenes")
    parser.add_argument("--device", default="auto", help="auto, cpu, cuda or cuda:N")


def run(arguments: argparse.Namespace) -> int:
    """Evaluate; returns 0."""
    from ..inference.errors import DemoWeightsMissingError

    try:
        return _evaluate(arguments)
    except (DemoWeightsMissingError, ImportError, ValueError) as error:
        raise CommandError(str(error)) from error


def _evaluate(arguments: argparse.Namespace) -> int:
    from tqdm import tqdm

    from ..classes import class_table
    from ..evaluation.protocols import RELEASED_WINDOWS
    from ..evaluation.scoring import score_pairs
    from ..inference.checkpoint_file import read_checkpoint
    from ..training.processes import processes

    checkpoint, table = read_checkpoint(arguments.checkpoint)
    if arguments.classes:
        own, table = len(table), class_table(arguments.classes)
        if len(table) != own:
            raise ValueError(
                f"--classes {arguments.classes} has {len(table)} classes, {checkpoint.path} {own}"
            )
    pairs = _pairs(arguments, len(table))
    window = None
    if arguments.protocol == "released":
        # Classes that the checkpoint itself names do not tell the size of the images.
        known = table.name.lower() if arguments.classes or checkpoint.classes is None else ""
        window = tuple(arguments.window or RELEASED_WINDOWS.get(known, ()))
        if not window:
            raise ValueError(f"--protocol released needs --window H W for the classes {table.name}")
    with processes(arguments.device) as here:
        network = checkpoint.build().to(here.device)
        share = range(here.rank, len(pairs), here.world)
        own = (pairs[i] for i in share)
        chosen = tqdm(own, total=len(share), unit="pair", disable=not here.first)
        report = score_pairs(
            network, chosen, table.names, here.device, window, arguments.fusion_metrics
        )
        report = here.gathered(report)
    if report is None:
        return 0
    report.facts = {
        "checkpoint": str(arguments.checkpoint),
        "data": arguments.data or f"synthetic {arguments.synthetic}",
        "split": arguments.split if arguments.data else "",
        "protocol": arguments.protocol,
        "pairs": len(pairs),
    }
    print(report.as_table())
    if arguments.out:
        folder = Path(arguments.out)
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "evaluation.json").write_text(report.as_json())
        (folder / "evaluation.csv").write_text(report.as_csv())
        print(f"written: {folder / 'evaluation.json'}, {folder / 'evaluation.csv'}")
    return 0


def _pairs(arguments: argparse.Namespace, classes: int):
    from ..training.image_folder import ImageFolder
    from ..training.synthetic_scenes import SyntheticScenes, default_cache

    if arguments.data:
        return ImageFolder(Path(arguments.data), arguments.split, classes)
    first, _, count = arguments.synthetic.partition(":")
    if not (first.isdigit() and count.isdigit()):
        raise ValueError(f"--synthetic {arguments.synthetic!r}: write SEED:COUNT, as 500000:48")
    cache = arguments.cache or default_cache()
    return SyntheticScenes(int(first), int(count), tuple(arguments.size), cache)
