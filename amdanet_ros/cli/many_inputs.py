"""Inputs that stand for many bags: lists, patterns and folders, as `amdanet fleet` takes them."""

from __future__ import annotations

import glob
import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from ..fuse.image_names import SUFFIXES
from .source_arguments import is_video


def all_inputs(given: Sequence[Path], out: Path) -> list[Path]:
    """Return inputs with the bags in place of what stands for many of them.

    Args:
        given: bags, folders of images and videos, which stay as they are, and lists, patterns and
            folders of bags.
        out: the output; what lies in it is no input.

    Raises:
        ManifestError: a list, a pattern or a folder cannot be used, or means no bag.
        OSError: it cannot be read.
    """
    return [each for path in given for each in _bags(path, out)]


def _bags(given: Path, out: Path) -> Iterator[Path]:
    from ..fleet.manifest import find_units

    if _is_many(given, os.path.realpath(out)):
        yield from (Path(unit.input) for unit in find_units([str(given)], out))
    else:
        yield given


def _is_many(given: Path, out: str) -> bool:
    from ..bags.recording_names import METADATA
    from ..fleet.bag_search import BAGS, bags_below

    if given.is_dir():
        first = next(bags_below(given, out), None)
        return first is not None and not os.path.samefile(first[0], given)
    if given.is_file():
        is_other = is_video(given) or given.suffix.lower() in SUFFIXES
        return not is_other and not given.name.endswith(BAGS) and given.name != METADATA
    return glob.has_magic(str(given)) and not os.path.lexists(given)
