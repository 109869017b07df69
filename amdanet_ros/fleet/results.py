"""The manifest of results: one line of JSON for each output, only ever appended to."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import time
from collections.abc import Iterable
from itertools import count
from pathlib import Path
from typing import Any

from .row import parsed_row, row
from .unit import Result

PATTERN = "results*.jsonl"
_SYNC_S = 1.0


class ResultsFile:
    """The file of one driver: nobody else writes into it as long as that driver lives.

    The first driver of a folder takes ``results.jsonl``, one that works beside it
    ``results.2.jsonl`` and so on; ``read_results`` reads them together.

    Args:
        out: the fleet's folder.
        stem: of the file's name.

    Attributes:
        path: of the file.

    Raises:
        OSError: it cannot be written.
    """

    def __init__(self, out: Path, stem: str = "results") -> None:
        for number in count(1):
            self.path = out / (f"{stem}.jsonl" if number == 1 else f"{stem}.{number}.jsonl")
            self._file = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC)
            try:
                fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                os.close(self._file)
        self._synced = time.monotonic()
        size = os.fstat(self._file).st_size
        if size and os.pread(self._file, 1, size - 1) != b"\n":
            # A driver was killed within a line.
            os.write(self._file, b"\n")

        self._out = os.path.abspath(out)

    def add(self, results: Iterable[Result]) -> None:
        """Append rows, whole; they are on the disk a second later at the latest, or after close.

        Raises:
            OSError: the disk is full.
        """
        text = "".join(json.dumps(row(each, self._out)) + "\n" for each in results).encode()
        while text:
            text = text[os.write(self._file, text) :]
        if time.monotonic() - self._synced > _SYNC_S:
            self._sync()

    def _sync(self) -> None:
        os.fsync(self._file)
        self._synced = time.monotonic()

    def close(self) -> None:
        """Write all to the disk."""
        with contextlib.suppress(OSError):
            self._sync()
        os.close(self._file)


def read_results(out: Path) -> dict[str, dict[str, Any]]:
    """Return the last row of each output, by its name; lines that are not whole are left out.

    Raises:
        OSError: a file cannot be read.
    """
    rows: dict[str, dict[str, Any]] = {}
    for path in sorted(out.glob(PATTERN)):
        for name, found in _last_rows(path).items():
            if name not in rows or found["time"] >= rows[name]["time"]:
                rows[name] = found
    return rows


def _last_rows(path: Path) -> dict[str, dict[str, Any]]:
    """Return the last row of each output in a file, wherever the clock stood."""
    rows = {}
    with path.open(encoding="utf-8", errors="replace") as file:
        for line in file:
            found = parsed_row(line)
            if found is not None:
                rows[found["name"]] = found
    return rows
