"""A folder for what is unpacked or recovered, and only as much as fits."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

from .errors import BagError

_FREE_BYTES_LEFT = 2**28


class TemporarySpace:
    """A temporary folder that is made when it is needed, and removed with all that it holds."""

    def __init__(self) -> None:
        self._folder: tempfile.TemporaryDirectory[str] | None = None
        self._number = 0

    def path(self, name: str, size: int, reason: str) -> Path:
        """Return the path of a new file, in a folder of its own.

        Args:
            name: of the file.
            size: bytes that it will hold at least.
            reason: for whom it is, to complete "... needs 5 MB".

        Raises:
            BagError: the disk has not that much free.
            OSError: no folder can be made.
        """
        if self._folder is None:
            self._folder = tempfile.TemporaryDirectory(prefix="amdanet_bag_")
        free = shutil.disk_usage(self._folder.name).free - _FREE_BYTES_LEFT
        if size > free:
            raise BagError(
                f"{reason} needs {size / 1e6:.0f} MB in {tempfile.gettempdir()}, where "
                f"{max(free, 0) / 1e6:.0f} MB are free: free space, or set TMPDIR to another folder"
            )
        self._number += 1
        place = Path(self._folder.name, str(self._number))
        place.mkdir()
        return place / name

    def remove(self) -> None:
        """Remove all."""
        if self._folder is not None:
            self._folder.cleanup()
            self._folder = None
