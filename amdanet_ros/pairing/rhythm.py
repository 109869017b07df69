"""The rhythm of one stream of stamps: spacing, jitter, losses and delay, estimated robustly."""

from collections import deque
from dataclasses import dataclass, field
from operator import sub

WINDOW = 33
"""Number of last messages that the estimates are made of."""

ENOUGH = 20
"""Number of messages that estimates of the spread need."""

_REFRESH = 64
_REFRESH_IRREGULAR = 32
_MIN_LIMIT_NS = 2_000_000_000
_LIMIT_SPACINGS = 8
_UNLIMITED_NS = 1 << 62


@dataclass(slots=True, eq=False)
class Rhythm:
    """Estimates the spacing of a stream from its last messages.

    The spacing is the mean of those gaps that lie near their lower quartile. Lost messages make
    gaps longer, so the longer gaps are left out; jitter does not bias the mean of the others. The
    estimates are computed again after 2, 3, 4, 6, ... messages, then after every 64, or 32 where
    gaps are long, so that a usual message costs little.

    All times are integer nanoseconds.

    Attributes:
        recent: stamp and arrival of the last messages.
        spacing: usual time between two stamps; None until two messages have come.
        jitter: mean deviation of the gaps from ``spacing``.
        lost: number of messages missing in the gaps.
        delay_high: longest time from stamp to arrival.
        regular_limit: longest step to the next message without a loss.
        continuity_limit: longest step that is an interruption; a longer one is a jump.
        countdown: messages until the next estimate.
        interrupted_at: the last stamp before the last ``interrupt``.
    """

    recent: deque[tuple[int, int]] = field(default_factory=lambda: deque(maxlen=WINDOW))
    spacing: int | None = None
    jitter: int = 0
    lost: int = 0
    delay_high: int = 0
    regular_limit: int = 0
    continuity_limit: int = _UNLIMITED_NS
    countdown: int = 2
    interrupted_at: int | None = None

    def observe(self, stamp: int, now: int) -> None:
        """Add a message that is newer than all before it."""
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
        """Count the messages lost in a step above ``regular_limit``."""
        if self.spacing is not None:
            self.lost += round(gap / self.spacing) - 1
            self.countdown = min(self.countdown, _REFRESH_IRREGULAR)

    def interrupt(self) -> None:
        """Forget the last messages after a jump; the spacing stays, as the camera is the same."""
        if self.recent:
            self.interrupted_at = self.recent[-1][0]
        self.recent.clear()
        self.countdown = 2

    def delays(self) -> list[int]:
        """Return arrival minus stamp of the last messages: delay plus difference of the clocks."""
        return [now - stamp for stamp, now in self.recent]

    def stamp_jitter(self) -> float | None:
        """Return the mean deviation of the gaps from whole periods, as a share of the period.

        Unlike ``jitter`` it leaves out no gap, so that it also measures very uneven stamps. None
        before ``ENOUGH`` messages came, and where so many are lost that the period is not certain.
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
        """Return the spread of the delays in nanoseconds; None before ``ENOUGH`` messages came.

        It is measured between the 5th and the 95th percentile, so that a single late message does
        not count. A steady drift, as of a bag that is played slower or faster, is subtracted.
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
        """Return the messages a second, without the lost ones; None before two came."""
        if len(self.recent) < 2:
            return None
        return (len(self.recent) - 1) * 1e9 / (self.recent[-1][0] - self.recent[0][0])

    def estimate(self) -> None:
        """Compute all estimates again; due when ``countdown`` is zero."""
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
