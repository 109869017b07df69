"""Where a predictor's checkpoint is, and the classes that it names."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from importlib import resources
from pathlib import Path

from ..classes import DEMO, FMB, MFNET, PST900, ClassTable, class_table_of_size
from ..network.checkpoint import Checkpoint, load_checkpoint
from .errors import DemoWeightsMissingError

DEMO_WEIGHTS = "demo_mit_b0.safetensors"


def read_checkpoint(path: str | Path) -> tuple[Checkpoint, ClassTable]:
    """Read a checkpoint, or "demo", and the class table that belongs to it.

    Raises:
        CheckpointError: missing, truncated, of another network, or not safe to load.
        DemoWeightsMissingError: "demo", and this installation came without them.
    """
    with checkpoint_file(path) as file:
        checkpoint = load_checkpoint(file)
    classes = classes_of(checkpoint)
    return checkpoint, classes or class_table_of_size(checkpoint.config["num_classes"])


@contextlib.contextmanager
def checkpoint_file(path: str | Path) -> Iterator[Path]:
    """Give the checkpoint's file: the path itself, or the package's own weights for "demo"."""
    if str(path) != "demo":
        yield Path(path)
        return
    weights = resources.files("amdanet_ros").joinpath("weights").joinpath(DEMO_WEIGHTS)
    if not weights.is_file():
        raise DemoWeightsMissingError(
            f"the built-in weights {DEMO_WEIGHTS} are not in this installation of amdanet_ros: "
            "install the package again, or name a checkpoint file instead of 'demo'"
        )
    with resources.as_file(weights) as file:
        yield file


def classes_of(checkpoint: Checkpoint) -> ClassTable | None:
    """Return the class table that a checkpoint carries, or None where it has none."""
    if checkpoint.classes is None:
        return None
    names = tuple(checkpoint.classes)
    known = next((table for table in (MFNET, FMB, PST900, DEMO) if table.names == names), None)
    if checkpoint.palette is None:
        return known or ClassTable("checkpoint", names, class_table_of_size(len(names)).palette)
    return ClassTable(known.name if known else "checkpoint", names, checkpoint.palette)
