"""Warnings once per cause, and again only now and then while the cause lasts."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable

_CAUSES = 64


class CauseLog:
    """Throttles messages by their cause: texts that differ in numbers alone are one cause.

    rclpy throttles by the line of code, which would hide a second cause behind a first one.

    Args:
        log: takes what is let through, such as ``logger.warning``.
        period: seconds until the same cause is logged again.
        now: a steady clock in seconds.
    """

    def __init__(
        self,
        log: Callable[[str], object],
        period: float = 30.0,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self._log = log
        self._period = period
        self._now = now
        self._lock = threading.Lock()
        self._seen: dict[str, tuple[float, int]] = {}

    def __call__(self, text: str) -> None:
        """Log a text, or count it where its cause was logged lately."""
        cause = re.sub(r"\d+", "#", text)
        now = self._now()
        with self._lock:
            logged, hidden = self._seen.get(cause, (None, 0))
            if logged is not None and now - logged < self._period:
                self._seen[cause] = (logged, hidden + 1)
                return
            if len(self._seen) >= _CAUSES and cause not in self._seen:
                del self._seen[min(self._seen, key=lambda key: self._seen[key][0])]
            self._seen[cause] = (now, 0)
        self._log(f"{text} ({hidden} more like this before)" if hidden else text)
