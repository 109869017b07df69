"""The rhythm of one stream of stamps: spacing, jitter, losses and delay, estimated robustly."""

from collections import deque
from operator import sub

WINDOW = 33
"""Messages that the estimates look back on."""

ENOUGH = 20
"""Messages from which on the spread of the delays says something."""

_REFRESH = 64
_REFRESH_IRREGULAR = 32
_MIN_LIMIT_NS = 2_000_000_000
_LIMIT_SPACINGS = 8
_UNLIMITED_NS = 1 << 62


class Rhythm:
    """Estimates the spacing of a stream from its last messages.

    The spacing is the mean of those gaps that lie near their lower quartile: lost messages make
    gaps longer, so the upper part of the gaps says nothing about the rhythm, and the mean of the
    others is not biased by jitter. It is computed anew after 2, 3, 4, 6, ... messages, then after
    every 64, or 32 where gaps are long, so that a message costs one append and one countdown.

    All times are integer nanoseconds. ``spacing`` is None until two messages have come; ``jitter``
    is the mean deviation of the gaps from it; ``delay_high`` the longest time from stamp to
    arrival; ``lost`` counts the messages missing in the gaps. A step of up to ``regular_limit``
    is that of the next message, one of up to ``continuity_limit`` an interruption, a longer one a
    jump.
    """

    __slots__ = (
        "continuity_limit",
        "countdown",
        "delay_high",
        "jitter",
        "lost",
        "recent",
        "regular_limit",
        "spacing",
    )

    def __init__(self) -> None:
        self.recent: deque[tuple[int, int]] = deque(maxlen=WINDOW)
        self.spacing: int | None = None
        self.jitter = 0
        self.lost = 0
        self.delay_high = 0
        self.regular_limit = 0
        self.continuity_limit = _UNLIMITED_NS
        self.countdown = 2

    def observe(self, stamp: int, now: int) -> None:
        """Take note of a message that is newer than all before it."""
        recent = self.recent
        if recent:
            gap = stamp - recent[-1][0]
            if gap > self.regular_limit:
                self.note_long_gap(gap)
        recent.append((stamp, now))
        self.countdown -= 1
        if self.countdown <= 0:
            self.estimate()

    def note_long_gap(self, gap: int) -> None:
        """Count what was lost in a step above ``regular_limit``."""
        if self.spacing is not None:
            self.lost += round(gap / self.spacing) - 1
            self.countdown = min(self.countdown, _REFRESH_IRREGULAR)

    def interrupt(self) -> None:
        """Forget the last messages after a jump; keep the spacing, the camera is the same."""
        self.recent.clear()
        self.countdown = 2

    def delays(self) -> list[int]:
        """Arrival minus stamp of the last messages: transport delay plus the clocks' difference."""
        return [now - stamp for stamp, now in self.recent]

    def stamp_jitter(self) -> float | None:
        """Mean deviation of the gaps from whole periods over the window, as a share of the period.

        Unlike ``jitter`` it leaves out no gap, so that very uneven stamps show as what they are.
        None before ``ENOUGH`` came, and where so many are lost that the period is not certain.
        """
        if len(self.recent) < ENOUGH:
            return None
        stamps = [stamp for stamp, _ in self.recent]
        gaps = list(map(sub, stamps[1:], stamps))
        period = max(1, sorted(gaps)[len(gaps) // 2])
        if 3 * sum(2 * gap > 3 * period for gap in gaps) > len(gaps):
            return None
        whole = [max(1, round(gap / period)) * period for gap in gaps]
        return sum(abs(gap - near) for gap, near in zip(gaps, whole, strict=True)) / (
            period * len(gaps)
        )

    def arrival_jitter(self) -> int | None:
        """Spread of the delays over the window, nanoseconds; None before ``ENOUGH`` came.

        Between the 5th and the 95th percentile: a single late message does not count. A steady
        drift, as of a recording that plays slower or faster, is taken off.
        """
        count = len(self.recent)
        if count < ENOUGH:
            return None
        delays = self.delays()
        middle = (count - 1) / 2
        slope = sum((i - middle) * delay for i, delay in enumerate(delays)) / (
            count * (count * count - 1) / 12
        )
        level = sorted(delay - slope * i for i, delay in enumerate(delays))
        return round(level[-1 - count // 20] - level[count // 20])

    def rate(self) -> float | None:
        """Messages a second over the window, lost ones not counted; None before two came."""
        if len(self.recent) < 2:
            return None
        return (len(self.recent) - 1) * 1e9 / (self.recent[-1][0] - self.recent[0][0])

    def estimate(self) -> None:
        """Compute all estimates anew; due when ``countdown`` has come to zero."""
        stamps, arrivals = zip(*self.recent, strict=True)
        gaps = list(map(sub, stamps[1:], stamps))
        base = sorted(gaps)[len(gaps) // 4]
        low, high = 3 * base // 5, 3 * base // 2
        usual = [gap for gap in gaps if low <= gap <= high]
        self.spacing = spacing = max(1, sum(usual) // len(usual))
        self.jitter = sum([abs(gap - spacing) for gap in usual]) // len(usual)
        self.delay_high = max(map(sub, arrivals, stamps))
        self.regular_limit = 3 * spacing // 2
        self.continuity_limit = max(_MIN_LIMIT_NS, _LIMIT_SPACINGS * spacing)
        self.countdown = max(1, len(stamps) // 2) if len(stamps) < WINDOW else _REFRESH
