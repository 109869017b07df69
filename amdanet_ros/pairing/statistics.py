"""Counts, offsets and rates of the pairing, as one snapshot."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .stream import Stream

REASONS = (
    "no_partner",
    "overtaken",
    "late",
    "duplicate",
    "zero_stamp",
    "jump",
    "overflow",
    "silent",
    "reset",
)
"""Why a message stayed alone.

no_partner: nothing of the other stream lies within the slop; overtaken: a neighbour was nearer;
late: came after its place in the output had passed; duplicate: a stamp seen before; zero_stamp:
stamp not set; jump: left over when the stamps leapt, or a single wild stamp; overflow: the queue
was full; silent: the other stream had stopped (only with ``keep_unmatched``); reset: waiting at a
``reset()``.
"""


@dataclass(frozen=True)
class StreamStatistics:
    """One stream, all counts since the start.

    ``received`` = ``matched`` + the sum of ``unmatched`` + ``waiting``. ``reused`` counts pairs
    beyond the first of the same thermal message. ``lost`` counts gaps in the stamps. ``rate`` is
    in Hz (what truly came) and ``spacing`` in seconds (the rhythm without the losses), over the
    last messages; None until known. ``silence`` is the time since the last arrival in seconds,
    None when nothing ever came. ``stamp_jitter`` is the mean deviation of the gaps between stamps
    from the period as a share of it, ``arrival_jitter`` the spread of the times from stamp to
    arrival in seconds, over the last messages; None until known.
    """

    received: int
    matched: int
    reused: int
    waiting: int
    unmatched: dict[str, int]
    lost: int
    rate: float | None
    spacing: float | None
    silence: float | None
    stamp_jitter: float | None = None
    arrival_jitter: float | None = None


@dataclass(frozen=True)
class SyncStatistics:
    """Both streams and their pairs.

    ``mean_offset`` and ``p95_offset`` are the mean and the 95th percentile of ``|offset|`` over
    the last pairs, ``median_offset`` keeps the sign (thermal minus RGB), all in seconds and None
    without pairs. ``clock_offset`` is how far thermal stamps are behind RGB's in seconds, judged
    by the arrival times: what ``thermal_offset`` would have to be if both images of a moment
    took equally long to arrive. It needs no pair.
    """

    rgb: StreamStatistics
    thermal: StreamStatistics
    pairs: int
    laps: int
    mean_offset: float | None
    p95_offset: float | None
    median_offset: float | None
    clock_offset: float | None


def percentile(values: Sequence[float], share: float) -> float:
    """Smallest of ``values`` that at least ``share`` of them do not exceed."""
    ordered = sorted(values)
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)]


def snapshot(
    rgb: Stream, thermal: Stream, offsets: Sequence[int], now: int | None
) -> SyncStatistics:
    """Read the streams' counters; ``now`` in nanoseconds, or None for the last arrival."""
    if now is None:
        now = max((s.last_arrival for s in (rgb, thermal) if s.last_arrival is not None), default=0)
    sizes = [abs(offset) for offset in offsets]
    return SyncStatistics(
        rgb=_stream_snapshot(rgb, now),
        thermal=_stream_snapshot(thermal, now),
        pairs=rgb.matched,
        laps=1 + max(rgb.lap, thermal.lap),
        mean_offset=1e-9 * sum(sizes) / len(sizes) if sizes else None,
        p95_offset=1e-9 * percentile(sizes, 0.95) if sizes else None,
        median_offset=1e-9 * percentile(offsets, 0.5) if offsets else None,
        clock_offset=_clock_offset(rgb, thermal),
    )


def _stream_snapshot(stream: Stream, now: int) -> StreamStatistics:
    spacing = stream.rhythm.spacing
    arrival_jitter = stream.rhythm.arrival_jitter()
    return StreamStatistics(
        received=stream.received,
        matched=stream.matched,
        reused=stream.reused,
        waiting=stream.waiting(),
        unmatched=dict(stream.dropped),
        lost=stream.rhythm.lost,
        rate=stream.rhythm.rate(),
        spacing=None if spacing is None else spacing * 1e-9,
        silence=None if stream.last_arrival is None else 1e-9 * (now - stream.last_arrival),
        stamp_jitter=stream.rhythm.stamp_jitter(),
        arrival_jitter=None if arrival_jitter is None else arrival_jitter * 1e-9,
    )


def _clock_offset(rgb: Stream, thermal: Stream) -> float | None:
    rgb_delays, thermal_delays = rgb.rhythm.delays(), thermal.rhythm.delays()
    if not rgb_delays or not thermal_delays:
        return None
    return 1e-9 * (percentile(thermal_delays, 0.5) - percentile(rgb_delays, 0.5))
