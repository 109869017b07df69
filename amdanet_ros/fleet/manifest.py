"""Which inputs a list, a folder or a pattern means, and how their outputs are called."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from ..one_line import one_line
from ..regular_file import refusal
from .bag_list import listed
from .bag_search import BagSearch
from .found import Found, Search
from .search import ManifestError, found_in, is_within
from .unit import Unit


def find_units(inputs: Sequence[str], out: Path, search: Search | None = None) -> list[Unit]:
    """Return a unit for each input, sorted by the name of its output.

    An input is a bag, a video, a folder with such at any depth, a pattern such as ``day_*/run_*``
    or a text file with an input a line, after which a tab and the name of its output may stand,
    and after another tab the thermal video; the file may be compressed with gzip. Relative paths
    in it start at its folder. What lies below a folder is named by its path in it, others by the
    part of their path that the list or the pattern leaves open. An input that has several paths is
    one unit, unless the list names an output for each.

    Args:
        inputs: see above.
        out: of the fleet; what lies in it is an output.
        search: for what; None: for bags and videos.

    Raises:
        ManifestError: there is none, or two would have the same output.
        OSError: a folder or a list cannot be read.
    """
    search = search or BagSearch(out)
    found: list[Found] = []
    for given in inputs:
        if os.path.lexists(given) and is_within(given, search.out):
            raise ManifestError(f"{given} lies in the output {out}: give another place for one")
        found += _found(given, search)
    named = _named(search.matched(found), out)
    if not named:
        raise ManifestError(
            f"no {search.what.rstrip('s')} in {one_line(' '.join(inputs))}: give {search.what}, or "
            f"folders of {search.what}"
        )
    _check_apart(named)
    return [
        Unit(each.path, name, _size(each.path) + _size(each.thermal), each.thermal)
        for name, each in sorted(named.items())
    ]


def _named(found: Iterable[Found], out: Path) -> dict[str, Found]:
    """Return inputs by the names of their outputs."""
    place = os.path.realpath(out)
    named: dict[str, Found] = {}
    chosen: dict[tuple[str, ...], str] = {}
    for each in sorted(found, key=lambda each: each.is_named):
        name, real = _checked_name(each.name, each.path), _real(each)
        if any(path == place or path.startswith(place + os.sep) for path in real):
            raise ManifestError(f"{each.path} lies in the output {out}: give another place for one")
        known = named.get(name, each)
        if _real(known) != real:
            raise ManifestError(
                f"{known.path} and {each.path} would both be written to {out / name}: give a list "
                "with a name for each: INPUT, a tab, NAME"
            )
        if not each.is_named:
            earlier = chosen.get(real)
            # The path without links names it, else the first one.
            if earlier is not None and os.path.abspath(each.path) != real[0]:
                continue
            if earlier not in (None, name):
                del named[earlier]
            chosen[real] = name
        named[name] = each
    return named


def _real(found: Found) -> tuple[str, ...]:
    """Return the real paths of an input."""
    return tuple(os.path.realpath(each) for each in (found.path, found.thermal) if each)


def _found(given: str, search: Search) -> Iterator[Found]:
    """Yield what one input of the call means."""
    path = Path(given)
    if path.is_file() and not search.is_one(path):
        yield from listed(path, search)
        return
    if words := refusal(path, "a list, a folder or a bag"):
        raise ManifestError(f"{given} {words}")
    if os.path.lexists(given) and not path.exists():
        raise ManifestError(
            f"{given} is a link that leads to nothing: give a list, a folder or a bag"
        )
    yield from found_in(given, search)


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


def _size(path: str | None) -> int:
    """Return the bytes of an input; 0 where it is not there."""
    if path is None:
        return 0
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
