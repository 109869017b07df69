"""The frame around every program: its handlers, its errors as one line, its exit status."""

from __future__ import annotations

import contextlib
import gc
import os
import signal
import sys
import tempfile
import traceback
from collections.abc import Callable

from ..user_folders import NoHomeError
from . import exit_status
from .errors import ProgramError
from .memory import memory_words
from .missing_package import missing_words
from .os_errors import os_error_words
from .signals import GRACE_S, Stopped, StopSignals
from .standard_streams import StandardStreams
from .surroundings import check_current_folder, open_closed_streams

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
        with StandardStreams(name) as streams, signals:
            try:
                check_current_folder()
                status = body()
            except SystemExit as leaving:  # of argparse
                usual = leaving.code if isinstance(leaving.code, int) else exit_status.DONE
                status = streams.status(usual)
                if status == usual:
                    raise
            except BaseException as error:
                status = _status(name, error, signals.received, status_of)
            status = streams.status(status)
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
    _say(f"{name}: {_fault_words(error)}")
    return exit_status.FAULT


def _words(error: BaseException) -> str | None:
    """Return what a user can put right, as one line, or None."""
    if isinstance(error, (ProgramError, NoHomeError)):
        return " ".join(str(error).split())
    if isinstance(error, ImportError):
        return missing_words(error)
    if (words := memory_words(error)) is not None:
        return words
    if isinstance(error, OSError) and not isinstance(error, BrokenPipeError):
        return os_error_words(error)
    return None


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


def _make_output_lenient() -> None:
    """Let names of files that are no text in the terminal's encoding be printed all the same."""
    reconfigure = getattr(sys.stdout, "reconfigure", None)
    if reconfigure is not None and getattr(sys.stdout, "errors", None) == "strict":
        reconfigure(errors="backslashreplace")
