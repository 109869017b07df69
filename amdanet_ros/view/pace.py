"""Playing a recording no faster than it was recorded."""

from __future__ import annotations

import time

_LONGEST_WAIT_S = 2.0
"""A break of a recording is no reason to show nothing for longer."""


class Pace:
    """Waits until a pair is due.

    Args:
        rate: speed; 2: twice as fast as it was recorded.
    """

    def __init__(self, rate: float) -> None:
        self._rate = rate
        self._last: tuple[int, float] | None = None

    def wait(self, recorded_ns: int) -> None:
        """Wait for the pair that was recorded at a time; one that is late delays those after it."""
        now = time.monotonic()
        due = now
        if self._last is not None:
            before_ns, before = self._last
            gap = (recorded_ns - before_ns) / 1e9 / self._rate
            due = max(now, before + min(max(gap, 0.0), _LONGEST_WAIT_S))
            time.sleep(due - now)
        self._last = recorded_ns, due
