"""What went wrong with a disk, in one line."""

from __future__ import annotations

import errno
import os
from pathlib import Path

_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


def disk_words(error: OSError, output: Path, goes_on: bool = True) -> str:
    """Return what could not be done, with the path.

    Args:
        error: of writing ``output``, or of reading an input.
        output: named where the error names no file.
        goes_on: whether the same command continues the work.
    """
    if error.errno in _FULL:
        advice = "make room and run the same command again"
        if error.errno == errno.EFBIG:
            advice = (
                "raise the limit of single files (`ulimit -f`) or choose another disk, and run the "
                "same command again"
            )
        advice += ": it goes on where it stopped" if goes_on else ""
        return f"{output} cannot be written: {os.strerror(error.errno).lower()}: {advice}"
    if error.errno is None:
        return f"{output} cannot be written: {error}"
    return f"{os.strerror(error.errno).lower()}: {error.filename or output}"
