"""Where a fuse job keeps what it has done, and how much that is."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

SUFFIX = ".npz"
"""Of the file of each kept pair."""


def journal_folder(output: Path) -> Path:
    """Return the folder of an output's journal, beside it."""
    return output.with_name(f".{output.name}.partial")


def kept_pairs(output: Path) -> int:
    """Return how many pairs of an unfinished output are kept; 0 where there is none."""
    with contextlib.suppress(OSError), os.scandir(journal_folder(output)) as entries:
        return sum(each.name.endswith(SUFFIX) for each in entries)
    return 0
