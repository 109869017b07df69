"""The data sets below a folder."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from .found import Found
from .search import is_within, not_read


class SetSearch:
    """A search for data sets; see ``Search``.

    Args:
        out: of the fleet.
        split: a folder with the list SPLIT.txt is a data set.
    """

    what = "data sets"

    def __init__(self, out: Path, split: str) -> None:
        self.out = os.path.realpath(out)
        self._list = f"{split}.txt"

    def is_one(self, file: Path) -> bool:
        """No file is a data set."""
        return False

    def is_part(self, file: Path) -> bool:
        """No file is one."""
        return False

    def below(self, folder: Path) -> Iterator[Found]:
        """Yield the data sets in a folder, or the folder itself where it is one."""
        itself = Path(os.path.abspath(folder)).name
        errors: list[OSError] = []
        for root, folders, names in os.walk(folder, onerror=errors.append):
            inner = os.path.relpath(root, folder)
            if self._list in names:
                folders.clear()
                yield Found(root, itself if inner == "." else inner)
                continue
            folders[:] = sorted(
                each
                for each in folders
                if not each.startswith(".") and not is_within(os.path.join(root, each), self.out)
            )
        yield from not_read(errors, folder)

    def matched(self, found: Sequence[Found]) -> list[Found]:
        """Return what was given."""
        return list(found)
