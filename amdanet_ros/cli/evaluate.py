"""Score a checkpoint on a data set, or say whether a new one is better than an old one.

amdanet evaluate runs/demo/best.safetensors --synthetic 500000:48
amdanet evaluate mfnet.pth --data MFNet --classes mfnet --protocol released --out scores
amdanet evaluate mine.safetensors --data MY_SET --report scores.html
amdanet evaluate street runs/mine/best.safetensors --data MY_SET --report change.html
amdanet evaluate runs/mine/best.safetensors --against street --data MY_SET

Two checkpoints are compared on the same pairs, class by class by their names: "better" or "worse"
is said where 95 % of the mean IoU's differences in resampled pairs (bootstrap, the same each time)
lie on one side of 0. Black, white and constant images are scored too; how many there were is said.
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from ..user_folders import expanded
from .errors import CommandError
from .size_argument import add_inference_size_argument, add_size_argument

if TYPE_CHECKING:
    from ..classes import ClassTable
    from .evaluated import Evaluated

SUMMARY = "score a checkpoint: IoU per class, mIoU, confusion matrix, fusion metrics"

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
    add_scoring_arguments(parser)
    add_size_argument(parser, "--size", "scene size", (240, 320))
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
        "--compare-fusions",
        action="store_true",
        help="the fused images alone, beside mean, maximum and Laplacian pyramid",
    )
    parser.add_argument("--out", metavar="FOLDER", help="folder for evaluation.json and .csv")
    parser.add_argument(
        "--report",
        type=Path,
        metavar="FILE",
        help="an HTML file: scores, worst and best pairs; of two checkpoints, what changed most",
    )
    parser.add_argument(
        "--cache",
        default="",
        metavar="FOLDER",
        help="cache of the scenes; default: $XDG_CACHE_HOME/amdanet_ros/scenes (~/.cache)",
    )


def add_scoring_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare how a data set is scored."""
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
    add_size_argument(parser, "--window", "window (released)")
    add_inference_size_argument(
        parser,
        "compute at this size, as the node does (0 0: at the one that the checkpoint "
        "recommends); without it, at the images' own",
    )
    parser.add_argument("--fusion-metrics", action="store_true", help="EN, SD, SF, ..., SSIM too")
    parser.add_argument("--device", default="auto", help="auto, cpu, cuda or cuda:N")


def run(arguments: argparse.Namespace) -> int:
    """Evaluate; returns 0."""
    from ..inference.errors import InferenceError
    from ..report.page import write_page

    try:
        _check_places(arguments)
        found = evaluated(arguments)
    except (InferenceError, ImportError, ValueError) as error:
        raise CommandError(str(error)) from error
    if found is None:
        return 0
    print(found.text)
    if arguments.out:
        _write(Path(arguments.out), found.files)
    if arguments.report:
        write_page(arguments.report, found.page)
        print(f"report: {arguments.report}")
    return 0


def evaluated(arguments: argparse.Namespace) -> Evaluated | None:
    """Do what the arguments ask for; None in a process that is not the first of several."""
    from ..inference.checkpoint_file import read_checkpoint
    from ..training.processes import device_of
    from .class_evaluation import evaluate_classes
    from .fusion_evaluation import evaluate_fusions
    from .network_comparison import compare
    from .object_evaluation import evaluate_objects

    device_of(arguments.device)  # before scenes are drawn or networks are read
    if arguments.new and arguments.against:
        raise CommandError("three checkpoints are given: two can be compared")
    if arguments.new:
        return compare(arguments, arguments.checkpoint, arguments.new)
    if arguments.against:
        return compare(arguments, arguments.against, arguments.checkpoint)
    checkpoint, own = read_checkpoint(arguments.checkpoint)
    table = _labels_table(arguments, checkpoint.path, own)
    if arguments.objects:
        return evaluate_objects(arguments, checkpoint, table)
    if arguments.compare_fusions:
        return evaluate_fusions(arguments, checkpoint, table)
    return evaluate_classes(arguments, checkpoint, table)


def _labels_table(arguments: argparse.Namespace, path: object, own: ClassTable) -> ClassTable:
    """Return the class table of the labels; refuse one that the weights do not have."""
    from ..class_table_file import class_table_of

    if arguments.classes:
        table = class_table_of(arguments.classes)
        if len(table) != len(own):
            raise ValueError(
                f"--classes {arguments.classes} has {len(table)} classes, {path} {len(own)}"
            )
        return table
    file = expanded(arguments.data or "") / "classes.yaml"
    if not arguments.data or arguments.compare_fusions or not file.is_file():
        return own
    if class_table_of(file).names != own.names:
        raise CommandError(
            f"the labels have the classes of {file}, and the weights others: compare two "
            "checkpoints with --against, which goes by names, or name the labels' classes with "
            "--classes"
        )
    return own


def _check_places(arguments: argparse.Namespace) -> None:
    """Refuse outputs that would lie over an input, before anything is computed."""
    from ..output_place import check_writable_kind, keep_apart

    if arguments.out:
        for name in _WRITTEN:
            given = (arguments.checkpoint, arguments.new, arguments.against)
            keep_apart(Path(arguments.out, name), [Path(each) for each in given if each])
            check_writable_kind(Path(arguments.out, name))
    if arguments.report:
        _check_report(arguments)


def _check_report(arguments: argparse.Namespace) -> None:
    """Refuse a report of what has none, and one that may not be written."""
    from ..report.page import check_place

    two = arguments.new or arguments.against
    others = ("compare_fusions",) if two else ("objects", "compare_fusions")
    other = next((name for name in others if getattr(arguments, name)), None)
    if other:
        given = f"--{other.replace('_', '-')}"
        raise CommandError(
            f"--report tells of all classes, or of two checkpoints: leave out {given}"
        )
    places = (arguments.checkpoint, arguments.new, arguments.against, arguments.data)
    inputs = [Path(each) for each in places if each]
    inputs += [Path(arguments.classes)] if arguments.classes.endswith((".yaml", ".yml")) else []
    written = [Path(arguments.out, name) for name in _WRITTEN] if arguments.out else []
    check_place(arguments.report, inputs, written)


def _write(folder: Path, texts: Mapping[str, str]) -> None:
    """Write files into a folder, each as a whole."""
    from ..whole_file import whole_file

    folder.mkdir(parents=True, exist_ok=True)
    for name, text in texts.items():
        with whole_file(folder / name) as partial:
            partial.write_text(text)
    print(f"written: {', '.join(str(folder / name) for name in texts)}")
