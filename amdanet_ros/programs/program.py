"""The frame around every program: its handlers, its errors as one line, its exit status."""

from __future__ import annotations

import contextlib
import errno
import gc
import os
import re
import select
import shutil
import signal
import sys
import tempfile
import traceback
from collections.abc import Callable

from . import exit_status
from .errors import ProgramError
from .memory import memory_words
from .missing_package import missing_words
from .signals import GRACE_S, Stopped, StopSignals
from .surroundings import check_current_folder, open_closed_streams

_ADVICE = {
    errno.ENOSPC: "the disk is full: free some space, or choose another place",
    errno.EDQUOT: "your quota of the disk is used up: free some space, or choose another place",
    errno.EMFILE: "too many open files: raise the limit with `ulimit -n`",
    errno.ENFILE: "too many open files on this machine",
    errno.EACCES: "permission denied",
    errno.EROFS: "the disk is read-only",
    errno.ENAMETOOLONG: "the name is too long",
    errno.ENOENT: "no such file or folder",
    errno.ENOTDIR: "a part of the path is not a folder",
    errno.EISDIR: "it is a folder, not a file",
}

_ENDED = {
    signal.SIGINT: "interrupted",
    signal.SIGTERM: "ended by SIGTERM",
    signal.SIGHUP: "ended by SIGHUP",
}


def run_program(
    name: str,
    body: Callable[[], int],
    *,
    status_of: Callable[[int], int] = exit_status.of_signal,
    is_process: bool = True,
    grace_s: float = GRACE_S,
) -> int:
    """Run a program's body and return the exit status; what goes wrong is said in one line.

    Args:
        name: of the program, as the line begins.
        body: returns the exit status; whatever it raises is turned into a line and a status.
        status_of: the status for a signal's number.
        is_process: whether the process ends afterwards. If a signal ended the body, it does so
            here: what still computes in other threads is not waited for.
        grace_s: seconds from the first signal to the end at the latest.
    """
    # Before torch is loaded: its threads must not spin while they wait. They take the processors
    # from other threads: a network on two threads was 75 times slower beside a busy process.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    open_closed_streams()
    _make_output_lenient()
    signals = StopSignals(status_of, grace_s, stays=is_process)
    try:
        with signals:
            try:
                check_current_folder()
                status = body()
            except SystemExit:  # of argparse
                raise
            except BaseException as error:
                status = _status(name, error, signals.received, status_of)
            status = _flushed(name, status)
    except Stopped as stopped:  # before or after the body
        status = status_of(stopped.number)
    if signals.received is not None and is_process:
        os._exit(status)
    if is_process:
        # The interpreter's last collections would walk through torch for a third of a second.
        gc.freeze()
    return status


def _is_own(error: BaseException) -> bool:
    """Whether an error was found while closing after a signal and is not due to the signal."""
    if not isinstance(error, (ProgramError, OSError)):
        return False
    seen: BaseException | None = error
    while seen is not None:
        if isinstance(seen, KeyboardInterrupt):
            return False
        seen = seen.__cause__ or seen.__context__
    return True


def _status(
    name: str, error: BaseException, received: int | None, status_of: Callable[[int], int]
) -> int:
    """Say in one line what ended a program; return the status."""
    if isinstance(error, KeyboardInterrupt):
        received = getattr(error, "number", received or signal.SIGINT)
    if received is not None and not _is_own(error):
        status = status_of(received)
        if status != exit_status.DONE:
            _say(f"{name}: {_ENDED.get(received, 'ended by a signal')}")
        return status
    words = _words(error)
    if words is not None:
        _say(f"{name}: {words}")
        return exit_status.MISTAKE
    if isinstance(error, BrokenPipeError) and _is_reader_gone():
        return exit_status.OUTPUT_CLOSED
    _say(f"{name}: {_fault_words(error)}")
    return exit_status.FAULT


def _words(error: BaseException) -> str | None:
    """Return what a user can put right, as one line, or None."""
    if isinstance(error, ProgramError):
        return " ".join(str(error).split())
    if isinstance(error, ImportError):
        return missing_words(error)
    if (words := memory_words(error)) is not None:
        return words
    if isinstance(error, RuntimeError) and "home directory" in str(error):
        return "a path begins with ~ and the name of a user that this machine does not know"
    if isinstance(error, OSError) and not isinstance(error, BrokenPipeError):
        return os_error_words(error)
    return None


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


def _fault_words(error: BaseException) -> str:
    kept = "".join(traceback.format_exception(type(error), error, error.__traceback__))
    last = " ".join(str(error).split())
    what = f"{type(error).__name__}: {last[:200]}" if last else type(error).__name__
    words = f"a fault of amdanet_ros, please report it: {what}"
    if os.environ.get("AMDANET_TRACEBACK", "") not in ("", "0"):
        return f"{words}\n{kept.rstrip()}"
    try:
        with tempfile.NamedTemporaryFile(
            "w", prefix="amdanet_fault_", suffix=".txt", delete=False, errors="backslashreplace"
        ) as file:
            file.write(kept)
    except OSError:
        return f"{words} (AMDANET_TRACEBACK=1 shows where)"
    return f"{words} (traceback: {file.name})"


def _say(line: str) -> None:
    line = "".join(
        each if each.isprintable() or each == "\n" else each.encode("unicode_escape").decode()
        for each in line
    )
    # A terminal that was closed takes no more lines.
    with contextlib.suppress(OSError, ValueError, AttributeError):
        print(line, file=sys.stderr, flush=True)


def _flushed(name: str, status: int) -> int:
    """Write out what was printed; return the status, or that of an output that takes no more."""
    try:
        if sys.stdout is not None:
            sys.stdout.flush()
    except (OSError, ValueError) as error:
        _drop_output()
        if isinstance(error, OSError) and status == exit_status.DONE:
            if isinstance(error, BrokenPipeError):
                return exit_status.OUTPUT_CLOSED
            _say(f"{name}: the output cannot be written: {os_error_words(error)}")
            return exit_status.MISTAKE
    return status


def _is_reader_gone() -> bool:
    """Whether the pipe that standard output is has no reader any more."""
    try:
        poll = select.poll()
        poll.register(sys.stdout.fileno(), 0)
        return bool(poll.poll(0))
    except (OSError, ValueError, AttributeError):
        return False


def _drop_output() -> None:
    """Let the interpreter not try again to write what standard output does not take."""
    with contextlib.suppress(OSError, ValueError, AttributeError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())
        os.close(nowhere)


def _make_output_lenient() -> None:
    """Let names of files that are no text in the terminal's encoding be printed all the same."""
    reconfigure = getattr(sys.stdout, "reconfigure", None)
    if reconfigure is not None and getattr(sys.stdout, "errors", None) == "strict":
        reconfigure(errors="backslashreplace")
