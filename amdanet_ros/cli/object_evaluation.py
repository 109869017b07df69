"""Scores of some classes on partial labels, for ``amdanet evaluate --objects``."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from .blank_images import BlankImages, streams_of_set
from .evaluated import Evaluated
from .evaluated_network import evaluated_network
from .said import say

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ..classes import ClassTable
    from ..network.checkpoint import Checkpoint


def evaluate_objects(
    arguments: argparse.Namespace, checkpoint: Checkpoint, table: ClassTable
) -> Evaluated:
    """Score the classes of ``--objects`` on a data set's list, and the boxes where it has them.

    Args:
        arguments: of ``amdanet evaluate``.
        checkpoint: the weights.
        table: their classes.

    Raises:
        ValueError: options that do not go together, or a data set that cannot be used.
    """
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
    blank = BlankImages(streams_of_set(arguments.data))
    views = VIEWS if arguments.views else {}
    seen: dict[str, Iterable] = {"as it is": blank.counted(pairs, range(len(pairs)))}
    seen |= {name: ViewedPairs(pairs, views[name]) for name in views if name not in seen}
    with processes(arguments.device) as here:
        network = evaluated_network(arguments, checkpoint).to(here.device)
        scores = {
            name: score_objects(network, viewed, objects, here.device, boxes, least_height, kinds)
            for name, viewed in seen.items()
        }
    facts = {
        "checkpoint": str(arguments.checkpoint),
        "data": arguments.data,
        "split": arguments.split,
        "pairs": len(pairs),
    }
    say(blank.sentences())
    remark = origin_remark(root, ((name, pairs.labels(i)) for i, name in enumerate(pairs.names)))
    report = ObjectReport(table.names, scores, {**facts, **({"remark": remark} if remark else {})})
    return Evaluated(report.as_table(), {"objects.json": report.as_json()})
