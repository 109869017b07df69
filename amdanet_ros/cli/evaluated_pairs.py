"""The pairs that ``amdanet evaluate`` scores: a data set's list, or generated scenes."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from ..user_folders import expanded

if TYPE_CHECKING:
    from ..classes import ClassTable
    from ..training.image_folder import ImageFolder
    from ..training.synthetic_scenes import SyntheticScenes

_MOST_SCENES = 10_000_000


def evaluated_pairs(
    arguments: argparse.Namespace, table: ClassTable
) -> ImageFolder | SyntheticScenes:
    """Return the pairs of ``--data`` or ``--synthetic``, labelled with the classes of a table.

    Raises:
        ValueError: a folder or a range of scenes that cannot be used.
    """
    from ..training.image_folder import ImageFolder
    from ..training.label_checks import check_labels_present
    from ..training.synthetic_scenes import SyntheticScenes, default_cache

    if arguments.data:
        partial = arguments.compare_fusions  # the labels are not used
        pairs = ImageFolder(Path(arguments.data), arguments.split, table, partial)
        if not arguments.compare_fusions:
            check_labels_present([pairs.present], f"{arguments.data}, {arguments.split}.txt")
        return pairs
    first, _, count = arguments.synthetic.partition(":")
    if not all(each.isdecimal() and each.isascii() and len(each) <= 12 for each in (first, count)):
        raise ValueError(f"--synthetic {arguments.synthetic!r}: write SEED:COUNT, as 500000:48")
    if not 1 <= int(count) <= _MOST_SCENES:
        raise ValueError(
            f"--synthetic {arguments.synthetic!r}: the number of scenes must lie in 1 to "
            f"{_MOST_SCENES}"
        )
    cache = expanded(arguments.cache) if arguments.cache else default_cache()
    return SyntheticScenes(int(first), int(count), tuple(arguments.size), cache)
