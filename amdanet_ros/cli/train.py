"""Train an AMDANet from a YAML file.

amdanet train config/training/demo.yaml --out runs/demo
amdanet train runs/demo/config.yaml --out runs/demo --resume
torchrun --nproc-per-node 2 -m amdanet_ros.cli.main train mine.yaml --out runs/mine
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from ..programs.arguments import number
from .errors import CommandError
from .said import say

SUMMARY = "train a network from a YAML file; resumable"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument("config", help="the YAML file (see config/training/)")
    parser.add_argument("--out", required=True, metavar="FOLDER", help="folder of this run")
    parser.add_argument("--resume", action="store_true", help="continue where the run stopped")
    parser.add_argument("--data", metavar="FOLDER", help="the data set's folder (sets data.root)")
    add_overrides(parser, "change a value of the file, e.g. optimization.batch_size=4")
    parser.add_argument("--device", default="auto", help="auto, cpu, cuda or cuda:N")
    parser.add_argument(
        "--stop-at",
        type=number("--stop-at", int, 1, 1e12),
        metavar="STEP",
        help="stop early, to resume later",
    )


def add_overrides(parser: argparse.ArgumentParser, purpose: str) -> None:
    """Declare ``--set`` as the list ``overrides``."""
    options = {"dest": "overrides", "action": "append", "default": [], "metavar": "KEY=VALUE"}
    parser.add_argument("--set", help=f"{purpose}; may be repeated", **options)


def run(arguments: argparse.Namespace) -> int:
    """Train; returns 0."""
    import json

    from ..inference.errors import InferenceError
    from ..network.checkpoint import CheckpointError
    from ..training.config import ConfigError, load_config
    from ..training.experiment import build_pairs, label_notes
    from ..training.labelled_pair import DataError
    from ..training.processes import device_of, processes
    from ..training.saved_state import SavedStateError
    from ..training.trainer import BEST, Trainer

    overrides = list(arguments.overrides)
    if arguments.data:
        overrides.append(f"data.root={json.dumps(arguments.data)}")  # as it is, not as YAML
    folder = Path(arguments.out)
    try:
        device_of(arguments.device)
        config = load_config(arguments.config, tuple(overrides))
        _keep_inputs(folder, arguments, [config.initial, config.imagenet])
        with processes(arguments.device) as here:
            _check_out(folder, config.data.root)
            train, validation = build_pairs(config)
            if here.first:
                say(label_notes(train, validation))
            trainer = Trainer(config, folder, train, validation, here, arguments.resume)
            result = trainer.run(arguments.stop_at)
    except (
        ConfigError, DataError, SavedStateError, CheckpointError, InferenceError, ImportError,
        FloatingPointError,
    ) as error:  # fmt: skip
        raise CommandError(str(error)) from error
    if here.first:
        state = "finished" if result.finished else f"stopped at step {result.step}, use --resume"
        if not (folder / BEST).is_file():
            why = "no validation gave a score" if result.finished else "no validation was reached"
            print(f"{state}; no weights were kept: {why}")
            return 0
        print(f"{state}; best mIoU {result.best_iou:.4f} at step {result.best_step}")
        print(f"weights: {folder / BEST}")
    return 0


def _keep_inputs(folder: Path, arguments: argparse.Namespace, weights: Sequence[str]) -> None:
    """Refuse a folder in which the run would write over what it reads."""
    from ..output_place import keep_apart
    from ..training.trainer import BEST, LAST

    # A run that is resumed is configured by its own folder's file.
    given = [] if arguments.resume else [arguments.config]
    inputs = [Path(each) for each in (*given, *weights) if each]
    for name in ("config.yaml", BEST, LAST):
        keep_apart(folder / name, inputs)


def _check_out(folder: Path, data: str) -> None:
    from ..disk_room import check_room

    if data and folder.exists() and folder.resolve() == Path(data).resolve():
        raise CommandError(f"--out {folder} is the data set's folder: give a folder of its own")
    if folder.exists() and not folder.is_dir():
        raise CommandError(f"--out {folder} is a file: give a folder")
    check_room(folder)  # reading a data set, or drawing one, may take long
