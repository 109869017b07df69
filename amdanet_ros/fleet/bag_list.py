"""A list of bags: a text file with an input a line."""

from __future__ import annotations

import glob
import gzip
import os
import re
import zlib
from collections.abc import Iterator
from pathlib import Path

from .bag_search import ManifestError, bags_below, bags_of, fixed_part, stem

_MOST_BYTES = 256 << 20


def listed(file: Path, out: str) -> Iterator[tuple[str, str, bool]]:
    """Yield the bags of a list: path, name of the output, and whether the list gives the name.

    Args:
        file: the list; it may be compressed with gzip.
        out: the real path of the outputs, where nothing is searched.

    Raises:
        ManifestError: it is no list.
        OSError: it cannot be read.
    """
    for number, line in enumerate(_lines(file), start=1):
        path, tab, name = line.partition("\t")
        path, name = path.strip(), name.strip()
        if not path or path.startswith("#"):
            continue
        if tab and (not name or "\t" in name):
            raise ManifestError(
                f"{file}, line {number}: after the tab stands the output's name, and no more"
            )
        path = os.path.expanduser(path)
        whole = os.path.join(file.parent, path)
        is_pattern = glob.has_magic(whole) and not os.path.lexists(whole)
        place = name or _place_in(file.parent, fixed_part(path) if is_pattern else path)
        bags = [(bag, os.path.join(place, inner)) for bag, inner in _inside(whole, is_pattern, out)]
        # Images in folders are fused too, and what is not there is told with the results.
        alone = (whole, name or _place_in(file.parent, path))
        for bag, inner in bags or [alone]:
            yield bag, inner if name else stem(inner), bool(name)


def _place_in(folder: Path, path: str) -> str:
    """Return how the output of a path in a list is called that lies in a folder."""
    if os.path.isabs(path):
        inside = os.path.relpath(path, folder.absolute())
        return path.lstrip("/") if inside.startswith("..") else inside
    return os.path.normpath(path).replace("../", "")


def _inside(path: str, is_pattern: bool, out: str) -> Iterator[tuple[str, str]]:
    """Yield the bags that a folder or a pattern in a list means, with their paths below it."""
    if is_pattern:
        yield from bags_of(path, out)
    elif os.path.isdir(path):
        for bag, inner in bags_below(Path(path), out):
            yield bag, "." if os.path.samefile(bag, path) else inner


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
