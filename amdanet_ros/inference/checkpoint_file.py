"""Reading a checkpoint by path or by the name of built-in weights, with its classes."""

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
"""Files of the package's own weights, by the name that replaces their path."""


def read_checkpoint(path: str | Path) -> tuple[Checkpoint, ClassTable]:
    """Read a checkpoint, or a built-in one by name, and its class table.

    Raises:
        CheckpointError: missing, truncated, of another network, or not safe to load.
        DemoWeightsMissingError: a built-in one that is not installed.
    """
    with checkpoint_file(path) as file:
        checkpoint = load_checkpoint(file)
    classes = classes_of(checkpoint)
    return checkpoint, classes or class_table_of_size(checkpoint.config.num_classes)


@contextlib.contextmanager
def checkpoint_file(path: str | Path) -> Iterator[Path]:
    """Yield the checkpoint's file: the path itself, or the file of built-in weights."""
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
    """Return the class table of a checkpoint; None if the file does not name its classes."""
    if checkpoint.classes is None:
        return None
    names = tuple(checkpoint.classes)
    known = next((table for table in (MFNET, FMB, PST900, DEMO) if table.names == names), None)
    if checkpoint.palette is None:
        return known or ClassTable("checkpoint", names, class_table_of_size(len(names)).palette)
    return ClassTable(known.name if known else "checkpoint", names, checkpoint.palette)
