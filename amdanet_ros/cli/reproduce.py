"""Reproduce the tables and figures of AMDANet's supplement, with the published numbers.

amdanet reproduce all --preset tiny --out reproduction        # generated scenes, minutes on a CPU
amdanet reproduce tab5 fig2 --data DATA --out reproduction    # DATA/MFNet, DATA/FMB, DATA/PST900

Finished trainings under --out are loaded, interrupted ones are continued.
"""

from __future__ import annotations

import argparse
from collections.abc import Collection

from ..programs.arguments import number
from .errors import CommandError
from .train import add_overrides

SUMMARY = "reproduce the supplement's tables and figures"

_WHAT = (*(f"tab{i}" for i in range(1, 7)), *(f"fig{i}" for i in range(1, 8)), "all")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument("what", nargs="+", choices=_WHAT, metavar="WHAT", help=", ".join(_WHAT))
    parser.add_argument(
        "--data",
        metavar="ROOT",
        help="folder that holds MFNet/, FMB/, PST900/; with --preset tiny the scenes' cache",
    )
    parser.add_argument(
        "--preset",
        choices=("paper", "tiny"),
        default="paper",
        help="paper: the published data sets and schedule; tiny: generated scenes, a CPU",
    )
    parser.add_argument("--out", required=True, metavar="DIR", help="runs, tables and figures")
    parser.add_argument(
        "--seeds", metavar="0,1,..", help="seeds of the runs (default: 0; tiny: 0,1)"
    )
    parser.add_argument("--data-sets", metavar="NAME,..", help="only these: mfnet, fmb, pst900")
    add_overrides(parser, "change a value of every run, e.g. imagenet=mit_b4.pth")
    limit = number("--limit", int, 1, 1e9)
    parser.add_argument(
        "--limit", type=limit, metavar="N", help="score the first N test pairs only"
    )
    parser.add_argument("--images", metavar="NAME,..", help="test images that the figures show")
    parser.add_argument(
        "--weights",
        action="append",
        default=[],
        metavar="NAME=FILE",
        help="draw a data set's figures with this checkpoint, e.g. mfnet=mfnet.pth, scenes=demo",
    )
    parser.add_argument("--plan", action="store_true", help="print what would be trained, and exit")
    parser.add_argument("--device", default="auto", help="auto, cpu, cuda or cuda:N")


def run(arguments: argparse.Namespace) -> int:
    """Reproduce; returns 0."""
    from ..inference.errors import DemoWeightsMissingError
    from ..network.checkpoint import CheckpointError
    from ..training.config import ConfigError
    from ..training.labelled_pair import DataError

    try:
        return _reproduce(arguments)
    except (
        ConfigError, DataError, CheckpointError, DemoWeightsMissingError, FloatingPointError,
        ImportError,
    ) as error:  # fmt: skip
        raise CommandError(str(error)) from error


def _reproduce(arguments: argparse.Namespace) -> int:
    from pathlib import Path

    from ..disk_room import check_room
    from ..reproduction.figure_writer import FIGURES
    from ..reproduction.presets import PRESETS, experiments
    from ..reproduction.reproduction import EVERYTHING, Reproduction
    from ..reproduction.runner import Runner
    from ..reproduction.table_specs import TABLES
    from ..training.processes import device_of, processes

    device_of(arguments.device)
    names = EVERYTHING if "all" in arguments.what else tuple(dict.fromkeys(arguments.what))
    preset = PRESETS[arguments.preset]
    specs = {**TABLES, **FIGURES}
    needed = {data_set for name in names for data_set in preset.data_sets(specs[name].data_sets)}
    wanted = _wanted_data_sets(arguments, needed, preset.published_data)
    data = Path(arguments.data) if arguments.data else None
    bases = experiments(preset, sorted(wanted), data, arguments.overrides, arguments.limit)
    out = Path(arguments.out)
    with processes(arguments.device) as here:
        made = Reproduction(
            preset,
            bases,
            _seeds(arguments, preset.seeds),
            Runner(out / "runs", here),
            out,
            _weights(arguments, bases),
        )
        if arguments.plan:
            for folder, state, what in made.plan(names):
                print(f"{state:<8} {folder}  {what}")
            return 0
        check_room(out)
        images = tuple(filter(None, (arguments.images or "").split(",")))
        for name in names:
            for path in made.make(name, images):
                print(f"written: {path}")
    return 0


def _seeds(arguments: argparse.Namespace, default: tuple[int, ...]) -> tuple[int, ...]:
    if arguments.seeds is None:
        return default
    words = arguments.seeds.split(",")
    if not all(word.strip().isdecimal() for word in words):
        raise CommandError(f"--seeds {arguments.seeds!r}: write whole numbers, as 0,1,2")
    return tuple(dict.fromkeys(int(word) for word in words))


def _weights(arguments: argparse.Namespace, known: Collection[str]) -> dict[str, str]:
    weights = {}
    for word in arguments.weights:
        name, _, path = word.partition("=")
        if name.lower() not in known or not path:
            raise CommandError(
                f"--weights {word!r}: write NAME=FILE, NAME one of {', '.join(sorted(known))}"
            )
        weights[name.lower()] = path
    return weights


def _wanted_data_sets(
    arguments: argparse.Namespace, needed: set[str], published_data: bool
) -> set[str]:
    if arguments.data_sets is None:
        return needed
    if not published_data:
        raise CommandError("--data-sets chooses among the published ones: use --preset paper")
    chosen = {name.strip().lower() for name in arguments.data_sets.split(",")}
    if not chosen & needed:
        raise CommandError(
            f"--data-sets {arguments.data_sets}: {' '.join(arguments.what)} is made on "
            f"{', '.join(sorted(needed))}"
        )
    return chosen & needed
