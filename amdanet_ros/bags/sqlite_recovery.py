"""What a killed recorder left beside an SQLite file, played back in a copy.

Formats: sqlite.org/fileformat2.html, sections 3 (rollback journal) and 4 (write-ahead log).
"""

from __future__ import annotations

import shutil
import sqlite3
import struct
from pathlib import Path
from typing import BinaryIO

from .errors import BagError
from .temporary_space import TemporarySpace

_JOURNAL_MAGIC = bytes.fromhex("d9d505f920a163d7")
_LOG_MAGICS = (b"\x37\x7f\x06\x82", b"\x37\x7f\x06\x83")
_LOG_HEADER = 32
_WAL_MODE = 2
_CHECKSUM_STEP = 200
_COUNT_FROM_SIZE = 0xFFFFFFFF


def recovered(file: Path, space: TemporarySpace) -> tuple[Path, str]:
    """Return the file to read, and a note about what lies beside it (empty: nothing).

    It is the file itself where nothing is pending, and else a copy in which SQLite has undone or
    completed what was interrupted. Neither the file nor what lies beside it is touched.

    Raises:
        BagError: the journal names another file, or the copy cannot be made.
        OSError: a file cannot be read.
    """
    file = file.resolve()
    journal, log = (file.with_name(file.name + end) for end in ("-journal", "-wal"))
    if journal.is_file() and _is_pending(journal):
        if not _fits(journal):
            return file, f"{journal.name} does not fit {file.name} and is left out"
        return _played_back(file, journal, space), (
            f"{file.name} is read as it was before its last write, which was interrupted"
        )
    if log.is_file() and log.stat().st_size > _LOG_HEADER:
        if not _is_log_of(log, file):
            return file, f"{log.name} does not fit {file.name} and is left out"
        return _played_back(file, log, space), ""
    return file, ""


def _played_back(file: Path, beside: Path, space: TemporarySpace) -> Path:
    size = file.stat().st_size + 2 * beside.stat().st_size
    copy = space.path("bag.db3", size, f"bag file {file} was not closed: a copy to recover it in")
    copied = copy.with_name(copy.name + beside.name.removeprefix(file.name))
    shutil.copyfile(file, copy)
    shutil.copyfile(beside, copied)
    if beside.name.endswith("-journal"):
        # Again, of the bytes that SQLite will see.
        _is_pending(copied)
    try:
        database = sqlite3.connect(copy)
        try:
            database.execute("SELECT count(*) FROM sqlite_master").fetchone()
            database.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
            database.execute("PRAGMA journal_mode=DELETE").fetchall()
        finally:
            database.close()
    except sqlite3.Error as error:
        raise BagError(f"bag file {file} cannot be recovered: {error}") from error
    return copy


def _is_pending(journal: Path) -> bool:
    """Whether a journal holds pages that SQLite would write back.

    Raises:
        BagError: it names another file, which SQLite would look for and remove.
    """
    with journal.open("rb") as opened:
        start = opened.read(12)
        size = opened.seek(0, 2)
        opened.seek(max(0, size - 8))
        if size > 8 and opened.read(8) == _JOURNAL_MAGIC:
            raise BagError(
                f"{journal} names another file: it is not played back; remove it if the recording "
                "does not need it"
            )
    # Without a number of records the journal was not complete, and the file not yet changed.
    return len(start) == 12 and start[:8] == _JOURNAL_MAGIC and start[8:] != b"\0\0\0\0"


def _fits(journal: Path) -> bool:
    """Whether a journal holds the file's first page, with the size that it goes back to.

    SQLite writes such a page in each transaction. A journal without it would cut the file.
    """
    with journal.open("rb") as opened:
        end = opened.seek(0, 2)
        start = 0
        while start + 28 <= end:
            opened.seek(start)
            head = opened.read(28)
            if len(head) < 28 or head[:8] != _JOURNAL_MAGIC:
                return False
            count, seed, pages, sector, page_size = struct.unpack(">5I", head[8:])
            if not (32 <= sector <= 65536 and 512 <= page_size <= 65536 and pages):
                return False
            room = (end - start - sector) // (page_size + 8)
            count = room if count == _COUNT_FROM_SIZE else min(count, room)
            for index in range(count):
                place = start + sector + index * (page_size + 8)
                if _goes_back_to(opened, place, page_size, seed) == pages:
                    return True
            start += sector + count * (page_size + 8)
            start += -start % sector
            if not count:
                return False
    return False


def _goes_back_to(journal: BinaryIO, place: int, page_size: int, seed: int) -> int | None:
    """Return the number of pages that a record of the first page gives; None: another page."""
    journal.seek(place)
    if journal.read(4) != b"\0\0\0\1":
        return None
    page = journal.read(page_size)
    (checksum,) = struct.unpack(">I", journal.read(4))
    places = range(page_size - _CHECKSUM_STEP, 0, -_CHECKSUM_STEP)
    if (seed + sum(page[each] for each in places)) & 0xFFFFFFFF != checksum:
        return None
    return struct.unpack_from(">I", page, 28)[0]


def _is_log_of(log: Path, file: Path) -> bool:
    """Whether a write-ahead log and a database belong together, as far as headers tell."""
    with log.open("rb") as opened:
        head = opened.read(_LOG_HEADER)
    with file.open("rb") as opened:
        database = opened.read(20)
    if head[:4] not in _LOG_MAGICS or len(database) < 20 or database[18] != _WAL_MODE:
        return False
    page_size = struct.unpack_from(">H", database, 16)[0]
    return struct.unpack_from(">I", head, 8)[0] == (65536 if page_size == 1 else page_size)
