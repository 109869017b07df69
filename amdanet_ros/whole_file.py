"""Files that are replaced only when all is written, so that a kill leaves the old one."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


def write_whole(path: Path, text: str) -> None:
    """Write a text; the file is replaced when all is on the disk.

    Raises:
        OSError: it cannot be written; the old file is as it was.
    """
    with whole_file(path) as partial:
        partial.write_text(text)


@contextmanager
def whole_file(path: Path) -> Iterator[Path]:
    """Yield a path to write to, NAME.PID.partial beside ``path``; at the end it replaces ``path``.

    An exception within the `with` leaves the old file as it is. An OSError that names no file, as
    that of a full disk, gets the name.
    """
    partial = path.with_name(f"{path.name}.{os.getpid()}.partial")
    try:
        yield partial
        with partial.open("rb") as written:
            os.fsync(written.fileno())
        os.replace(partial, path)
    except OSError as error:
        if error.errno is not None:  # else its text would be lost
            error.filename = error.filename or os.fspath(path)
        raise
    finally:
        partial.unlink(missing_ok=True)
