"""Old and new weights on the same pairs, for ``amdanet evaluate``."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from ..classes import ClassTable
from .blank_images import BlankImages, streams_of_set
from .errors import CommandError
from .evaluated import Evaluated
from .evaluated_network import evaluated_network
from .said import say

if TYPE_CHECKING:
    from .comparison_page import ComparedPair


def compare(arguments: argparse.Namespace, old_name: str, new_name: str) -> Evaluated:
    """Score two checkpoints on a data set's list.

    Args:
        arguments: of ``amdanet evaluate``.
        old_name: checkpoint's file or built-in weights.
        new_name: the same.

    Raises:
        CommandError: options that do not go together, or classes that are not named.
        ValueError: checkpoint, class table or data set cannot be used.
    """
    from tqdm import tqdm

    from ..evaluation.comparison import PairCounts, compared, count_pairs, label_rows, pair_means
    from ..evaluation.label_origin import origin_remark
    from ..training.image_folder import ImageFolder
    from ..training.label_checks import check_labels_present
    from ..training.processes import processes
    from .comparison_page import comparison_page, most_changed

    _check_options(arguments)
    checkpoints = {name: _read(name) for name in dict.fromkeys((old_name, new_name))}
    table = labels_table(arguments, checkpoints[new_name][1])
    names = {name: _names(name, *read, table) for name, read in checkpoints.items()}
    wanted = _wanted(arguments, table)
    partial = bool(arguments.objects)
    root = Path(arguments.data)
    pairs = ImageFolder(root, arguments.split, table, partial)
    check_labels_present([pairs.present], f"{arguments.data}, {arguments.split}.txt")
    with processes(arguments.device) as here:
        networks = {
            name: evaluated_network(arguments, checkpoint).to(here.device).eval()
            for name, (checkpoint, _) in checkpoints.items()
        }
        sides = [(networks[name], PairCounts(names[name], wanted)) for name in (old_name, new_name)]
        blank = BlankImages(streams_of_set(arguments.data))
        shown = tqdm(blank.counted(pairs, range(len(pairs))), total=len(pairs), unit="pair")
        count_pairs(sides, shown, label_rows(table.names, wanted, partial), here.device)
        say(blank.sentences())
        arrays = [counts.array() for _, counts in sides]
        found = compared(*arrays, wanted)
        means = [pair_means(array) for array in arrays]
        groups = most_changed(means[1] - means[0]) if arguments.report else ((), ())

        looked = {
            side: (networks[name], names[name])
            for side, name in (("old", old_name), ("new", new_name))
        }
        lost, won = (
            [
                _compared_pair(pairs[i], [float(m[i]) for m in means], looked, table, here.device)
                for i in group
            ]
            for group in groups
        )
    remarks = [
        f"{name} does not know {', '.join(unknown)}: there its IoU is 0"
        for name in checkpoints
        if (unknown := [each for each in wanted if each not in names[name]])
    ]
    remark = origin_remark(root, ((name, pairs.labels(i)) for i, name in enumerate(pairs.names)))
    facts = {
        "old": old_name,
        "new": new_name,
        "data": arguments.data,
        "split": arguments.split,
        "remarks": [*remarks, *filter(None, [remark])],
    }
    text = "\n".join([f"old: {old_name}, new: {new_name}", found.as_table(), *facts["remarks"]])
    page = comparison_page(found, facts, table.palette, lost, won) if arguments.report else ""
    return Evaluated(text, {"comparison.json": found.as_json(facts)}, page)


def _compared_pair(pair, scores, looked, table: ClassTable, device) -> ComparedPair:
    """Return a pair as the report shows it.

    Args:
        pair: labelled.
        scores: its mean IoU, old and new.
        looked: network and names of its classes, by "old" and "new".
        table: the labels' classes.
        device: of the networks.
    """
    from ..evaluation.object_scores import predict
    from .comparison_page import ComparedPair, in_the_labels_indices

    maps = {
        side: in_the_labels_indices(predict(network, pair, device), names, table.names)
        for side, (network, names) in looked.items()
    }
    maps["true"] = pair.labels
    return ComparedPair(pair.name, *scores, pair.rgb, pair.thermal, maps)


def labels_table(arguments: argparse.Namespace, own: ClassTable) -> ClassTable:
    """Return the class table of a data set's labels: as told, its classes.yaml, or the weights'."""
    from ..class_table_file import class_table_of

    if arguments.classes:
        return class_table_of(arguments.classes)
    file = Path(arguments.data or "", "classes.yaml")
    return class_table_of(file) if arguments.data and file.is_file() else own


def _read(name: str):
    from ..inference.checkpoint_file import read_checkpoint

    return read_checkpoint(name)


def _check_options(arguments: argparse.Namespace) -> None:
    if not arguments.data:
        raise CommandError("two checkpoints are compared on a data set: give --data FOLDER")
    others = {
        "--protocol released": arguments.protocol != "plain",
        "--fusion-metrics": arguments.fusion_metrics,
        "--compare-fusions": arguments.compare_fusions,
        "--views": arguments.views,
    }
    for option, given in others.items():
        if given:
            raise CommandError(f"{option} is for one checkpoint: leave it or the other one out")


def _wanted(arguments: argparse.Namespace, table: ClassTable) -> tuple[str, ...]:
    unknown = [name for name in arguments.objects or () if name not in table.names]
    if unknown:
        known = ", ".join(table.names)
        raise CommandError(f"--objects: no class {unknown[0]!r}; known: {known}")
    return tuple(arguments.objects or table.names)


def _names(name: str, checkpoint, own: ClassTable, table: ClassTable) -> tuple[str, ...]:
    """Return a checkpoint's classes by index; one that names none has the labels' table."""
    if checkpoint.classes is not None:
        return own.names
    if len(own) == len(table):
        return table.names
    raise CommandError(
        f"{name} does not name its {len(own)} classes, and the labels have {len(table)}: they "
        "cannot be compared"
    )
