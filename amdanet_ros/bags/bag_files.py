"""Which storage files a path stands for."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from ..regular_file import refusal
from .decompression import ZSTD_MAGIC
from .errors import BagError
from .metadata import BagMetadata, read_metadata
from .recording_names import METADATA, ROS1, STORAGES, inner_recordings

SQLITE_MAGIC = b"SQLite format 3\0"
MCAP_MAGIC = b"\x89MCAP0\r\n"
ROS1_MAGIC = b"#ROSBAG V"
_MAGICS = {
    SQLITE_MAGIC: "sqlite3", MCAP_MAGIC: "mcap", ZSTD_MAGIC: "zstd", ROS1_MAGIC: "ros1",
}  # fmt: skip
_LISTED = 5


class BagFiles(NamedTuple):
    """The files of a bag.

    Attributes:
        files: storage files, SQLite, MCAP, ROS 1 or zstd, at least one.
        metadata: what metadata.yaml says; None: there is none that can be read.
        notes: sentences about what is missing.
    """

    files: tuple[Path, ...]
    metadata: BagMetadata | None
    notes: tuple[str, ...]


def find_files(path: Path) -> BagFiles:
    """Return the files of a bag: of a folder, or one file alone.

    Raises:
        BagError: it is no bag.
        OSError: it cannot be looked at.
    """
    if path.name == METADATA and path.is_file():
        path = path.parent
    if path.is_file():
        kind_of(path)
        return BagFiles((path,), None, ())
    if path.is_dir():
        return _of_folder(path)
    if words := refusal(path, "a bag's folder, or a .mcap, .db3 or .bag file"):
        raise BagError(f"{path} {words}")
    raise BagError(f"bag {path} does not exist: give the folder that holds metadata.yaml")


def kind_of(file: Path) -> str:
    """Return "sqlite3", "mcap", "ros1" or "zstd", by the first bytes of a file.

    Raises:
        BagError: it is none of them.
        OSError: it cannot be read.
    """
    with file.open("rb") as opened:
        start = opened.read(16)
    for magic, kind in _MAGICS.items():
        if start.startswith(magic):
            return kind
    if not start:
        raise BagError(f"bag file {file} is empty: nothing was written to it")
    if file.name.endswith(STORAGES):
        expected = "no ROS 1 bag" if file.name.endswith(ROS1) else "neither SQLite nor MCAP"
        raise BagError(f"bag file {file} is damaged from its first byte on: it is {expected}")
    raise BagError(f"{file} is no bag: give a bag's folder, or a .mcap, .db3 or .bag file")


def _of_folder(folder: Path) -> BagFiles:
    files = sorted(each for each in folder.iterdir() if each.is_file())
    there = [each for each in files if each.name.endswith(STORAGES)]
    notes: list[str] = []
    metadata = None
    if (folder / METADATA).exists():
        try:
            metadata = read_metadata(folder / METADATA)
        except ValueError as error:
            notes.append(f"{folder / METADATA} is not used: {error}")
    if metadata is not None:
        named = [folder / name for name in metadata.files]
        found = [each for each in named if each.is_file()]
        missing = [each for each in named if each not in found]
        if found:
            notes += [_missing_part(each, metadata.counts) for each in missing]
            return BagFiles(tuple(found), metadata, tuple(notes))
        lacking = ", ".join(each.name for each in missing[:_LISTED]) or "no file"
        if not there:
            raise BagError(
                f"bag {folder} lacks its files: metadata.yaml names {lacking}: copy them there"
            )
        notes.append(f"{folder / METADATA} names {lacking}, not the files that are there")
        metadata = None
    if there and (notes or _are_one_recording(there)):
        return BagFiles(tuple(there), None, tuple(notes))
    raise BagError(_no_bag(folder, there, notes))


def _missing_part(file: Path, counts: dict[str, int]) -> str:
    held = f" with its {counts[file.name]} messages" if counts.get(file.name) else ""
    return f"the part {file.name} of the bag is missing{held}"


def _are_one_recording(files: Sequence[Path]) -> bool:
    """Whether the names are those of one recording's parts: NAME_0.mcap, NAME_1.mcap."""
    stems = {re.sub(r"_\d+$", "", each.name.partition(".")[0]) for each in files}
    return len(files) == 1 or len(stems) == 1


def _no_bag(folder: Path, there: Sequence[Path], notes: Sequence[str]) -> str:
    """Say why a folder is no bag, and what to give instead."""
    if there:
        listed = _listed(there)
        return f"{folder} holds several recordings without metadata.yaml: give one of {listed}"
    inner = inner_recordings(folder)
    if inner:
        one_of = "one of " if len(inner) > 1 else ""
        return f"{folder} is no bag, but holds bags: give {one_of}{_listed(inner)}"
    if notes:
        return f"bag {folder} cannot be read: {notes[0]}, and no .mcap or .db3 file is there"
    return (
        f"{folder} holds no bag: give the folder of a bag, with metadata.yaml and .mcap or .db3 "
        "files, or a .bag file of ROS 1"
    )


def _listed(paths: Sequence[Path]) -> str:
    more = len(paths) - _LISTED
    return ", ".join(map(str, paths[:_LISTED])) + (f" and {more} more" if more > 0 else "")
