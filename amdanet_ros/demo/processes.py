"""Child processes of this package: start with DDS limited to this machine, watch, end."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from pathlib import Path

from ..dds_profile import profile_variable
from ..programs.parent import PARENT
from ..resources import share_directory

_GRACE_S = 15.0
_WATCH_PERIOD_S = 0.5


class ProcessFailedError(RuntimeError):
    """A process ended too early or with an error; the message quotes its last lines."""


def environment(domain: int) -> dict[str, str]:
    """Return a child's environment: this package, DDS on this machine, memory for raw images."""
    root = str(Path(__file__).resolve().parents[2])
    path = os.environ.get("PYTHONPATH")
    return {
        **os.environ,
        "PYTHONPATH": root + (os.pathsep + path if path else ""),
        "PYTHONUNBUFFERED": "1",
        PARENT: str(os.getpid()),
        "ROS_AUTOMATIC_DISCOVERY_RANGE": "LOCALHOST",
        "ROS_DOMAIN_ID": str(domain),
        profile_variable(): str(share_directory() / "config" / "fastdds_images.xml"),
    }


class Process:
    """A child, ``python -m MODULE ARGUMENTS``; its output is collected and written to ``log``."""

    def __init__(
        self, name: str, module: str, arguments: Sequence[str], domain: int, log: Path
    ) -> None:
        self.name = name
        self._lines: list[str] = []
        self._news = threading.Condition()
        self._ended = False
        self._log = log.open("w")
        self._child = subprocess.Popen(
            [sys.executable, "-m", module, *arguments],
            env=environment(domain),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    @property
    def pid(self) -> int:
        """Of the child."""
        return self._child.pid

    def _read(self) -> None:
        for line in self._child.stdout:
            with self._news:
                self._lines.append(line.rstrip())
                self._log.write(line)
                self._log.flush()
                self._news.notify_all()
        with self._news:
            self._ended = True
            self._news.notify_all()

    def wait_for(self, text: str, timeout: float, unless: str | None = None) -> None:
        """Wait until a line of the output holds a text; ``unless`` is one that means failure.

        Raises:
            ProcessFailedError: it ended, printed ``unless``, or printed neither in time (seconds).
        """

        def line_with(part: str | None) -> str | None:
            return next((line for line in self._lines if part and part in line), None)

        with self._news:
            self._news.wait_for(
                lambda: self._ended or line_with(text) or line_with(unless), timeout
            )
            if line_with(text):
                return
            if line_with(unless):
                raise ProcessFailedError(f"the {self.name} failed: {line_with(unless)}")
            fate = "ended" if self._ended else f"did not print {text!r} within {timeout:g} s"
            raise ProcessFailedError(f"the {self.name} {fate}; {self._quoted()}")

    def finish(self, timeout: float, watched: Sequence[Process] = ()) -> None:
        """Wait until it ends with status 0 while others keep running.

        Raises:
            ProcessFailedError: it fails or runs longer than ``timeout`` seconds, or another one
                ended.
        """
        end = time.monotonic() + timeout
        while self._child.poll() is None and time.monotonic() < end:
            for other in watched:
                other.check_running()
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._child.wait(_WATCH_PERIOD_S)
        if self.wait(max(0.0, end - time.monotonic())) != 0:
            raise ProcessFailedError(f"the {self.name} failed; {self._quoted()}")
        for other in watched:
            other.check_running()

    def wait(self, timeout: float) -> int:
        """Wait for the end; returns the exit status.

        Raises:
            ProcessFailedError: it runs longer than ``timeout`` seconds.
        """
        try:
            status = self._child.wait(timeout)
        except subprocess.TimeoutExpired:
            raise ProcessFailedError(f"the {self.name} does not end; {self._quoted()}") from None
        self._reader.join(_GRACE_S)
        return status

    def check_running(self) -> None:
        """Raise ``ProcessFailedError`` if it has ended."""
        if self._child.poll() is not None:
            self._reader.join(_GRACE_S)
            raise ProcessFailedError(f"the {self.name} ended; {self._quoted()}")

    def stop(self, timeout: float = _GRACE_S) -> int:
        """End it by SIGTERM, after ``timeout`` seconds by SIGKILL; returns its exit status."""
        self.begin_to_stop()
        if self._child.poll() is None:
            try:
                self._child.wait(timeout)
            except subprocess.TimeoutExpired:
                self._child.kill()
        return self._closed()

    def begin_to_stop(self) -> None:
        """Send SIGTERM, and wait for nothing."""
        if self._child.poll() is None:
            self._child.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        """Kill it, as a crash would."""
        self._child.kill()
        self._closed()

    def _closed(self) -> int:
        status = self._child.wait()
        self._reader.join(_GRACE_S)
        self._log.close()
        return status

    def _quoted(self) -> str:
        last = " | ".join(self._lines[-3:]) or "nothing"
        return f"its last output: {last}"
