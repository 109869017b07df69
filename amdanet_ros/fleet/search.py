"""What an input that stands for many means: a folder, a pattern, or one input itself."""

from __future__ import annotations

import glob
import os
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path

from ..bags.recording_names import STORAGES
from ..programs.errors import ProgramError
from ..videos.video_names import is_video
from .found import Found, Search


class ManifestError(ProgramError):
    """Inputs that cannot be used; one line says which and how to fix it."""


def found_in(given: str, search: Search) -> Iterator[Found]:
    """Yield the inputs of a folder, a pattern, or the input itself, with names of their outputs.

    Args:
        given: path or pattern.
        search: for what.

    Raises:
        ManifestError: it does not exist.
    """
    path = Path(given)
    if path.is_dir():
        yield from search.below(path)
    elif os.path.lexists(given):
        yield Found(given, name_of(given, path.name))
    elif glob.has_magic(given):
        base = fixed_part(given)
        for found in sorted(glob.glob(given, recursive=True)):
            if not is_within(found, search.out):
                yield from _of_pattern(Path(found), base, search)
    else:
        raise ManifestError(
            f"{given or repr(given)} does not exist: give a list, a folder, a pattern or a bag"
        )


def _of_pattern(found: Path, base: str, search: Search) -> Iterator[Found]:
    name = os.path.relpath(found, base)
    if found.is_dir():
        for each in search.below(found):
            is_itself = os.path.samefile(each.path, found)
            yield replace(each, name=name if is_itself else os.path.join(name, each.name))
    elif search.is_one(found) and not search.is_part(found):
        # The files of a recording, which a pattern such as ** finds too, are no bags of their own.
        yield Found(str(found), name_of(str(found), name))


def fixed_part(pattern: str) -> str:
    """Return the folder before the first wildcard."""
    fixed: list[str] = []
    for part in pattern.split(os.sep):
        if glob.has_magic(part):
            break
        fixed.append(part)
    return os.sep.join(fixed) or ("/" if pattern.startswith(os.sep) else ".")


def name_of(path: str, name: str) -> str:
    """Return how the output of an input is called: without the suffix of its file.

    Args:
        path: of the input.
        name: its path below the place that was searched.
    """
    if is_video(Path(path)):
        return os.path.splitext(name)[0]
    for suffix in sorted(STORAGES, key=len, reverse=True):
        if name.endswith(suffix) and len(os.path.basename(name)) > len(suffix):
            return name[: -len(suffix)]
    return name


def not_read(errors: Iterable[OSError], folder: Path) -> Iterator[Found]:
    """Yield folders that could not be searched, so that they are told as what fails.

    Args:
        errors: of ``os.walk``.
        folder: that was searched.
    """
    for error in errors:
        if not isinstance(error, FileNotFoundError):
            inner = os.path.relpath(error.filename, folder)
            yield Found(error.filename, folder.absolute().name if inner == "." else inner)


def is_within(path: str, folder: str) -> bool:
    """Whether a path lies in a folder, which is given by its real path, or is it."""
    real = os.path.realpath(path)
    return real == folder or real.startswith(folder + os.sep)
