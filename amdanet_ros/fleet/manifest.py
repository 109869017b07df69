"""Which bags are meant by a list, a folder or a pattern, and how their outputs are called."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from ..bags.recording_names import METADATA
from ..one_line import one_line
from .bag_list import listed
from .bag_search import BAGS, ManifestError, bags_of, is_within
from .unit import Unit


def find_units(inputs: Sequence[str], out: Path) -> list[Unit]:
    """Return a unit for each bag, sorted by the name of its output.

    An input is a bag, a folder with bags at any depth, a pattern such as ``day_*/run_*`` or a text
    file with an input a line, after which a tab and the name of its output may stand; the file may
    be compressed with gzip. Relative paths in it start at its folder. Bags below a folder are named
    by their path in it, others by the part of their path that the list or the pattern leaves open.
    A bag that has several paths is one unit, unless the list names an output for each.

    Args:
        inputs: see above.
        out: of the fleet; what lies in it is an output.

    Raises:
        ManifestError: there is no bag, or two bags would have the same output.
        OSError: a folder or a list cannot be read.
    """
    place = os.path.realpath(out)
    found: list[tuple[str, str, bool]] = []
    for given in inputs:
        if os.path.lexists(given) and is_within(given, place):
            raise ManifestError(f"{given} lies in the output {out}: give another place for one")
        found += _found(given, place)
    named = _named(found, out)
    if not named:
        raise ManifestError(
            f"no bag in {one_line(' '.join(inputs))}: give bags, or folders of bags"
        )
    _check_apart(named)
    return [Unit(path, name, _size(path)) for name, path in sorted(named.items())]


def _named(found: Iterable[tuple[str, str, bool]], out: Path) -> dict[str, str]:
    """Return the bags by the names of their outputs.

    Args:
        found: path, name, and whether a list gives the name, which is kept beside others then.
        out: of the fleet.
    """
    place = os.path.realpath(out)
    named: dict[str, tuple[str, str]] = {}
    chosen: dict[str, str] = {}
    for path, words, is_given in sorted(found, key=lambda each: each[2]):
        name, real = _checked_name(words, path), os.path.realpath(path)
        if real == place or real.startswith(place + os.sep):
            raise ManifestError(f"{path} lies in the output {out}: give another place for one")
        known, its_real = named.get(name, (path, real))
        if its_real != real:
            raise ManifestError(
                f"{known} and {path} would both be written to {out / name}: give a list with a "
                "name for each: INPUT, a tab, NAME"
            )
        if not is_given:
            earlier = chosen.get(real)
            # The path without links names it, else the first one.
            if earlier is not None and os.path.abspath(path) != real:
                continue
            if earlier not in (None, name):
                del named[earlier]
            chosen[real] = name
        named[name] = (path, real)
    return {name: path for name, (path, _) in named.items()}


def _found(given: str, out: str) -> Iterator[tuple[str, str, bool]]:
    """Yield the bags of one input with their names, and whether a list gives them."""
    path = Path(given)
    if path.is_file() and not path.name.endswith(BAGS) and path.name != METADATA:
        yield from listed(path, out)
        return
    if os.path.lexists(given) and not (path.is_file() or path.is_dir()):
        raise ManifestError(f"{given} is no file and no folder: give a list, a folder or a bag")
    for each, name in bags_of(given, out):
        yield each, name, False


def _checked_name(name: str, path: str) -> str:
    plain = os.path.normpath(name)
    parts = plain.split(os.sep)
    is_journal = any(part.startswith(".") and part.endswith(".partial") for part in parts)
    if os.path.isabs(plain) or ".." in parts or plain == "." or is_journal:
        raise ManifestError(f"{one_line(name, 100)!r} is no name for the output of {path}: "
                            "give one that leads to a place within OUT")  # fmt: skip
    if parts[0].startswith((".amdanet_fleet", "results", "report.html")):
        return os.path.join("bags", plain)
    return plain


def _check_apart(named: Iterable[str]) -> None:
    """Refuse an output within another one."""
    names = set(named)
    for name in names:
        parent = os.path.dirname(name)
        while parent:
            if parent in names:
                raise ManifestError(
                    f"the output {name} would lie in the output {parent}: give a list with a name "
                    "for each: INPUT, a tab, NAME"
                )
            parent = os.path.dirname(parent)


def _size(path: str) -> int:
    """Return the bytes of a bag; 0 where it is not there."""
    try:
        with os.scandir(path) as entries:
            return sum(each.stat().st_size for each in entries if each.is_file())
    except NotADirectoryError:
        return os.path.getsize(path)
    except OSError:
        return 0


def shard(units: Sequence[Unit], rank: int, world: int) -> list[Unit]:
    """Return the units of one of several calls that share them: every ``world``-th one.

    Args:
        units: the same in all calls, in the same order.
        rank: of this call, from 0.
        world: number of calls.
    """
    return list(units[rank::world])
