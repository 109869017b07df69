"""The bags below a folder or of a pattern, and how their outputs are called."""

from __future__ import annotations

import glob
import os
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from ..bags.recording_names import METADATA, STORAGES
from ..fuse.written_files import MARK
from ..programs.errors import ProgramError

BAGS = STORAGES
"""Suffixes of the files of bags."""


class ManifestError(ProgramError):
    """Inputs that cannot be used; one line says which and how to fix it."""


def bags_of(given: str, out: str) -> Iterator[tuple[str, str]]:
    """Yield the bags of a folder, a pattern, or the bag itself, with the names of their outputs.

    Args:
        given: path or pattern.
        out: the real path of the outputs, where nothing is searched.

    Raises:
        ManifestError: it does not exist.
    """
    path = Path(given)
    if path.is_dir():
        yield from bags_below(path, out)
    elif os.path.lexists(given):
        yield given, stem(path.name)
    elif glob.has_magic(given):
        base = fixed_part(given)
        for found in sorted(glob.glob(given, recursive=True)):
            if not is_within(found, out):
                yield from _of_pattern(Path(found), base, out)
    else:
        raise ManifestError(
            f"{given or repr(given)} does not exist: give a list, a folder, a pattern or a bag"
        )


def _of_pattern(found: Path, base: str, out: str) -> Iterator[tuple[str, str]]:
    name = os.path.relpath(found, base)
    if found.is_dir():
        for path, inner in bags_below(found, out):
            is_itself = os.path.samefile(path, found)
            yield path, name if is_itself else os.path.join(name, inner)
    elif found.name.endswith(BAGS) and not (found.parent / METADATA).is_file():
        # The files of a recording, which a pattern such as ** finds too, are no bags of their own.
        yield str(found), stem(name)


def fixed_part(pattern: str) -> str:
    """Return the folder before the first wildcard."""
    fixed: list[str] = []
    for part in pattern.split(os.sep):
        if glob.has_magic(part):
            break
        fixed.append(part)
    return os.sep.join(fixed) or ("/" if pattern.startswith(os.sep) else ".")


def bags_below(folder: Path, out: str) -> Iterator[tuple[str, str]]:
    """Yield the bags in a folder, or the folder itself where it is one."""
    itself = Path(os.path.abspath(folder)).name
    for root, folders, names in os.walk(folder):
        here = Path(root)
        inner = os.path.relpath(root, folder)
        if MARK in names:  # an output of amdanet fuse
            folders.clear()
            continue
        bags = sorted(name for name in names if name.endswith(BAGS))
        if METADATA in names or (bags and _is_one(here.absolute(), bags)):
            folders.clear()
            yield str(here), itself if inner == "." else inner
            continue
        for name in bags:
            yield str(here / name), stem(os.path.normpath(os.path.join(inner, name)))
        links = [each for each in folders if (here / each).is_symlink()]
        folders[:] = sorted(
            each
            for each in folders
            if not each.startswith(".") and not is_within(os.path.join(root, each), out)
        )
        for each in links:
            # Folders behind links are not searched, for they may lead around; bags are taken.
            if each in folders and (here / each / METADATA).is_file():
                yield str(here / each), os.path.normpath(os.path.join(inner, each))


def _is_one(folder: Path, bags: Sequence[str]) -> bool:
    """Whether files without metadata.yaml are one recording, FOLDER_0.mcap, FOLDER_1.mcap."""
    return {re.sub(r"_\d+$", "", name.partition(".")[0]) for name in bags} == {folder.name}


def stem(name: str) -> str:
    """Return a bag's name without the suffix of its file, which the output does not have."""
    for suffix in sorted(BAGS, key=len, reverse=True):
        if name.endswith(suffix) and len(os.path.basename(name)) > len(suffix):
            return name[: -len(suffix)]
    return name


def is_within(path: str, folder: str) -> bool:
    real = os.path.realpath(path)
    return real == folder or real.startswith(folder + os.sep)
