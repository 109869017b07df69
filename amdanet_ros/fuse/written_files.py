"""What ``amdanet fuse`` wrote into a folder, so that it removes nothing else."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ..output_place import OutputPlaceError

MARK = ".amdanet_fuse.json"


def mark(folder: Path) -> None:
    """Write the list of all files of a folder into it."""
    sizes = {name: path.stat().st_size for name, path in _files(folder).items()}
    (folder / MARK).write_text(json.dumps({"written": sizes}, indent=0))


def write_record(folder: Path, record: Mapping[str, Any]) -> None:
    """Add to the mark of a folder what the output was made of, and what is known of it."""
    kept = json.loads((folder / MARK).read_text())
    (folder / MARK).write_text(json.dumps({**kept, **record}, indent=0))


def read_record(folder: Path, whole: bool = True, edited: bool = False) -> dict[str, Any] | None:
    """Return what ``write_record`` added; None: there is nothing.

    Args:
        folder: that this command wrote.
        whole: None too where a file is missing or its size has changed.
        edited: whether sizes may have changed all the same.
    """
    try:
        if not (folder / MARK).is_file():  # a pipe would never end
            return None
        kept = json.loads((folder / MARK).read_text())
        written = kept.pop("written").items()
        sizes = [((folder / name).lstat().st_size, size) for name, size in written if whole]
        is_fit = edited or all(there == size for there, size in sizes)
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return None
    return kept if is_fit else None


def check_only_own(folder: Path) -> None:
    """Check that a folder holds only what its mark lists.

    Raises:
        OutputPlaceError: there is no mark, or it names a file that is not listed or has changed.
    """
    try:
        listed = folder / MARK
        if not listed.is_file():  # a pipe would never end
            raise ValueError("no mark")
        written = json.loads(listed.read_text())["written"]
        if not isinstance(written, dict):
            raise TypeError("no list of files")
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        raise OutputPlaceError(
            f"{folder} was not written by amdanet fuse and is not removed: give another --output"
        ) from None
    for name, path in _files(folder).items():
        if name != MARK and (name not in written or path.stat().st_size != written[name]):
            what = "has been changed" if name in written else "was not written by amdanet fuse"
            raise OutputPlaceError(
                f"{path} {what}: {folder} is not removed: move the file away, or give another "
                "--output"
            )


def _files(folder: Path) -> dict[str, Path]:
    """Return all but folders, by their names in the folder; links are not followed."""
    return {
        str(path.relative_to(folder)): path
        for path in sorted(folder.rglob("*"))
        if path.is_symlink() or not path.is_dir()
    }
