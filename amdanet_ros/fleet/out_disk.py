"""Telling a disk that takes no more outputs, or no such file, from what another try may change."""

from __future__ import annotations

import errno
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

from ..programs.os_errors import os_error_words

_NO_MORE = (errno.ENOSPC, errno.EDQUOT, errno.EROFS)
_STAYS = (errno.EFBIG, errno.ENAMETOOLONG, errno.EROFS)
_LITTLE = 1 << 20
"""Bytes; with fewer left, a disk counts as full."""


def out_disk_words(error: BaseException, out: Path) -> str:
    """Return why the fleet's folder takes no more outputs, if an error comes of that, else "".

    Args:
        error: of making an output, with its causes.
        out: the fleet's folder, or one in it.
    """
    for each in _causes(error):
        if isinstance(each, OSError) and _is_of(each, out):
            return os.strerror(each.errno or errno.ENOSPC).lower()
    return ""


def lasting_words(error: BaseException) -> str:
    """Return why a disk does not take a bag's output however often it is tried, else "".

    The file is larger than a limit (``ulimit -f``, a file system's), its name is too long, or what
    it needs is read-only: other bags can be made.

    Args:
        error: of making an output, with its causes.
    """
    for each in _causes(error):
        if isinstance(each, OSError) and each.errno in _STAYS:
            return os_error_words(each)
    return ""


def _is_of(error: OSError, out: Path) -> bool:
    if error.errno is None:  # of a library, or of reading an output back
        return _is_full(out)
    if error.errno not in _NO_MORE:
        return False
    if error.errno == errno.EROFS:  # else an input's
        return _is_full(out)
    if isinstance(error.filename, (str, bytes)):
        return _device(Path(os.fsdecode(error.filename))) == _device(out)
    # Recordings are unpacked there.
    temporary = Path(tempfile.gettempdir())
    return _device(temporary) == _device(out) or not _is_full(temporary)


def _is_full(folder: Path) -> bool:
    """Whether a disk has no place for more, or is read-only."""
    try:
        disk = os.statvfs(folder)
    except OSError:
        return False
    is_out_of_names = disk.f_files > 0 and disk.f_favail == 0
    is_read_only = bool(disk.f_flag & os.ST_RDONLY)
    return disk.f_bavail * disk.f_frsize < _LITTLE or is_out_of_names or is_read_only


def _device(path: Path) -> int | None:
    """Return the disk on which a file is, or would be."""
    for each in (path, *path.absolute().parents):
        try:
            return os.stat(each).st_dev
        except OSError:
            continue
    return None


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        yield error
        error = error.__cause__ or error.__context__
