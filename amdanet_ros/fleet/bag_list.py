"""A list of bags: a text file with an input a line."""

from __future__ import annotations

import glob
import gzip
import os
import re
import zlib
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from ..user_folders import NoHomeError, expanded
from .found import Found, Search
from .search import ManifestError, fixed_part, found_in, name_of

_MOST_BYTES = 256 << 20


def listed(file: Path, search: Search) -> Iterator[Found]:
    """Yield the inputs of a list.

    Args:
        file: the list; it may be compressed with gzip.
        search: for what.

    Raises:
        ManifestError: it is no list.
        OSError: it cannot be read.
    """
    for number, line in enumerate(_lines(file), start=1):
        path, *further = (part.strip() for part in line.split("\t"))
        if not path or path.startswith("#"):
            continue
        name, thermal = (*further, "", "")[:2]
        if len(further) > 2 or (further and not further[-1]):
            raise ManifestError(
                f"{file}, line {number}: after a tab stands the output's name, after another one "
                "the thermal video, and no more"
            )
        path = _at_home(path)
        whole = os.path.join(file.parent, path)
        if thermal:
            second = os.path.join(file.parent, _at_home(thermal))
            place = name or name_of(whole, _place_in(file.parent, path))
            yield Found(whole, place, second, bool(name))
            continue
        is_pattern = glob.has_magic(whole) and not os.path.lexists(whole)
        place = name or _place_in(file.parent, fixed_part(path) if is_pattern else path)
        found = list(_inside(whole, is_pattern, search))
        for each in found:
            yield replace(each, name=os.path.join(place, each.name), is_named=bool(name))
        if not found:
            # Images in folders are fused too, and what is not there is told with the results.
            place = _place_in(file.parent, path)
            yield Found(whole, name or name_of(whole, place), is_named=bool(name))


def _at_home(path: str) -> str:
    """Return a path, "~" in front replaced; where nobody has that home, it is told as missing."""
    try:
        return str(expanded(path)) if path.startswith("~") else path
    except NoHomeError:
        return path


def _place_in(folder: Path, path: str) -> str:
    """Return how the output of a path in a list is called that lies in a folder."""
    if os.path.isabs(path):
        inside = os.path.relpath(path, folder.absolute())
        return path.lstrip("/") if inside.startswith("..") else inside
    return os.path.normpath(path).replace("../", "")


def _inside(path: str, is_pattern: bool, search: Search) -> Iterator[Found]:
    """Yield the inputs that a folder or a pattern in a list means, with their paths below it."""
    if is_pattern:
        yield from found_in(path, search)
    elif os.path.isdir(path):
        for each in search.below(Path(path)):
            is_itself = os.path.samefile(each.path, path)
            yield replace(each, name=".") if is_itself else each


def _lines(file: Path) -> list[str]:
    """Return the lines of a list.

    Raises:
        ManifestError: it is none.
    """
    with file.open("rb") as opened:
        is_packed = opened.read(2) == b"\x1f\x8b"
    try:
        with gzip.open(file) if is_packed else file.open("rb") as opened:
            data = opened.read(_MOST_BYTES + 1)
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise ManifestError(f"{file} is no list of bags: its compression is damaged") from error
    if len(data) > _MOST_BYTES:
        raise ManifestError(f"{file} is no list of bags: it is too large")
    if b"\0" in data[:65536]:
        raise ManifestError(
            f"{file} is no list of bags, and no bag: give a text file in UTF-8, or a bag's folder"
        )
    text = data.decode("utf-8-sig", errors="surrogateescape")
    # Not splitlines: names may hold what else it takes for an end of line.
    return re.split(r"\r\n|\r|\n", text)
