"""Watches whether the network is as fast as when its engine was chosen."""

from __future__ import annotations

from collections import deque

FACTOR = 4.0
"""The time for a pixel depends on the image's size by less than this."""

_WINDOW = 12


class PaceWatch:
    """Compares the last inferences with the measured pace.

    Args:
        measured: seconds a pixel when the engine was chosen; 0: not measured, nothing is compared.
    """

    def __init__(self, measured: float) -> None:
        self._measured = measured
        self._last: deque[float] = deque(maxlen=_WINDOW)

    def add(self, seconds: float, pixels: int) -> None:
        """Note an inference."""
        self._last.append(seconds / max(pixels, 1))

    @property
    def slowness(self) -> float | None:
        """Return the fastest of the last 12 inferences over the measured one, from `FACTOR` on.

        The fastest: a single slow one, such as the first, means nothing.
        """
        last = tuple(self._last)
        if self._measured <= 0.0 or len(last) < _WINDOW:
            return None
        factor = min(last) / self._measured
        return factor if factor >= FACTOR else None
