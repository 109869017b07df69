"""What `amdanet fleet` can do with each input: its options, its inputs, its processor."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from .calibrate import add_calibration_arguments
from .evaluate import add_scoring_arguments
from .extract import add_extraction_arguments
from .fuse import add_result_arguments
from .settings_arguments import add_settings_arguments
from .source_arguments import add_camera_info_arguments, add_pairing_arguments

if TYPE_CHECKING:
    from ..fleet.found import Search
    from .fleet_folder_processor import FolderProcessor
    from .fleet_processor import FuseProcessor

TASKS = ("fuse", "extract", "calibrate", "evaluate")
_FORMATS = ("bag", "images", "video")


def task_in(words: Sequence[str]) -> str:
    """Return the task that a call asks for."""
    asked = argparse.ArgumentParser(add_help=False, exit_on_error=False)
    asked.add_argument("--task", default=TASKS[0])
    try:
        task = asked.parse_known_args(list(words))[0].task
    except (argparse.ArgumentError, SystemExit):
        return TASKS[0]
    return task if task in TASKS else TASKS[0]


def add_arguments_of(task: str, parser: argparse.ArgumentParser) -> None:
    """Declare the options of a task; they are those of the command of its name."""
    if task == "evaluate":
        parser.add_argument("--checkpoint", default="street", help="weights (default: street)")
        add_scoring_arguments(parser)
        return
    add_pairing_arguments(parser)
    if task == "calibrate":
        add_calibration_arguments(parser)
        return
    if task == "extract":
        add_extraction_arguments(parser)
        add_camera_info_arguments(parser)
        add_settings_arguments(parser)
        return
    parser.add_argument("--format", choices=_FORMATS, help="of the outputs of fuse (default: bag)")
    add_result_arguments(parser)


def search_of(arguments: argparse.Namespace) -> Search:
    """Return what a task's inputs are."""
    from ..fleet.bag_search import BagSearch
    from ..fleet.set_search import SetSearch

    if arguments.task == "evaluate":
        return SetSearch(arguments.out, arguments.split)
    return BagSearch(arguments.out, arguments.stacked is not None)


def processor_of(arguments: argparse.Namespace) -> FuseProcessor | FolderProcessor:
    """Return what does the task.

    Raises:
        CommandError, CheckpointError, ValueError: an option is wrong.
    """
    if arguments.task == "fuse":
        from .fleet_processor import FuseProcessor

        processor = FuseProcessor(arguments, arguments.out)
        _check_checkpoint(processor.checkpoint)
        return processor
    from .fleet_folder_processor import FolderProcessor

    if arguments.task == "extract":
        from .extract_task import ExtractTask as Task
    elif arguments.task == "calibrate":
        from .calibrate_task import CalibrateTask as Task
    else:
        from .evaluate_task import EvaluateTask as Task
    return FolderProcessor(Task(arguments), arguments.out, arguments.overwrite)


def _check_checkpoint(path: str) -> None:
    """Refuse a network that no worker could load, before there are workers."""
    from ..inference.checkpoint_file import read_checkpoint

    if Path(path).suffix != ".onnx":
        read_checkpoint(path)
