"""Storage files of the sqlite3 plugin: read-only, row by row, around what is damaged."""

from __future__ import annotations

import sqlite3
from array import array
from collections import Counter
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from .decompression import MAX_MESSAGE_BYTES
from .errors import BagError
from .offered_qos import offered_qos
from .sqlite_recovery import recovered
from .storage import Channel, Stored
from .temporary_space import TemporarySpace

_SMALLEST_ROW = 8
_MOST_TOPICS = 100_000
_DAMAGED = "its page of the database is damaged"


class SqliteStorage:
    """A ``.db3`` file; see `Storage`. Neither it nor any file beside it is ever written to.

    Raises:
        BagError: it is no bag, or damaged beyond use.
        OSError: it cannot be read.
    """

    def __init__(self, file: Path, space: TemporarySpace) -> None:
        self._file = file
        source, note = recovered(file, space)
        self.notes = [note] if note else []
        # Immutable: SQLite looks at no journal and takes no lock.
        uri = f"{source.absolute().as_uri()}?mode=ro&immutable=1"
        self._database = sqlite3.connect(uri, uri=True, check_same_thread=False)
        self._database.text_factory = lambda raw: raw.decode("utf-8", "replace")
        try:
            self._prepare()
            self.channels = self._read_channels()
            self._rows, self._owners, self._stamps = self._read_rows(source.stat().st_size)
        except (sqlite3.Error, OverflowError) as error:
            self.close()
            raise BagError(
                f"bag file {file} is damaged or cut: {error}: copy it again, or save what is left "
                f"with `sqlite3 {file} .recover | sqlite3 new.db3`"
            ) from error
        except BaseException:
            self.close()
            raise
        self.counts = dict(Counter(self._owners.tolist()))
        self.start_ns, self.stop_ns = (
            (int(self._stamps.min()), int(self._stamps.max())) if len(self._stamps) else (0, 0)
        )

    def _prepare(self) -> None:
        database = self._database
        for pragma in ("trusted_schema = OFF", "cell_size_check = ON", "temp_store = MEMORY"):
            database.execute(f"PRAGMA {pragma}")
        if hasattr(database, "setlimit"):  # Python 3.11
            database.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, MAX_MESSAGE_BYTES + 2**20)
        # A view or a virtual table would run what the file says; they have no page of their own.
        tables = dict(
            database.execute("SELECT name, rootpage FROM sqlite_master WHERE type = 'table'")
        )
        for table in ("topics", "messages"):
            columns = database.execute(f"PRAGMA table_xinfo({table})").fetchall()
            if not tables.get(table) or any(column[6] for column in columns):
                raise BagError(f"{self._file} is an SQLite file, but no bag: it has no {table}")

    def _read_channels(self) -> dict[int, Channel]:
        names = {column[1] for column in self._database.execute("PRAGMA table_xinfo(topics)")}
        qos = "offered_qos_profiles" if "offered_qos_profiles" in names else "''"
        query = f"SELECT id, name, type, serialization_format, {qos} FROM topics LIMIT ?"
        found = {}
        for number, name, kind, encoding, profiles in self._database.execute(
            query, (_MOST_TOPICS,)
        ):
            if isinstance(number, int) and isinstance(name, str) and isinstance(kind, str):
                found[number] = Channel(name, kind, str(encoding), offered_qos(profiles))
        return found

    def _read_rows(self, size: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return number, topic and time of each message, ordered by time."""
        rows, owners, stamps = array("q"), array("q"), array("q")
        last = None
        odd = lost = 0
        query = "SELECT rowid, topic_id, timestamp FROM messages NOT INDEXED ORDER BY rowid"
        try:
            for row, owner, stamp in self._database.execute(query):
                if len(rows) > size // _SMALLEST_ROW or (last is not None and row <= last):
                    raise sqlite3.DatabaseError("more rows than the file has room for")
                last = row
                if owner in self.channels and isinstance(stamp, int) and stamp >= 0:
                    for column, value in zip(
                        (rows, owners, stamps), (row, owner, stamp), strict=True
                    ):
                        column.append(value)
                else:
                    odd += 1
        except sqlite3.DatabaseError:
            for row in self._indexed_after(last, size):
                found = self._row(row)
                if found is None:
                    lost += 1
                else:
                    rows.append(row)
                    owners.append(found[0])
                    stamps.append(found[1])
            if not lost:
                self.notes.append(f"{self._file.name} is damaged: messages may be missing")
        if odd:
            self.notes.append(f"{odd} messages of {self._file.name} have no topic or no time")
        if lost:
            self.notes.append(f"{lost} messages of {self._file.name} are lost: {_DAMAGED}")
        table = [np.frombuffer(each, np.int64) for each in (rows, owners, stamps)]
        order = np.lexsort((table[0], table[2]))
        return table[0][order], table[1][order], table[2][order]

    def _indexed_after(self, last: int | None, size: int) -> list[int]:
        """Return the numbers that the index of times still names beyond the last row read."""
        found: set[int] = set()
        try:
            for (row,) in self._database.execute("SELECT rowid FROM messages ORDER BY timestamp"):
                if last is None or row > last:
                    found.add(row)
                if len(found) > size // _SMALLEST_ROW:
                    break
        except sqlite3.DatabaseError:
            pass
        return sorted(found)

    def _row(self, row: int) -> tuple[int, int] | None:
        query = "SELECT topic_id, timestamp FROM messages NOT INDEXED WHERE rowid = ?"
        try:
            found = self._database.execute(query, (row,)).fetchone()
        except sqlite3.DatabaseError:
            return None
        usable = found and found[0] in self.channels and isinstance(found[1], int)
        return found if usable and found[1] >= 0 else None

    def messages(self, channels: Collection[int], start_ns: int, stop_ns: int) -> Iterator[Stored]:
        """Yield messages; see `Storage`."""
        wanted = np.isin(self._owners, np.array(sorted(channels), np.int64))
        wanted &= (self._stamps >= start_ns) & (self._stamps < stop_ns)
        for at in np.flatnonzero(wanted):
            row, owner, stamp = (int(each[at]) for each in (self._rows, self._owners, self._stamps))
            data, fault = self._data(row)
            yield Stored(stamp, owner, data, fault)

    def _data(self, row: int) -> tuple[bytes | None, str]:
        query = (
            "SELECT length(data), CASE WHEN typeof(data) = 'blob' AND length(data) <= ? THEN data "
            "END FROM messages NOT INDEXED WHERE rowid = ?"
        )
        try:
            found: Any = self._database.execute(query, (MAX_MESSAGE_BYTES, row)).fetchone()
        except (sqlite3.Error, OverflowError, MemoryError):
            return None, _DAMAGED
        if found is None:
            return None, _DAMAGED
        if found[1] is None:
            large = isinstance(found[0], int) and found[0] > MAX_MESSAGE_BYTES
            return None, "it is too large" if large else "it holds no bytes"
        return found[1], ""

    def close(self) -> None:
        """Close the file."""
        self._database.close()
