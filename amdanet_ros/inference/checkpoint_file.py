"""Where a predictor's checkpoint is, and the classes that it names."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from importlib import resources
from pathlib import Path

from ..classes import DEMO, FMB, MFNET, PST900, ClassTable, class_table_of_size
from ..network.checkpoint import Checkpoint, load_checkpoint
from .errors import DemoWeightsMissingError

BUILT_IN = {
    "demo": "demo_mit_b0.safetensors",
    "demo_adaptive": "demo_mit_b0_adaptive.safetensors",
}
"""Weights that come with the package, by the name that stands for their path."""


def read_checkpoint(path: str | Path) -> tuple[Checkpoint, ClassTable]:
    """Read a checkpoint, or a built-in one by name, and the class table that belongs to it.

    Raises:
        CheckpointError: missing, truncated, of another network, or not safe to load.
        DemoWeightsMissingError: a built-in one, and this installation came without it.
    """
    with checkpoint_file(path) as file:
        checkpoint = load_checkpoint(file)
    classes = classes_of(checkpoint)
    return checkpoint, classes or class_table_of_size(checkpoint.config.num_classes)


@contextlib.contextmanager
def checkpoint_file(path: str | Path) -> Iterator[Path]:
    """Give the checkpoint's file: the path itself, or the package's own weights for a name."""
    name = BUILT_IN.get(str(path))
    if name is None:
        yield Path(path)
        return
    weights = resources.files("amdanet_ros").joinpath("weights").joinpath(name)
    if not weights.is_file():
        raise DemoWeightsMissingError(
            f"the built-in weights {name} are not in this installation of amdanet_ros: "
            f"install the package again, or name a checkpoint file instead of {str(path)!r}"
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
