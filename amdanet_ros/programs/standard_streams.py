"""Standard output and error that end no work where they take no more, and say so once."""

from __future__ import annotations

import contextlib
import errno
import os
import stat
import sys
from collections.abc import Iterable
from typing import Any, TextIO

from . import exit_status
from .os_errors import os_error_words


class StandardStreams:
    """A context manager: in it, no printing raises an OSError.

    Else the disk, or the reader, of what is printed would be taken for that of a result, and a
    result that is whole would be lost because its last line cannot be printed.

    Args:
        program: as the lines that it prints begin.
    """

    def __init__(self, program: str) -> None:
        self._program = program

    def __enter__(self) -> StandardStreams:
        self._usual = sys.stdout, sys.stderr
        self._output = _LastingStream(sys.stdout, "standard output", self._program)
        self._error = _LastingStream(sys.stderr, "standard error", self._program)
        self._output.other, self._error.other = self._error, self._output
        sys.stdout, sys.stderr = self._output, self._error
        return self

    def __exit__(self, *_: object) -> None:
        sys.stdout, sys.stderr = self._usual

    def status(self, status: int) -> int:
        """Write out what was printed; return the status, or one for a stream that failed."""
        for stream in (self._error, self._output):
            with contextlib.suppress(ValueError):  # it was closed
                stream.flush()
        if status != exit_status.DONE:
            return status
        if self._output.is_full or self._error.is_full:
            return exit_status.MISTAKE
        return exit_status.OUTPUT_CLOSED if self._output.is_dropped else status


class _LastingStream:
    """A text stream that leads nowhere after its first OSError, which it says on the other one.

    Attributes:
        other: the other one of output and error.
        is_dropped: what is written is dropped.
        is_full: and not because its reader has gone, as `head` does, of which nothing is said.
    """

    def __init__(self, stream: TextIO, name: str, program: str) -> None:
        self._stream, self._name, self._program = stream, name, program
        self.other: _LastingStream | None = None
        self.is_dropped = self.is_full = False

    def write(self, text: str) -> int:
        if not self.is_dropped:
            try:
                return self._stream.write(text)
            except OSError as error:
                self._drop(error)
        return len(text)

    def writelines(self, lines: Iterable[str]) -> None:
        for line in lines:
            self.write(line)

    def flush(self) -> None:
        if not self.is_dropped:
            try:
                self._stream.flush()
            except OSError as error:
                self._drop(error)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)

    def _drop(self, error: OSError) -> None:
        self.is_dropped, self.is_full = True, not self._is_reader_gone(error)
        # What the stream still holds would be tried again at the end of the process.
        with contextlib.suppress(OSError, ValueError, AttributeError):
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, self._stream.fileno())
            os.close(nowhere)
            self._stream.flush()
        if self.is_full and self.other is not None:
            words = os_error_words(error)
            self.other.write(f"{self._program}: {self._name} cannot be written: {words}\n")
            self.other.flush()

    def _is_reader_gone(self, error: OSError) -> bool:
        if error.errno == errno.EIO:  # a terminal that was closed, where it is no file
            with contextlib.suppress(OSError, ValueError, AttributeError):
                return not stat.S_ISREG(os.fstat(self._stream.fileno()).st_mode)
        return isinstance(error, BrokenPipeError)
