"""Fused images beside classical fusions, for ``amdanet evaluate --compare-fusions``."""

from __future__ import annotations

import argparse
import json
from typing import TYPE_CHECKING

from .blank_images import BlankImages, streams_of_set
from .evaluated import Evaluated
from .evaluated_network import evaluated_network
from .evaluated_pairs import evaluated_pairs
from .said import say

if TYPE_CHECKING:
    from ..classes import ClassTable
    from ..network.checkpoint import Checkpoint


def evaluate_fusions(
    arguments: argparse.Namespace, checkpoint: Checkpoint, table: ClassTable
) -> Evaluated:
    """Score the fused images beside three classical fusions.

    Args:
        arguments: of ``amdanet evaluate``.
        checkpoint: the weights.
        table: their classes.

    Raises:
        ValueError: a data set that cannot be used.
    """
    from tqdm import tqdm

    from ..evaluation.fusion_comparison import compare_fusions, comparison_table
    from ..training.processes import processes

    blank = BlankImages(streams_of_set(arguments.data or "the scenes"))
    pairs = evaluated_pairs(arguments, table)
    with processes(arguments.device) as here:
        network = evaluated_network(arguments, checkpoint).to(here.device)
        shown = tqdm(blank.counted(pairs, range(len(pairs))), total=len(pairs), unit="pair")
        scores = compare_fusions(network, shown, here.device)
    say(blank.sentences())
    return Evaluated(comparison_table(scores), {"fusions.json": json.dumps(scores, indent=2)})
