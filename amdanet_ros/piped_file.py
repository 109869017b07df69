"""Small files that may be pipes, as a shell's ``<(...)`` gives them."""

from __future__ import annotations

import errno
import os
import select
import stat
import time
from pathlib import Path

WRITER_S = 5.0
"""Seconds within which somebody must have opened a pipe to write to it."""
SILENT_S = 60.0
"""Seconds that who has opened it may write nothing."""
_LOOK_S = 0.05
_PIECE = 1 << 16
_given: dict[str, str] = {}


def read_file(path: str | Path, most: int) -> bytes:
    """Return the first bytes of a file, at most ``most``.

    Raises:
        OSError: it cannot be read; ETIMEDOUT: it is a pipe or a terminal, and nothing comes.
        ValueError: the path holds a null byte.
    """
    number = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    with open(number, "rb", buffering=0) as file:
        if not stat.S_ISREG(os.fstat(number).st_mode):
            return _arriving(number, most)
        return file.read(most)


def kept_file(path: str | Path, most: int) -> Path:
    """Return a path at which a file can be read as often as needed, by child processes too.

    A pipe can be read once: its bytes are kept in memory as long as this process lives.

    Raises:
        as ``read_file``.
    """
    try:
        is_pipe = stat.S_ISFIFO(os.stat(path).st_mode)
    except (OSError, ValueError):  # who reads it says so
        is_pipe = False
    if not is_pipe:
        return Path(path)
    content = read_file(path, most)
    number = os.memfd_create("parameters")
    while content:
        content = content[os.write(number, content) :]
    kept = Path(f"/proc/{os.getpid()}/fd/{number}")
    _given[str(kept)] = str(path)
    return kept


def given_name(path: str | Path) -> str:
    """Return what a file was called that ``kept_file`` has kept, else its path: for messages."""
    return _given.get(str(path), str(path))


def _arriving(number: int, most: int) -> bytes:
    """Return what comes until the end, without waiting for ever."""
    poll = select.poll()
    poll.register(number, select.POLLIN)
    content, has_writer = b"", False
    end = time.monotonic() + WRITER_S
    while len(content) < most:
        is_ready = bool(poll.poll(1000 * _LOOK_S))
        try:
            piece = os.read(number, min(_PIECE, most - len(content)))
        except BlockingIOError:  # somebody has it open, and has written nothing yet
            end += 0.0 if has_writer else SILENT_S
            has_writer = True
        else:
            if piece:
                end, has_writer = time.monotonic() + SILENT_S, True
                content += piece
                continue
            if is_ready or has_writer:
                return content
        if time.monotonic() > end:
            words = "nothing comes from this pipe" if has_writer else "nobody writes to this pipe"
            raise TimeoutError(errno.ETIMEDOUT, f"{words}: give a file, or write to it meanwhile")
    return content
