"""Warnings once per cause, again only now and then while the cause lasts, and never too many."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from functools import partial
from typing import Any

from rclpy.impl.rcutils_logger import RcutilsLogger

from ..one_line import one_line, without_numbers

# A line each: rclpy refuses another severity from a line that has logged before.
_SEVERITIES: dict[str, Callable[[Any, str], object]] = {
    "info": lambda logger, text: logger.info(text),
    "warning": lambda logger, text: logger.warning(text),
    "error": lambda logger, text: logger.error(text),
}
_CAUSES = 64
_LINES = 10
_LONGEST = 1000


class CauseLog:
    """Throttles messages by their cause: texts that differ in numbers alone are one cause.

    rclpy throttles by the line of code, which would hide a second cause behind a first one.
    Each text is made one line of bounded length. Where causes are ever new, as encodings made up
    by a program are, only the first ones of a period are logged.

    Args:
        log: takes what is let through, such as ``logger.warning``.
        period: seconds until the same cause is logged again.
        now: a steady clock in seconds.
        lines: causes that are logged in a period; one more line says that there are others.
    """

    def __init__(
        self,
        log: Callable[[str], object],
        period: float = 30.0,
        now: Callable[[], float] = time.monotonic,
        lines: int = _LINES,
    ) -> None:
        self._log = log
        self._period = period
        self._now = now
        self._lines = lines
        self._lock = threading.Lock()
        self._seen: dict[str, tuple[float, int]] = {}
        self._began = float("-inf")
        self._logged = 0
        self._left_out = 0

    @classmethod
    def of(cls, logger: RcutilsLogger, severity: str) -> CauseLog:
        """Return one that logs with a severity: "info", "warning" or "error"."""
        return cls(partial(_SEVERITIES[severity], logger))

    def __call__(self, text: str) -> None:
        """Log a text, or count it where its cause was logged lately or there were too many."""
        with self._lock:
            line = self._line(one_line(text, _LONGEST), self._now())
        if line is not None:
            self._log(line)

    def _line(self, text: str, now: float) -> str | None:
        cause = without_numbers(text)
        logged, hidden = self._seen.get(cause, (None, 0))
        if logged is not None and now - logged < self._period:
            self._seen[cause] = (logged, hidden + 1)
            return None
        if now - self._began >= self._period:
            self._began, self._logged = now, 0
        self._logged += 1
        if self._logged > self._lines:
            self._left_out += 1
            if self._logged > self._lines + 1:
                return None
            return (
                f"more than {self._lines} different causes in {self._period:g} s: further ones "
                "are not logged until then"
            )
        if len(self._seen) >= _CAUSES and cause not in self._seen:
            del self._seen[min(self._seen, key=lambda key: self._seen[key][0])]
        self._seen[cause] = (now, 0)
        more = f" ({hidden} more like this before)" if hidden else ""
        if self._left_out:
            more += f" ({self._left_out} others were not logged)"
            self._left_out = 0
        return text + more
