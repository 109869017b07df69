"""Counts, offsets and rates of the pairing, as one snapshot."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from .reasons import Reason


@dataclass(frozen=True)
class StreamStatistics:
    """One stream, all counts since the start.

    Attributes:
        received: messages that came: ``matched`` + the sum of ``unmatched`` + ``waiting``.
        matched: messages that are in a pair.
        reused: pairs beyond the first one of the same thermal message.
        waiting: messages that may still be paired.
        unmatched: messages that left without a partner, by reason.
        lost: messages missing in the gaps between the stamps.
        rate: messages a second by their stamps, over the last messages; None until known.
        spacing: usual time between two stamps in seconds, lost messages left out; None until known.
        silence: seconds since the last arrival; None where no message ever came.
        stamp_jitter: mean deviation of the stamps from their period, as a share of it, over the
            last messages; None until known.
        arrival_jitter: spread of the times from stamp to arrival in seconds, over the last
            messages; None until known.
        delay_ns: median time from stamp to arrival in nanoseconds, over the last messages; it
            contains the difference of the two clocks. None until known.
    """

    received: int
    matched: int
    reused: int
    waiting: int
    unmatched: dict[Reason, int]
    lost: int
    rate: float | None
    spacing: float | None
    silence: float | None
    stamp_jitter: float | None
    arrival_jitter: float | None
    delay_ns: int | None


@dataclass(frozen=True)
class SyncStatistics:
    """Both streams and their pairs.

    Attributes:
        rgb, thermal: of each stream.
        laps: jumps of the stamps, plus one.
        mean_offset: mean of ``|offset|`` over the last pairs in seconds; None without pairs.
        p95_offset: 95th percentile of the same.
        median_offset: median of the offset itself (thermal minus RGB).
    """

    rgb: StreamStatistics
    thermal: StreamStatistics
    laps: int
    mean_offset: float | None
    p95_offset: float | None
    median_offset: float | None

    @property
    def pairs(self) -> int:
        """Number of pairs."""
        return self.rgb.matched

    @property
    def clock_offset(self) -> float | None:
        """How far thermal stamps are behind RGB's, in seconds, judged by the arrival times.

        It is the right ``thermal_offset`` if both images of a moment take equally long to arrive.
        It needs no pair. None until both streams have come.
        """
        if self.rgb.delay_ns is None or self.thermal.delay_ns is None:
            return None
        return 1e-9 * (self.thermal.delay_ns - self.rgb.delay_ns)


def percentile(values: Sequence[float], share: float) -> float:
    """Return the smallest of ``values`` that at least ``share`` of them do not exceed."""
    ordered = sorted(values)
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)]


def sync_statistics(
    rgb: StreamStatistics, thermal: StreamStatistics, laps: int, offsets: Sequence[int]
) -> SyncStatistics:
    """Put both streams together with the offsets of the last pairs in nanoseconds."""
    sizes = [abs(offset) for offset in offsets]
    return SyncStatistics(
        rgb=rgb,
        thermal=thermal,
        laps=laps,
        mean_offset=1e-9 * sum(sizes) / len(sizes) if sizes else None,
        p95_offset=1e-9 * percentile(sizes, 0.95) if sizes else None,
        median_offset=1e-9 * percentile(offsets, 0.5) if sizes else None,
    )
