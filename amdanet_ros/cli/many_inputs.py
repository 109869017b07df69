"""Inputs that stand for many bags: lists, patterns and folders, as `amdanet fleet` takes them."""

from __future__ import annotations

import glob
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from ..fuse.image_names import SUFFIXES

if TYPE_CHECKING:
    from ..fleet.bag_search import BagSearch


def all_inputs(given: Sequence[Path], out: Path, stacked: bool = False) -> list[Path]:
    """Return inputs with bags and videos in place of what stands for many of them.

    Args:
        given: bags, folders of images and videos, which stay as they are, and lists, patterns and
            folders of bags.
        out: the output; what lies in it is no input.
        stacked: whether each video holds the images of both cameras.

    Raises:
        ManifestError: a list, a pattern or a folder cannot be used, or means none.
        OSError: it cannot be read.
    """
    from ..fleet.bag_search import BagSearch

    search = BagSearch(out, stacked)
    return [each for path in given for each in _inputs(path, out, search)]


def _inputs(given: Path, out: Path, search: BagSearch) -> Iterator[Path]:
    from ..fleet.manifest import find_units

    if _is_many(given, search):
        for unit in find_units([str(given)], out, search):
            yield from map(Path, filter(None, (unit.input, unit.thermal)))
    else:
        yield given


def _is_many(given: Path, search: BagSearch) -> bool:
    if given.is_dir():
        first = next(search.below(given), None)
        return first is not None and not os.path.samefile(first.path, given)
    if given.is_file():
        return given.suffix.lower() not in SUFFIXES and not search.is_one(given)
    return glob.has_magic(str(given)) and not os.path.lexists(given)
