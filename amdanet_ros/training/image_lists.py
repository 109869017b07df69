"""Lists of a data set: text files with the name of an image on each line."""

from __future__ import annotations

import os
import unicodedata
from pathlib import Path, PurePosixPath, PureWindowsPath

from ..one_line import one_line
from ..regular_file import PIPE_OR_DEVICE, is_pipe_or_device, refusal
from ..user_folders import NoHomeError, expanded
from .labelled_pair import DataError

_ENDINGS = (".png", ".jpg", ".jpeg", ".bmp", ".tif", ".tiff", ".webp", ".pgm", ".ppm", ".pnm")
_LARGEST = 2**26


def data_folder(root: str | Path) -> Path:
    """Return a data set's folder, "~" replaced.

    Raises:
        DataError: there is no such home folder.
    """
    try:
        return expanded(root)
    except NoHomeError as error:
        raise DataError(str(error)) from error


def check_outside(target: Path, source: Path) -> None:
    """Refuse to write a data set into the one that is read.

    Raises:
        DataError: the folder is the source, or lies in it.
    """
    place, read = target.resolve(), source.resolve()
    if place == read:
        raise DataError(f"{target} is the source itself: name another folder to write")
    if read in place.parents:
        raise DataError(f"{target} lies in the source {source}: name a folder outside of it")


def read_list(path: Path, repeats: bool = False) -> list[str]:
    """Return the names of a list, without the ending of an image file.

    Empty lines, spaces around names, a byte order mark and lines that begin with # do not matter.
    A name may lead into a folder ("seq1/0001"). With `repeats` a name that comes again is left out;
    in a list to train on it would be in the held-out share too.

    Raises:
        DataError: missing, no text, without a name, with a name twice, or with a path for a name.
    """
    label = one_line(path)
    if words := refusal(path, "a text file with the images' names"):
        raise DataError(f"{label} {words}")
    if not path.is_file():
        raise DataError(f"{label} is missing: it is the list of the images' names, one a line")
    if path.stat().st_size > _LARGEST:
        raise DataError(f"{label} is too long for a list of names, one a line")
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise DataError(f"{label} is no text in UTF-8: write one name a line") from error
    lines: dict[str, int] = {}
    for number, line in enumerate(text.splitlines(), start=1):
        name = line.strip()
        if not name or name.startswith("#"):
            continue
        ending = next((each for each in _ENDINGS if name.lower().endswith(each)), "")
        name = name[: len(name) - len(ending)]
        _check_name(name, f"{label}, line {number}")
        if name in lines:
            if repeats:
                continue
            raise DataError(
                f"{label} names {one_line(name, 80)} twice, in lines {lines[name]} and {number}: "
                "remove one"
            )
        lines[name] = number
    if not lines:
        raise DataError(f"{label} names no image")
    return list(lines)


def meant_instead(path: Path) -> str:
    """Return what to say of a file or folder beside a missing PNG that it may be meant for.

    That is one with another ending, other capital letters, or umlauts written as other code
    points (macOS writes two for one); or the file itself, which is none. Empty if there is none.
    """
    if os.path.lexists(path):
        what = "a link that leads to no file" if path.is_symlink() else "a folder"
        if is_pipe_or_device(path):
            what = PIPE_OR_DEVICE
        return f" (it is there as {what}: put the file there)"
    for wanted, what in ((path.parent, "folder"), (path, "file")):
        if wanted.exists() or not wanted.parent.is_dir():
            continue
        with os.scandir(wanted.parent) as entries:
            near = sorted(each.name for each in entries if _plain(each.name) == _plain(wanted.name))
        if near:
            return (
                f" (the {what} {one_line(near[0], 80)} is there: {_remedy(near[0], wanted.name)})"
            )
    return ""


def _plain(name: str) -> str:
    """Return a file's name without ending, capital letters and ways of writing umlauts."""
    ending = next((each for each in _ENDINGS if name.lower().endswith(each)), "")
    return unicodedata.normalize("NFC", name[: len(name) - len(ending)]).casefold()


def _remedy(found: str, wanted: str) -> str:
    if wanted.endswith(".png") and not found.lower().endswith(".png"):
        return "only PNG is read, and JPEG spoils labels"
    return "its letters are others, rename it"


def _check_name(name: str, where: str) -> None:
    parts = PurePosixPath(name).parts
    is_path = name.startswith("/") or ".." in parts or "\\" in name or PureWindowsPath(name).drive
    if is_path or not parts or not name.isprintable():
        raise DataError(
            f"{where}: {one_line(repr(name), 120)} is no name of an image: write the names alone, "
            "as 00001 for Visible/00001.png"
        )
    if len(name.split()) > 1 and any(ending in name.lower() for ending in _ENDINGS):
        raise DataError(
            f"{where}: {one_line(repr(name), 120)} is more than one name: write one name a line"
        )
