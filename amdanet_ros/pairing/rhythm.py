"""The rhythm of one stream of stamps: spacing, jitter, losses and delay, estimated robustly."""

from collections import deque
from operator import sub

WINDOW = 64
"""Messages that the estimates look back on."""

_REFRESH = 64
_GAPS = 32
_FALLBACK_LIMIT_NS = 1 << 62
_MIN_LIMIT_NS = 2_000_000_000
_LIMIT_SPACINGS = 8


class Rhythm:
    """Estimates the spacing of a stream from its last messages.

    The spacing is the mean of those gaps that lie near their lower quartile: lost messages make
    gaps longer, so the upper part of the gaps says nothing about the rhythm, and the mean of the
    others is not biased by jitter. It is computed anew after 2, 3, 4, 6, ... messages and then
    after every 64, so that a message costs one append and one countdown.

    All times are integer nanoseconds. ``spacing`` is None until two messages have come.
    """

    __slots__ = (
        "_period",
        "continuity_limit",
        "countdown",
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
        self._period = self.countdown = 2

    def observe(self, stamp: int, now: int) -> None:
        """Take note of a message that is newer than all before it."""
        self.recent.append((stamp, now))
        self.countdown -= 1
        if not self.countdown:
            self.estimate()

    def interrupt(self) -> None:
        """Forget the last messages after a jump; keep the spacing, the camera is the same."""
        self.recent.clear()
        self._period = self.countdown = 2

    def delays(self) -> list[int]:
        """Arrival minus stamp of the last messages: transport delay plus the clocks' difference."""
        return [now - stamp for stamp, now in self.recent]

    def rate(self) -> float | None:
        """Messages a second over the window, lost ones not counted; None before two came."""
        if len(self.recent) < 2:
            return None
        return (len(self.recent) - 1) * 1e9 / (self.recent[-1][0] - self.recent[0][0])

    def estimate(self) -> None:
        """Compute all estimates anew; due when ``countdown`` has come to zero."""
        recent = self.recent
        stamps = [stamp for stamp, _ in recent]
        gaps = list(map(sub, stamps[1:], stamps))
        latest = gaps[-_GAPS:]
        base = sorted(latest)[len(latest) // 4]
        usual = [gap for gap in latest if 0.6 * base <= gap <= 1.5 * base]
        self.spacing = spacing = max(1, sum(usual) // len(usual))
        self.jitter = sum(abs(gap - spacing) for gap in usual) // len(usual)
        self.delay_high = max(now - stamp for stamp, now in recent)
        self.continuity_limit = max(_MIN_LIMIT_NS, _LIMIT_SPACINGS * spacing)
        long = 3 * spacing // 2
        self.lost += sum(round(gap / spacing) - 1 for gap in gaps[-self._period :] if gap > long)
        self._period = self.countdown = max(1, min(_REFRESH, len(recent) // 2))
