"""Compiled graphs on the disk: found again by what they were made of, checked, bounded."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import stat
import tempfile
from pathlib import Path

from .. import user_folders

LARGEST = 1024 * 1024 * 1024
"""Bytes that all entries may take together; those that were not used for longest go first."""

_MAGIC = b"amdanet_ros graph 2\n"
_SUFFIX = ".graph"
_MOST_HEAD = 1024


def cache_folder() -> Path | None:
    """Return the folder of this user's graphs; None: no home, so nothing is kept."""
    return user_folders.cache_folder("openvino")


class GraphCache:
    """A folder of entries. It never raises: what cannot be read or written is built again.

    An entry is a line that says what it is, the SHA-256 of its key and of the rest, and the rest.
    It appears whole or not at all, and whoever reads it checks the sum: several processes can use
    the folder, and an entry that was put in another's place is none.

    Args:
        folder: None: nothing is kept.
        largest: see `LARGEST`.
    """

    def __init__(self, folder: Path | None, largest: int = LARGEST) -> None:
        self._folder = folder
        self._largest = largest

    @property
    def is_used(self) -> bool:
        """Whether entries are kept at all."""
        return self._folder is not None

    def get(self, key: str) -> bytes | None:
        """Return the entry of a key; None: there is none, or it is damaged and was removed."""
        path = self._path(key)
        if path is None:
            return None
        try:
            content = _read(path, self._largest)
        except (OSError, MemoryError):
            return None
        begin = len(_MAGIC) + 32
        kept = content[begin:]
        if content[:begin] != _head(key, kept):
            self.remove(key)
            return None
        with contextlib.suppress(OSError):
            os.utime(path)
        return kept

    def put(self, key: str, content: bytes) -> bool:
        """Keep an entry and make room for it. Returns whether it is kept."""
        path = self._path(key)
        if path is None or len(content) > self._largest:
            return False
        partial = None
        try:
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            self._make_room(len(content))
            with tempfile.NamedTemporaryFile(
                dir=path.parent, prefix=".partial-", delete=False
            ) as file:
                partial = Path(file.name)
                file.write(_head(key, content))
                file.write(content)
            os.replace(partial, path)
        except OSError:
            if partial is not None:
                with contextlib.suppress(OSError):
                    partial.unlink()
            return False
        return True

    def remove(self, key: str) -> None:
        """Forget an entry."""
        path = self._path(key)
        if path is not None:
            with contextlib.suppress(OSError):
                path.unlink()

    def _path(self, key: str) -> Path | None:
        if self._folder is None:
            return None
        return self._folder / (hashlib.sha256(key.encode()).hexdigest() + _SUFFIX)

    def _make_room(self, needed: int) -> None:
        entries = []
        # What a process left that was killed while it wrote counts and goes as the entries do.
        for path in [*self._folder.glob(f"*{_SUFFIX}"), *self._folder.glob(".partial-*")]:
            with contextlib.suppress(OSError):  # another process was faster
                status = path.stat()
                entries.append((status.st_mtime_ns, status.st_size, path))
        total = needed + sum(size for _, size, _ in entries)
        for _, size, path in sorted(entries):
            if total <= self._largest:
                return
            with contextlib.suppress(OSError):
                path.unlink()
            total -= size


def _head(key: str, content: bytes) -> bytes:
    sums = hashlib.sha256(hashlib.sha256(key.encode()).digest())
    sums.update(content)
    return _MAGIC + sums.digest()


def _read(path: Path, largest: int) -> bytes:
    """Return the bytes of a regular file; anything else might never end.

    Raises:
        OSError: there is none, or it is larger than what is kept.
    """
    # A pipe would block until somebody writes to it.
    number = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    with contextlib.ExitStack() as stack:
        stack.callback(os.close, number)
        found = os.fstat(number)
        if not stat.S_ISREG(found.st_mode) or found.st_size > largest + _MOST_HEAD:
            raise OSError(errno.EINVAL, "no entry of the cache")
        with open(number, "rb", closefd=False) as file:
            return file.read()
