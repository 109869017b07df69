"""The rhythm of one stream of stamps: spacing, jitter, losses and delay, estimated robustly."""

from collections import deque
from itertools import islice

WINDOW = 64
"""Messages that the estimates look back on."""

_REFRESH = 32
_FALLBACK_LIMIT_NS = 1 << 62
_MIN_LIMIT_NS = 2_000_000_000
_LIMIT_SPACINGS = 8


class Rhythm:
    """Estimates the spacing of a stream from its last messages.

    The spacing is the mean of those gaps that lie near their lower quartile: lost messages make
    gaps longer, so the upper part of the gaps says nothing about the rhythm, and the mean of the
    others is not biased by jitter. It is computed anew after 2, 3, 4, 6, ... messages and then
    after every 32, so that a message costs one append.

    All times are integer nanoseconds. ``spacing`` is None until two messages have come.
    """

    __slots__ = (
        "_due",
        "_since_estimate",
        "continuity_limit",
        "delay_high",
        "jitter",
        "lost",
        "recent",
        "spacing",
    )

    def __init__(self) -> None:
        self.recent: deque[tuple[int, int]] = deque(maxlen=WINDOW)
        self.spacing: int | None = None
        self.jitter = 0
        self.lost = 0
        self.delay_high = 0
        self.continuity_limit = _FALLBACK_LIMIT_NS
        self._since_estimate = 0
        self._due = 2

    def observe(self, stamp: int, now: int) -> None:
        """Take note of a message that is newer than all before it."""
        self.recent.append((stamp, now))
        self._since_estimate += 1
        if self._since_estimate >= self._due:
            self._estimate()

    def interrupt(self) -> None:
        """Forget the last messages after a jump; keep the spacing, the camera is the same."""
        self.recent.clear()
        self._since_estimate = 0
        self._due = 2

    def delays(self) -> list[int]:
        """Arrival minus stamp of the last messages: transport delay plus the clocks' difference."""
        return [now - stamp for stamp, now in self.recent]

    def rate(self) -> float | None:
        """Messages a second over the window, lost ones not counted; None before two came."""
        if len(self.recent) < 2:
            return None
        return (len(self.recent) - 1) * 1e9 / (self.recent[-1][0] - self.recent[0][0])

    def _estimate(self) -> None:
        recent = self.recent
        skip = max(0, len(recent) - _REFRESH - 1)
        stamps = [stamp for stamp, _ in islice(recent, skip, None)]
        gaps = [later - earlier for earlier, later in zip(stamps, stamps[1:], strict=False)]
        base = sorted(gaps)[len(gaps) // 4]
        usual = [gap for gap in gaps if 0.6 * base <= gap <= 1.5 * base]
        spacing = sum(usual) // len(usual)
        self.spacing = max(1, spacing)
        self.jitter = sum(abs(gap - spacing) for gap in usual) // len(usual)
        self.delay_high = max(now - stamp for stamp, now in recent)
        self.continuity_limit = max(_MIN_LIMIT_NS, _LIMIT_SPACINGS * self.spacing)
        fresh = gaps[-min(len(gaps), self._since_estimate) :]
        self.lost += sum(round(gap / self.spacing) - 1 for gap in fresh if gap > 1.5 * spacing)
        self._due = max(1, min(_REFRESH, len(recent) // 2))
        self._since_estimate = 0
