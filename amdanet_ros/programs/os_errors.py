"""Errors of the operating system as one line."""

from __future__ import annotations

import errno
import os
import re
import shutil

_ADVICE = {
    errno.ENOSPC: "the disk is full: free some space, or choose another place",
    errno.EDQUOT: "your quota of the disk is used up: free some space, or choose another place",
    errno.EFBIG: "file too large: raise the limit of single files (`ulimit -f`), or choose another "
    "disk",
    errno.EMFILE: "too many open files: raise the limit with `ulimit -n`",
    errno.ENFILE: "too many open files on this machine",
    errno.EACCES: "permission denied",
    errno.EROFS: "the disk is read-only",
    errno.ENAMETOOLONG: "the name is too long",
    errno.ENOENT: "no such file or folder",
    errno.ENOTDIR: "a part of the path is not a folder",
    errno.EISDIR: "it is a folder, not a file",
}


def os_error_words(error: OSError) -> str:
    """Return one line with the path and what is wrong."""
    if isinstance(error, shutil.Error):  # of copying a folder: all that failed
        failed = error.args[0]
        if isinstance(failed, list) and failed:
            source, target, reason = failed[0]
            error = OSError(_errno_in(reason), str(reason), source, None, target)
    reason = _ADVICE.get(error.errno or 0) or error.strerror or str(error) or type(error).__name__
    paths = [each for each in (error.filename, error.filename2) if each is not None]
    shown = " -> ".join(os.fsdecode(each) if not isinstance(each, int) else "" for each in paths)
    if len(shown) > 200:
        shown = f"{shown[:100]}...{shown[-80:]}"
    return " ".join((f"{shown}: {reason}" if shown else reason).split())


def _errno_in(reason: object) -> int | None:
    """Return the number in "[Errno 28] No space left on device: ..."."""
    found = re.match(r"\[Errno (\d+)\]", str(reason))
    return int(found[1]) if found else None
