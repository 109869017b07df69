"""Reading a checkpoint by path or by the name of built-in weights, with its classes."""

from __future__ import annotations

import json
import re
from pathlib import Path

from ..classes import (
    DEMO,
    FMB,
    MFNET,
    PST900,
    STREET,
    UNLABELED,
    ClassTable,
    class_table_of_size,
)
from ..network.checkpoint import Checkpoint, CheckpointError, load_checkpoint
from ..one_line import one_line
from .built_in_weights import checkpoint_file
from .input_images import LARGEST_SIDE, MIN_SIDE


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


def classes_of(checkpoint: Checkpoint) -> ClassTable | None:
    """Return the class table of a checkpoint; None if the file does not name its classes."""
    if checkpoint.classes is None:
        return None
    names = tuple(checkpoint.classes)
    tables = (MFNET, FMB, PST900, DEMO, STREET)
    known = next((table for table in tables if table.names == names), None)
    title = one_line(checkpoint.metadata.get("class_table", known.name if known else "checkpoint"))
    palette = checkpoint.palette
    if palette is None:
        palette = (known or class_table_of_size(len(names))).palette
    return ClassTable(title, names, palette, _ignored(checkpoint))


def class_metadata(classes: ClassTable) -> dict[str, str]:
    """Return the strings by which a checkpoint carries what it has no other place for."""
    return {"class_table": classes.name, "ignored_labels": json.dumps(classes.ignored)}


def recommended_size_of(checkpoint: Checkpoint) -> tuple[int, int] | None:
    """Return the size (height, width) at which the network is best; None: the file names none."""
    text = checkpoint.metadata.get("inference_size", "")
    if not text:
        return None
    found = re.fullmatch(r"(\d{2,5}) ?x ?(\d{2,5})", text, re.ASCII)
    size = tuple(int(side) for side in found.groups()) if found else (0, 0)
    if min(size) < MIN_SIDE or max(size) > LARGEST_SIDE:
        raise CheckpointError(
            f"checkpoint {checkpoint.path} has an unreadable inference_size "
            f"({one_line(text, 60)}), not such as 240x320: save it again"
        )
    return size


def _ignored(checkpoint: Checkpoint) -> tuple[int, ...]:
    text = checkpoint.metadata.get("ignored_labels", "[]")
    try:
        values = json.loads(text)
    except (ValueError, RecursionError):
        values = None
    if not isinstance(values, list) or not all(
        type(value) is int and 0 <= value <= UNLABELED for value in values
    ):
        raise CheckpointError(
            f"checkpoint {checkpoint.path} has unreadable ignored_labels "
            f"({one_line(text, 60)}): save it again"
        )
    return tuple(values)
