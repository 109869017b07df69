"""A claim on an output: held by the worker that writes it, and gone with that worker."""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
from collections.abc import Iterable, Iterator
from pathlib import Path


@contextlib.contextmanager
def claim(folder: Path, name: str) -> Iterator[bool]:
    """Claim an output for the block; yield whether it was free.

    The claim is a lock of the operating system on a file. It belongs to the process, so it ends
    with it however that ends, and it stays as long as the process lives, whoever started it. On a
    network file system it holds between machines (NFS 4, Lustre with ``flock``).

    Args:
        folder: of the claims; it exists.
        name: of the output.

    Raises:
        OSError: the file cannot be made.
    """
    path = claim_file(folder, name)
    lock = _locked(path)
    if lock is None:
        yield False
        return
    try:
        yield True
    finally:
        # Removed while it is held, so that nobody else holds the file of this name.
        with contextlib.suppress(OSError):
            path.unlink()
        os.close(lock)


def claim_file(folder: Path, name: str) -> Path:
    """Return the file of a claim."""
    return folder / hashlib.sha256(name.encode(errors="surrogateescape")).hexdigest()[:32]


def claimed(folder: Path, names: Iterable[str]) -> list[str]:
    """Return those of some outputs that are claimed now.

    Args:
        folder: of the claims.
        names: of outputs.
    """
    try:
        there = {entry.name for entry in os.scandir(folder)}
    except OSError:
        return []
    if not there:
        return []
    files = ((name, claim_file(folder, name)) for name in names)
    return [name for name, file in files if file.name in there and is_locked(file)]


def is_locked(path: Path) -> bool:
    """Whether a process holds the lock of a file."""
    try:
        file = os.open(path, os.O_RDONLY)
    except OSError:
        return False
    try:
        fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(file)
    return False


def _locked(path: Path) -> int | None:
    """Return the open file that this process has locked, or None where another one has."""
    while True:
        file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            # Its holder may have removed the file between the two calls: it is nobody's claim then.
            if os.path.samestat(os.fstat(file), os.stat(path)):
                return file
        except BlockingIOError:
            os.close(file)
            return None
        except FileNotFoundError:
            pass
        except BaseException:
            os.close(file)
            raise
        os.close(file)
