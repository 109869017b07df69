"""Score a checkpoint on a data set, or say whether a new one is better than an old one.

amdanet evaluate runs/demo/best.safetensors --synthetic 500000:48
amdanet evaluate mfnet.pth --data MFNet --classes mfnet --protocol released --out scores
amdanet evaluate mine.safetensors --data MY_SET --report scores.html
amdanet evaluate street runs/mine/best.safetensors --data MY_SET
amdanet evaluate runs/mine/best.safetensors --against street --data MY_SET

Two checkpoints are compared on the same pairs, class by class by their names: "better" or "worse"
is said where 95 % of the mean IoU's differences in resampled pairs (bootstrap, the same each time)
lie on one side of 0.
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from ..programs.arguments import number
from .errors import CommandError
from .evaluated_network import evaluated_network

if TYPE_CHECKING:
    from ..classes import ClassTable
    from .evaluation_page import ScoredPair

SUMMARY = "score a checkpoint: IoU per class, mIoU, confusion matrix, fusion metrics"
_MOST_SCENES = 10_000_000

_WRITTEN = ("evaluation.json", "evaluation.csv", "objects.json", "fusions.json", "comparison.json")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument(
        "checkpoint", help=".safetensors or .pth file, or built-in weights: street, demo"
    )
    parser.add_argument(
        "new", nargs="?", help="a second checkpoint: is it better than the first one?"
    )
    parser.add_argument(
        "--against", metavar="OLD", help="an older checkpoint: is the given one better?"
    )
    source = parser.add_mutually_exclusive_group(required=True)
    source.add_argument("--data", metavar="FOLDER", help="a data set in the authors' layout")
    source.add_argument(
        "--synthetic", metavar="SEED:COUNT", help="generated street scenes, first SEED"
    )
    parser.add_argument(
        "--classes",
        default="",
        help="class table: a YAML file, or mfnet, fmb, pst900, street, demo (default: guess)",
    )
    parser.add_argument("--split", default="test", help="the list to score, SPLIT.txt")
    parser.add_argument(
        "--protocol",
        choices=("plain", "released"),
        default="plain",
        help="plain: whole images; released: the authors' padding and windows",
    )
    parser.add_argument(
        "--window",
        type=number("--window", int, 32, 8192),
        nargs=2,
        metavar=("H", "W"),
        help="window (released)",
    )
    parser.add_argument(
        "--size",
        type=number("--size", int, 32, 8192),
        nargs=2,
        default=(240, 320),
        metavar=("H", "W"),
        help="scene size",
    )
    parser.add_argument(
        "--objects",
        nargs="+",
        metavar="CLASS",
        help="score these classes alone, on labels where 254 is none of them; boxes.json too",
    )
    parser.add_argument(
        "--views", action="store_true", help="with --objects: lost cameras and raw thermal too"
    )
    parser.add_argument(
        "--inference-size",
        type=number("--inference-size", int, 0, 16384),
        nargs=2,
        metavar=("H", "W"),
        help="compute at this size, as the node does (0 0: at the one that the checkpoint "
        "recommends); without it, at the images' own",
    )
    parser.add_argument("--fusion-metrics", action="store_true", help="EN, SD, SF, ..., SSIM too")
    parser.add_argument(
        "--compare-fusions",
        action="store_true",
        help="the fused images alone, beside mean, maximum and Laplacian pyramid",
    )
    parser.add_argument("--out", metavar="FOLDER", help="folder for evaluation.json and .csv")
    parser.add_argument(
        "--report", type=Path, metavar="FILE", help="an HTML file: scores, worst and best pairs"
    )
    parser.add_argument("--cache", default="", metavar="FOLDER", help="cache of the scenes")
    parser.add_argument("--device", default="auto", help="auto, cpu, cuda or cuda:N")


def run(arguments: argparse.Namespace) -> int:
    """Evaluate; returns 0."""
    from ..inference.errors import InferenceError

    try:
        return _evaluate(arguments)
    except (InferenceError, ImportError, ValueError) as error:
        raise CommandError(str(error)) from error


def _evaluate(arguments: argparse.Namespace) -> int:
    from tqdm import tqdm

    from ..class_table_file import class_table_of
    from ..evaluation.label_origin import origin_remark
    from ..evaluation.protocols import RELEASED_WINDOWS
    from ..evaluation.scoring import score_pairs
    from ..inference.checkpoint_file import read_checkpoint
    from ..output_place import check_writable_kind, keep_apart
    from ..report.page import write_page
    from ..training.processes import processes
    from .evaluation_page import evaluation_page, worst_and_best

    if arguments.out:
        for name in _WRITTEN:
            given = (arguments.checkpoint, arguments.new, arguments.against)
            keep_apart(Path(arguments.out, name), [Path(each) for each in given if each])
            check_writable_kind(Path(arguments.out, name))
    if arguments.report:
        _check_report(arguments)
    if arguments.new or arguments.against:
        return _compare(arguments)
    checkpoint, table = read_checkpoint(arguments.checkpoint)
    if arguments.classes:
        own, table = len(table), class_table_of(arguments.classes)
        if len(table) != own:
            raise ValueError(
                f"--classes {arguments.classes} has {len(table)} classes, {checkpoint.path} {own}"
            )
    elif arguments.data and not arguments.compare_fusions:
        _check_set_classes(arguments.data, table)
    if arguments.objects:
        return _evaluate_objects(arguments, checkpoint, table)
    pairs = _pairs(arguments, table)
    if arguments.compare_fusions:
        return _compare_fusions(arguments, checkpoint, pairs)
    window = None
    if arguments.protocol == "released":
        # Classes that the checkpoint itself names do not tell the size of the images.
        known = table.name.lower() if arguments.classes or checkpoint.classes is None else ""
        window = tuple(arguments.window or RELEASED_WINDOWS.get(known, ()))
        if not window:
            raise ValueError(f"--protocol released needs --window H W for the classes {table.name}")
    with processes(arguments.device) as here:
        network = evaluated_network(arguments, checkpoint).to(here.device)
        share = range(here.rank, len(pairs), here.world)
        own = (pairs[i] for i in share)
        chosen = tqdm(own, total=len(share), unit="pair", disable=not here.first)
        report = score_pairs(
            network, chosen, table.names, here.device, window, arguments.fusion_metrics
        )
        report = here.gathered(report)
        shown = ()
        if report is not None and arguments.report:
            shown = [
                [
                    _scored(network, pairs, i, report.pair_scores[i], here.device, window)
                    for i in each
                ]
                for each in worst_and_best(report.pair_scores)
            ]
    if report is None:
        return 0
    remark = ""
    if arguments.data:
        named = ((name, pairs.labels(i)) for i, name in enumerate(pairs.names))
        remark = origin_remark(Path(arguments.data), named)
    report.facts = {
        "checkpoint": str(arguments.checkpoint),
        "data": arguments.data or f"synthetic {arguments.synthetic}",
        "split": arguments.split if arguments.data else "",
        "protocol": arguments.protocol,
        "pairs": len(pairs),
        **({"remark": remark} if remark else {}),
    }
    print("\n".join(filter(None, [report.as_table(), remark])))
    if arguments.out:
        _write(
            Path(arguments.out),
            {"evaluation.json": report.as_json(), "evaluation.csv": report.as_csv()},
        )
    if arguments.report:
        write_page(arguments.report, evaluation_page(report, table, *shown))
        print(f"report: {arguments.report}")
    return 0


def _check_report(arguments: argparse.Namespace) -> None:
    """Refuse a report of what has none, and one that may not be written."""
    from ..report.page import check_place

    others = ("new", "against", "objects", "compare_fusions")
    other = next((name for name in others if getattr(arguments, name)), None)
    if other:
        given = "a second checkpoint" if other == "new" else f"--{other.replace('_', '-')}"
        raise CommandError(f"--report tells the scores of one checkpoint: leave out {given}")
    inputs = [Path(each) for each in (arguments.checkpoint, arguments.data) if each]
    inputs += [Path(arguments.classes)] if arguments.classes.endswith((".yaml", ".yml")) else []
    written = [Path(arguments.out, name) for name in _WRITTEN] if arguments.out else []
    check_place(arguments.report, inputs, written)


def _scored(network, pairs, index: int, score: float, device, window) -> ScoredPair:
    """Return a pair as the report shows it."""
    import numpy as np

    from ..evaluation.scoring import predicted
    from .evaluation_page import ScoredPair

    pair = pairs[index]
    was_training = network.training
    network.eval()
    labels, fused = predicted(network, pair, device, window)
    network.train(was_training)
    names = getattr(pairs, "names", None)
    name = names[index] if names is not None else f"pair {index}"
    fused = np.rint(255 * np.clip(fused, 0, 1)).astype(np.uint8)
    return ScoredPair(name, score, pair.rgb, pair.thermal, fused, pair.labels, labels)


def _compare(arguments: argparse.Namespace) -> int:
    from .network_comparison import compare

    if arguments.new and arguments.against:
        raise CommandError("three checkpoints are given: two can be compared")
    if arguments.new:
        old, new = arguments.checkpoint, arguments.new
    else:
        old, new = arguments.against, arguments.checkpoint
    text, as_json = compare(arguments, old, new)
    print(text)
    if arguments.out:
        _write(Path(arguments.out), {"comparison.json": as_json})
    return 0


def _check_set_classes(root: str, table: ClassTable) -> None:
    """Refuse weights whose classes are not those of the data set's classes.yaml."""
    from ..class_table_file import class_table_of

    file = Path(root).expanduser() / "classes.yaml"
    if file.is_file() and class_table_of(file).names != table.names:
        raise CommandError(
            f"the labels have the classes of {file}, and the weights others: compare two "
            "checkpoints with --against, which goes by names, or name the labels' classes with "
            "--classes"
        )


def _evaluate_objects(arguments: argparse.Namespace, checkpoint, table) -> int:
    from ..evaluation.label_origin import origin_remark
    from ..evaluation.object_report import ObjectReport
    from ..evaluation.object_scores import BOX_KINDS, score_objects
    from ..evaluation.views import VIEWS, ViewedPairs
    from ..training.image_folder import ImageFolder
    from ..training.processes import processes
    from ..training.street_conversion import read_boxes

    if not arguments.data:
        raise ValueError("--objects needs --data: a folder with such labels")
    unknown = [name for name in arguments.objects if name not in table.names]
    if unknown:
        raise ValueError(f"--objects: no class {unknown[0]!r}; known: {', '.join(table.names)}")
    objects = [table.names.index(name) for name in arguments.objects]
    root = Path(arguments.data)
    pairs = ImageFolder(root, arguments.split, table, partial=True)
    boxes = read_boxes(root) if (root / "boxes.json").is_file() else None
    kinds = {
        kind: table.names.index(name)
        for kind, name in enumerate(BOX_KINDS)
        if name in arguments.objects
    }
    # 20 of the street set's 480 rows.
    least_height = 20 / 480 * pairs[0].labels.shape[0]
    views = VIEWS if arguments.views else {"as it is": VIEWS["as it is"]}
    with processes(arguments.device) as here:
        network = evaluated_network(arguments, checkpoint).to(here.device)
        scores = {
            name: score_objects(
                network, ViewedPairs(pairs, view), objects, here.device, boxes, least_height, kinds
            )
            for name, view in views.items()
        }
    facts = {
        "checkpoint": str(arguments.checkpoint),
        "data": arguments.data,
        "split": arguments.split,
        "pairs": len(pairs),
    }
    remark = origin_remark(root, ((name, pairs.labels(i)) for i, name in enumerate(pairs.names)))
    report = ObjectReport(table.names, scores, {**facts, **({"remark": remark} if remark else {})})
    print(report.as_table())
    if arguments.out:
        _write(Path(arguments.out), {"objects.json": report.as_json()})
    return 0


def _compare_fusions(arguments: argparse.Namespace, checkpoint, pairs) -> int:
    import json

    from tqdm import tqdm

    from ..evaluation.fusion_comparison import compare_fusions, comparison_table
    from ..training.processes import processes

    with processes(arguments.device) as here:
        network = evaluated_network(arguments, checkpoint).to(here.device)
        shown = tqdm((pairs[i] for i in range(len(pairs))), total=len(pairs), unit="pair")
        scores = compare_fusions(network, shown, here.device)
    print(comparison_table(scores))
    if arguments.out:
        _write(Path(arguments.out), {"fusions.json": json.dumps(scores, indent=2)})
    return 0


def _write(folder: Path, texts: Mapping[str, str]) -> None:
    """Write files into a folder, each as a whole."""
    from ..whole_file import whole_file

    folder.mkdir(parents=True, exist_ok=True)
    for name, text in texts.items():
        with whole_file(folder / name) as partial:
            partial.write_text(text)
    print(f"written: {', '.join(str(folder / name) for name in texts)}")


def _pairs(arguments: argparse.Namespace, table):
    from ..training.image_folder import ImageFolder
    from ..training.label_checks import check_labels_present
    from ..training.synthetic_scenes import SyntheticScenes, default_cache

    if arguments.data:
        partial = arguments.compare_fusions  # the labels are not used
        pairs = ImageFolder(Path(arguments.data), arguments.split, table, partial)
        if not arguments.compare_fusions:
            check_labels_present([pairs.present], f"{arguments.data}, {arguments.split}.txt")
        return pairs
    first, _, count = arguments.synthetic.partition(":")
    if not all(each.isdecimal() and each.isascii() and len(each) <= 12 for each in (first, count)):
        raise ValueError(f"--synthetic {arguments.synthetic!r}: write SEED:COUNT, as 500000:48")
    if not 1 <= int(count) <= _MOST_SCENES:
        raise ValueError(
            f"--synthetic {arguments.synthetic!r}: the number of scenes must lie in 1 to "
            f"{_MOST_SCENES}"
        )
    cache = arguments.cache or default_cache()
    return SyntheticScenes(int(first), int(count), tuple(arguments.size), cache)
