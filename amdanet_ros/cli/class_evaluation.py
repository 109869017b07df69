"""IoU of each class, for ``amdanet evaluate``."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from .blank_images import BlankImages, streams_of_set
from .evaluated import Evaluated
from .evaluated_network import evaluated_network
from .evaluated_pairs import evaluated_pairs
from .said import bars_hidden, say

if TYPE_CHECKING:
    from ..classes import ClassTable
    from ..network.checkpoint import Checkpoint
    from ..training.image_folder import ImageFolder
    from ..training.synthetic_scenes import SyntheticScenes
    from .evaluation_page import ScoredPair


def evaluate_classes(
    arguments: argparse.Namespace, checkpoint: Checkpoint, table: ClassTable
) -> Evaluated | None:
    """Score all classes, and the fused images where ``--fusion-metrics`` asks for it.

    Args:
        arguments: of ``amdanet evaluate``.
        checkpoint: the weights.
        table: the labels' classes, as many as the weights have.

    Returns:
        None in a process that is not the first of several.

    Raises:
        ValueError: options that do not go together, or a data set that cannot be used.
    """
    from tqdm import tqdm

    from ..evaluation.scoring import score_pairs
    from ..training.processes import processes
    from .evaluation_page import evaluation_page, worst_and_best

    blank = BlankImages(streams_of_set(arguments.data or "the scenes"))
    pairs = evaluated_pairs(arguments, table)
    window = _window(arguments, checkpoint, table)
    with processes(arguments.device) as here:
        network = evaluated_network(arguments, checkpoint).to(here.device)
        share = range(here.rank, len(pairs), here.world)
        own = blank.counted(pairs, share)
        chosen = tqdm(own, total=len(share), unit="pair", disable=not here.first or bars_hidden())
        report = here.gathered(
            score_pairs(network, chosen, table.names, here.device, window, arguments.fusion_metrics)
        )
        say(blank.sentences())
        if report is None:
            return None
        groups = worst_and_best(report.pair_scores) if arguments.report else ()
        shown = [
            [_scored(network, pairs, i, report.pair_scores[i], here.device, window) for i in group]
            for group in groups
        ]
    remark = _remark(arguments, pairs)
    report.facts = {
        "checkpoint": str(arguments.checkpoint),
        "data": arguments.data or f"synthetic {arguments.synthetic}",
        "split": arguments.split if arguments.data else "",
        "protocol": arguments.protocol,
        "pairs": len(pairs),
        **({"remark": remark} if remark else {}),
    }
    return Evaluated(
        "\n".join(filter(None, [report.as_table(), remark])),
        {"evaluation.json": report.as_json(), "evaluation.csv": report.as_csv()},
        evaluation_page(report, table, *shown) if arguments.report else "",
    )


def _window(
    arguments: argparse.Namespace, checkpoint: Checkpoint, table: ClassTable
) -> tuple[int, int] | None:
    """Return the window of the released protocol; None: the plain one."""
    from ..evaluation.protocols import RELEASED_WINDOWS

    if arguments.protocol != "released":
        return None
    # Classes that the checkpoint itself names do not tell the size of the images.
    known = table.name.lower() if arguments.classes or checkpoint.classes is None else ""
    window = tuple(arguments.window or RELEASED_WINDOWS.get(known, ()))
    if not window:
        raise ValueError(f"--protocol released needs --window H W for the classes {table.name}")
    return window


def _remark(arguments: argparse.Namespace, pairs: ImageFolder | SyntheticScenes) -> str:
    """Return what is to be said of how the labels were made; "": nothing."""
    from ..evaluation.label_origin import origin_remark

    if not arguments.data:
        return ""
    named = ((name, pairs.labels(i)) for i, name in enumerate(pairs.names))
    return origin_remark(Path(arguments.data), named)


def _scored(network, pairs, index: int, score: float, device, window) -> ScoredPair:
    """Return a pair as the report shows it."""
    import numpy as np

    from ..evaluation.scoring import predicted
    from .evaluation_page import ScoredPair

    pair = pairs[index]
    was_training = network.training
    network.eval()
    labels, fused = predicted(network, pair, device, window)
    network.train(was_training)
    names = getattr(pairs, "names", None)
    name = names[index] if names is not None else f"pair {index}"
    fused = np.rint(255 * np.clip(fused, 0, 1)).astype(np.uint8)
    return ScoredPair(name, score, pair.rgb, pair.thermal, fused, pair.labels, labels)
