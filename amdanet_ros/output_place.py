"""Where a command may write: never over an input, around it, or into a recording."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable, Iterable
from pathlib import Path

from .disk_room import check_room
from .programs.errors import ProgramError
from .regular_file import refusal

_RECORDING = (
    "metadata.yaml", "*.mcap", "*.db3", "*.mcap.zstd", "*.db3.zstd", "*.bag", "*.bag.active",
)  # fmt: skip


class OutputPlaceError(ProgramError):
    """An output may not be written there; the message is one line with the cause and the fix."""


def keep_apart(output: Path, inputs: Iterable[Path]) -> None:
    """Check that writing ``output`` cannot change an input; links are followed.

    Args:
        output: a file or a folder that is written as a whole; it need not exist.
        inputs: files and folders that are read; what does not exist is no input.

    Raises:
        OutputPlaceError: it is an input (by another name, a link or a hard link too), it is a
            folder that holds one, or it lies in a recording.
    """
    place = Path(os.path.realpath(output))
    for given in inputs:
        if not given.exists():
            continue
        real = Path(os.path.realpath(given))
        if place == real or (place.exists() and place.samefile(real)):
            raise OutputPlaceError(
                f"the output {output} is the input {given}: give another name for the output"
            )
        if place in real.parents:
            raise OutputPlaceError(
                f"the output {output} is a folder that holds the input {given}: give another name "
                "for the output"
            )
        bag = real if real.is_dir() else real.parent
        # Files of one recording each may lie side by side in a folder, which is none then.
        if bag in place.parents and is_recording(bag, loose=real.is_dir()):
            raise OutputPlaceError(
                f"the output {output} lies in the recording {bag}: give a place outside of it"
            )


def folders_of(files: Iterable[Path], given: Iterable[Path]) -> set[Path]:
    """Return the folders of files that are read, but for those of files that the user named.

    Beside a file that was named, anything may be written.
    """
    named = {Path(os.path.realpath(each)).parent for each in given if each.is_file()}
    return {Path(os.path.realpath(each)).parent for each in files} - named


def is_recording(folder: Path, loose: bool = True) -> bool:
    """Whether a folder holds the files of a bag; ``loose``: without metadata.yaml too."""
    names = _RECORDING if loose else _RECORDING[:1]
    return folder.is_dir() and any(True for each in names for _ in folder.glob(each))


def check_new_folder(output: Path) -> None:
    """Check that a folder can be written that does not exist, or holds nothing.

    Raises:
        OutputPlaceError: it cannot.
    """
    check_writable_kind(output)
    if output.exists() and not (output.is_dir() and not any(output.iterdir())):
        raise OutputPlaceError(f"{output} exists: give another --output")


def check_own(output: Path, is_own: Callable[[Path], bool], command: str) -> None:
    """Check that a file is only replaced by the command that wrote it.

    Args:
        output: to be written; it need not exist.
        is_own: whether an existing file is one of the command.
        command: "amdanet NAME".

    Raises:
        OutputPlaceError: another file, or a folder, has the name.
        OSError: it cannot be looked at.
    """
    if output.is_dir():
        raise OutputPlaceError(f"the output {output} is a folder: give the name of a file")
    if output.exists() and not is_own(output):
        raise OutputPlaceError(
            f"{output} was not written by {command} and is not replaced: give another name"
        )


def check_writable_kind(output: Path, is_written: bool = True) -> None:
    """Check that nothing but a regular file or a folder has the output's name.

    Args:
        output: a file or a folder; it need not exist.
        is_written: False: now it is only told what would be written; the disk may be full.

    Raises:
        OutputPlaceError: a device, pipe or socket is there, or the name is that of no file.
        OSError: it is to lie in something that is no folder, in one that may not be written, or on
            a full disk.
    """
    place = Path(os.path.realpath(output))
    if place == Path.cwd() or place == Path(place.anchor):
        raise OutputPlaceError(f"the output {str(output)!r} names no new file: give it a name")
    if words := refusal(output, "a file's name"):
        raise OutputPlaceError(f"the output {output} {words}")
    parent = next(each for each in place.parents if os.path.lexists(each))
    if not parent.is_dir():
        raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR), str(parent))
    if is_written:
        check_room(output)
    if not os.access(parent, os.W_OK | os.X_OK):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(parent))
