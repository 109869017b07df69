"""Ending on SIGINT, SIGTERM and SIGHUP at every stage, within a bounded time."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

NUMBERS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
GRACE_S = 2.5
"""Seconds from the first signal to the end at the latest."""
WRITING_GRACE_S = 10.0
"""The same of a recorder: a slow disk must not cost the end of a recording."""

_PERIOD_S = 0.05
_END = b"\0"


class Stopped(KeyboardInterrupt):
    """Raised in the main thread by the first signal; code that cleans up after Ctrl-C does so."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.number = number


class StopSignals:
    """A context manager: the first of the three signals raises ``Stopped`` in the main thread.

    Later ones are ignored, so that nothing interrupts the closing of files. A thread ends the
    process ``grace_s`` seconds after the first: the main thread may be within a long computation,
    or within code that swallows the exception.

    Outside the main thread it does nothing. SIGHUP that is ignored, as ``nohup`` does, stays so.

    Args:
        status_of: the exit status for a signal's number.
        stays: whether the process still ends in time after the block was left because of a signal.

    Attributes:
        received: the number of the first signal, or None.
        is_deferred: a signal is noted and nothing raised; see ``deferred_signals``.
    """

    def __init__(self, status_of: Callable[[int], int], grace_s: float, stays: bool) -> None:
        self.received: int | None = None
        self.is_deferred = False
        self._is_lost = False
        self._status_of = status_of
        self._grace_s = grace_s
        self._stays = stays
        self._restore = contextlib.ExitStack()

    def __enter__(self) -> StopSignals:
        if threading.current_thread() is not threading.main_thread():
            return self
        reading, writing = os.pipe()
        os.set_blocking(writing, False)
        ended = threading.Event()
        watcher = threading.Thread(
            target=self._watch, args=(reading, ended), name="signals", daemon=True
        )
        # None: a handler that is not Python's, which cannot be set again.
        handlers = {number: signal.getsignal(number) or signal.SIG_DFL for number in NUMBERS}
        if handlers[signal.SIGHUP] == signal.SIG_IGN:
            del handlers[signal.SIGHUP]
        # Undone in reverse: first the thread ends, and the handlers of before come after that. The
        # thread may still pass a signal to the main thread, which would take it for a new one.
        self._restore.callback(os.close, reading)
        self._restore.callback(os.close, writing)
        before = signal.set_wakeup_fd(writing, warn_on_full_buffer=False)
        self._restore.callback(signal.set_wakeup_fd, before)
        self._restore.callback(setattr, sys, "unraisablehook", sys.unraisablehook)
        sys.unraisablehook = self._unraisable(sys.unraisablehook)
        _current.append(self)
        self._restore.callback(_current.remove, self)
        for number, handler in handlers.items():
            self._restore.callback(signal.signal, number, handler)
        watcher.start()
        self._restore.callback(watcher.join)
        # Not by closing: forked children may hold the pipe too.
        self._restore.callback(os.write, writing, _END)
        self._restore.callback(ended.set)
        for number in handlers:
            signal.signal(number, self._on_signal)
        _forget_in_children()
        return self

    def __exit__(self, *_: object) -> None:
        if self.received is None or not self._stays:
            self._restore.close()

    def _on_signal(self, number: int, _: Any) -> None:
        if self.received is None or self._is_lost:
            self._is_lost = False
            self.received = self.received or number
            if not self.is_deferred:
                raise Stopped(self.received)

    def _watch(self, reading: int, ended: threading.Event) -> None:
        """Wait for the first signal's byte, which arrives whatever the main thread does."""
        signal.pthread_sigmask(signal.SIG_BLOCK, NUMBERS)
        while (number := os.read(reading, 1)[0]) not in (*NUMBERS, *_END):
            pass
        if number not in NUMBERS:
            return
        end = time.monotonic() + self._grace_s
        # The signal may have reached another thread: the main one would go on waiting.
        self._wake_main_thread(number)
        while not ended.wait(_PERIOD_S):
            if self._is_lost:
                self._wake_main_thread(number)
            if time.monotonic() > end:
                _end_children()
                os._exit(self._status_of(self.received or number))

    def _wake_main_thread(self, number: int) -> None:
        with contextlib.suppress(OSError):
            signal.pthread_kill(threading.main_thread().ident or 0, number)

    def _unraisable(self, usual: Callable[[Any], object]) -> Callable[[Any], object]:
        """Have ``Stopped`` raised again if it was raised where Python can only print it."""

        def hook(unraisable: Any) -> None:
            if isinstance(unraisable.exc_value, Stopped):
                self._is_lost = True
            elif self.received is None:
                usual(unraisable)

        return hook


_current: list[StopSignals] = []


@contextlib.contextmanager
def deferred_signals() -> Iterator[Callable[[], bool]]:
    """Let no signal interrupt the block, such as in the middle of writing a file.

    Yields a function that tells whether a signal has come: the block has to end then.
    """
    if not _current:
        yield lambda: False
        return
    signals = _current[-1]
    signals.is_deferred = True
    try:
        yield lambda: signals.received is not None
    finally:
        signals.is_deferred = False


def _end_children() -> None:
    """End child processes, which would otherwise live on."""
    own = str(os.getpid())
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError, IndexError):
            # The name in parentheses may hold anything; state and parent follow it.
            if stat.read_text(errors="replace").rpartition(")")[2].split()[1] == own:
                os.kill(int(stat.parent.name), signal.SIGTERM)


_is_registered = False


def _forget_in_children() -> None:
    """Let forked children have the usual handlers: their signals are none of this process."""
    global _is_registered
    if not _is_registered:
        os.register_at_fork(after_in_child=_usual_handlers)
    _is_registered = True


def _usual_handlers() -> None:
    if threading.current_thread() is not threading.main_thread():
        return
    signal.set_wakeup_fd(-1)
    for number in NUMBERS:
        handler = getattr(signal.getsignal(number), "__func__", None)
        if handler is StopSignals._on_signal:
            is_int = number == signal.SIGINT
            signal.signal(number, signal.default_int_handler if is_int else signal.SIG_DFL)
