"""Which bags are meant by a list, a folder or a pattern, and how their outputs are called."""

from __future__ import annotations

import glob
import os
import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from ..bags.recording_names import METADATA, STORAGES
from ..fuse.written_files import MARK
from ..one_line import one_line
from ..programs.errors import ProgramError
from .unit import Unit

_BAGS = STORAGES
_MOST_LIST_BYTES = 256 << 20


class ManifestError(ProgramError):
    """Inputs that cannot be used; one line says which and how to fix it."""


def find_units(inputs: Sequence[str], out: Path) -> list[Unit]:
    """Return a unit for each bag, sorted by the name of its output.

    An input is a bag, a folder with bags at any depth, a pattern such as ``day_*/run_*`` or a text
    file with an input a line, after which a tab and the name of its output may stand. Relative
    paths in it start at its folder. Bags below a folder are named by their path in it, others by
    the part of their path that the list or the pattern leaves open.

    Args:
        inputs: see above.
        out: of the fleet; what lies in it is an output.

    Raises:
        ManifestError: there is no bag, or two bags would have the same output.
        OSError: a folder or a list cannot be read.
    """
    place = os.path.realpath(out)
    named: dict[str, str] = {}
    seen: set[tuple[str, str]] = set()
    for given in inputs:
        for path, name in _named(given, place):
            name = _checked_name(name, path)
            real = os.path.realpath(path)
            if real == place or real.startswith(place + os.sep):
                raise ManifestError(f"{path} lies in the output {out}: give another place for one")
            if name in named and os.path.realpath(named[name]) != real:
                raise ManifestError(
                    f"{named[name]} and {path} would both be written to {out / name}: give a list "
                    "with a name for each: INPUT, a tab, NAME"
                )
            if (real, name) not in seen:
                seen.add((real, name))
                named[name] = path
    if not named:
        raise ManifestError(
            f"no bag in {one_line(' '.join(inputs))}: give bags, or folders of bags"
        )
    _check_apart(named)
    return [Unit(path, name, _size(path)) for name, path in sorted(named.items())]


def _named(given: str, out: str) -> Iterator[tuple[str, str]]:
    """Yield the bags of one input with their names."""
    path = Path(given)
    if os.path.lexists(given):
        if path.is_dir():
            yield from _below(path, out)
        elif path.is_file() and not path.name.endswith(_BAGS) and path.name != METADATA:
            yield from _listed(path, out)
        else:
            yield given, _stem(path.name)
        return
    if not glob.has_magic(given):
        raise ManifestError(f"{given} does not exist: give a list, a folder, a pattern or a bag")
    base = _fixed_part(given)
    for found in sorted(glob.glob(given, recursive=True)):
        if not _is_within(found, out):
            yield from _of_pattern(Path(found), base, out)


def _of_pattern(found: Path, base: str, out: str) -> Iterator[tuple[str, str]]:
    name = os.path.relpath(found, base)
    if found.is_dir():
        for path, inner in _below(found, out):
            is_itself = os.path.samefile(path, found)
            yield path, name if is_itself else os.path.join(name, inner)
    elif found.name.endswith(_BAGS) and not (found.parent / METADATA).is_file():
        # The files of a recording, which a pattern such as ** finds too, are no bags of their own.
        yield str(found), _stem(name)


def _fixed_part(pattern: str) -> str:
    """Return the folder before the first wildcard."""
    fixed: list[str] = []
    for part in pattern.split(os.sep):
        if glob.has_magic(part):
            break
        fixed.append(part)
    return os.sep.join(fixed) or ("/" if pattern.startswith(os.sep) else ".")


def _below(folder: Path, out: str) -> Iterator[tuple[str, str]]:
    """Yield the bags in a folder, or the folder itself where it is one."""
    itself = Path(os.path.abspath(folder)).name
    for root, folders, names in os.walk(folder):
        here = Path(root)
        inner = os.path.relpath(root, folder)
        if MARK in names:  # an output of amdanet fuse
            folders.clear()
            continue
        bags = sorted(name for name in names if name.endswith(_BAGS))
        if METADATA in names or (bags and _is_one(here.absolute(), bags)):
            folders.clear()
            yield str(here), itself if inner == "." else inner
            continue
        for name in bags:
            yield str(here / name), _stem(os.path.normpath(os.path.join(inner, name)))
        links = [each for each in folders if (here / each).is_symlink()]
        folders[:] = sorted(
            each
            for each in folders
            if not each.startswith(".") and not _is_within(os.path.join(root, each), out)
        )
        for each in links:
            # Folders behind links are not searched, for they may lead around; bags are taken.
            if each in folders and (here / each / METADATA).is_file():
                yield str(here / each), os.path.normpath(os.path.join(inner, each))


def _is_one(folder: Path, bags: Sequence[str]) -> bool:
    """Whether files without metadata.yaml are one recording, FOLDER_0.mcap, FOLDER_1.mcap."""
    return {re.sub(r"_\d+$", "", name.partition(".")[0]) for name in bags} == {folder.name}


def _listed(file: Path, out: str) -> Iterator[tuple[str, str]]:
    if file.stat().st_size > _MOST_LIST_BYTES:
        raise ManifestError(f"{file} is no list of bags: it is too large")
    data = file.read_bytes()
    if b"\0" in data[:65536]:
        raise ManifestError(f"{file} is no list of bags, and no bag: give a bag's folder")
    text = data.decode("utf-8-sig", errors="surrogateescape")
    for number, line in enumerate(text.splitlines(), start=1):
        path, tab, name = line.partition("\t")
        path = path.strip()
        if not path or path.startswith("#"):
            continue
        whole = os.path.join(file.parent, os.path.expanduser(path))
        if tab and name.strip():
            yield whole, name.strip()
        elif tab:
            raise ManifestError(f"{file}, line {number}: after the tab stands the output's name")
        elif os.path.isabs(os.path.expanduser(path)):
            inside = os.path.relpath(whole, file.parent.absolute())
            yield whole, _stem(whole.lstrip("/") if inside.startswith("..") else inside)
        else:
            yield whole, _stem(os.path.normpath(path).replace("../", ""))


def _stem(name: str) -> str:
    """Return a bag's name without the suffix of its file, which the output does not have."""
    for suffix in sorted(_BAGS, key=len, reverse=True):
        if name.endswith(suffix) and len(os.path.basename(name)) > len(suffix):
            return name[: -len(suffix)]
    return name


def _checked_name(name: str, path: str) -> str:
    plain = os.path.normpath(name)
    parts = plain.split(os.sep)
    if os.path.isabs(plain) or ".." in parts or plain == ".":
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


def _is_within(path: str, folder: str) -> bool:
    real = os.path.realpath(path)
    return real == folder or real.startswith(folder + os.sep)


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
