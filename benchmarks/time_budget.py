"""A benchmark's steps within a time: each begins only if it can still end."""

from __future__ import annotations

import time
from collections.abc import Callable


class TimeBudget:
    """Counts from its creation.

    Args:
        seconds: of everything.
        clock: seconds.
    """

    def __init__(self, seconds: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._end = clock() + seconds

    def left(self) -> float:
        """Return the seconds left, at least 0."""
        return max(0.0, self._end - self._clock())

    def has(self, seconds: float) -> bool:
        """Whether so many seconds are left."""
        return self.left() >= seconds

    def rounds(self, one: float, share: float, most: int, least: int = 3) -> int:
        """Return how many rounds of `one` second each fit a share of what is left.

        Between `least` and `most`; 0 if not even `least` rounds fit all that is left.
        """
        if one * least > self.left():
            return 0
        return max(least, min(most, int(share * self.left() / max(one, 1e-9))))
