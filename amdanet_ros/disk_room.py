"""Whether a disk takes what is to be written, asked before long work and not after it."""

from __future__ import annotations

import contextlib
import errno
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

SOME = 1 << 16
"""Bytes that any output needs."""
_PIECE = 1 << 20
_NO_ALLOCATION = (errno.EOPNOTSUPP, errno.EINVAL, errno.ENOSYS)
_NO_NAMELESS_FILE = (errno.EOPNOTSUPP, errno.EISDIR, errno.ENOENT, errno.EINVAL)


def check_room(output: Path, size: int = SOME) -> None:
    """Check that bytes can be written where an output is to lie; nothing is left there.

    A file without a name is written, so that a limit of the user (quota) counts too.

    Args:
        output: a file or a folder; it need not exist, nor the folders that it is to lie in.
        size: bytes.

    Raises:
        OSError: they cannot; it names the output.
    """
    place = Path(os.path.realpath(output))
    folder = next(each for each in (place, *place.parents) if each.is_dir())
    try:
        if os.statvfs(folder).f_flag & os.ST_RDONLY:
            raise OSError(errno.EROFS, os.strerror(errno.EROFS))
        with _nameless_file(folder) as file:
            _allocate(file, max(1, size))
    except OSError as error:
        if error.errno != errno.EFBIG:  # a limit of single files: the output may be many
            raise OSError(error.errno, error.strerror, str(output)) from error


@contextlib.contextmanager
def _nameless_file(folder: Path) -> Iterator[int]:
    try:
        file = os.open(folder, os.O_TMPFILE | os.O_RDWR | os.O_CLOEXEC, 0o600)
    except OSError as error:
        if error.errno not in _NO_NAMELESS_FILE:
            raise
        file, name = tempfile.mkstemp(prefix=".amdanet_room.", dir=folder)  # as of NFS
        os.unlink(name)
    try:
        yield file
    finally:
        os.close(file)


def _allocate(file: int, size: int) -> None:
    try:
        os.posix_fallocate(file, 0, size)
    except OSError as error:
        if error.errno not in _NO_ALLOCATION:
            raise
        written = 0
        while written < size:  # where less is written than asked, the next call says why
            count = os.pwrite(file, bytes(min(_PIECE, size - written)), written)
            if not count:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)) from None
            written += count
