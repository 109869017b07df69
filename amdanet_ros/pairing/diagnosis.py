"""Finds out why pairs are missing."""

import math
from collections.abc import Iterator

from ..findings import Finding, FindingKind, Level
from .options import SyncOptions
from .reasons import Reason
from .statistics import StreamStatistics, SyncStatistics

SILENCE_S = 2.0
"""A stream that has sent no message for so long, and for five of its periods, is reported."""

DIFFERENT_CLOCKS_S = 10.0
"""No driver delays images for so long: the clocks themselves differ."""

_LOSS_SHARE = 0.05
_UNEVEN_STAMPS = 0.2  # of the period
_UNEVEN_ARRIVAL = 2.0  # spacings
_RATE_RATIO = 1.15
_FEW = 5


def diagnose(
    present: SyncStatistics, before: SyncStatistics | None, options: SyncOptions
) -> list[Finding]:
    """Compare two snapshots; the worst finding comes first, remarks (``Level.OK``) last.

    Args:
        present: as of now.
        before: as of the last call; None at the first one.
        options: of the synchroniser.
    """
    rgb = _Change("rgb", present.rgb, before.rgb if before else None)
    thermal = _Change("thermal", present.thermal, before.thermal if before else None)
    both = (rgb, thermal)
    findings = [finding for each in both for finding in _silence(each)]
    unstamped = [finding for each in both for finding in _zero_stamps(each)]
    apart: list[Finding] = []
    pairs = present.pairs - (before.pairs if before else 0)
    few = 10 * pairs < min(rgb.received, thermal.received)
    if not unstamped and few and min(rgb.received, thermal.received) >= _FEW:
        apart = list(_apart(rgb, thermal, present.clock_offset, options))
    findings += unstamped + apart
    for each, other in ((rgb, thermal), (thermal, rgb)):
        if not unstamped and not apart:
            findings += _overflow(each, other, options.queue_size)
        findings += _losses(each)
        findings += _disorder(each)
        findings += _jitter(each)
    if present.pairs:
        findings += _rates(present, options.reuse_thermal)
    return findings


class _Change:
    """What happened in one stream between two snapshots."""

    def __init__(
        self, name: str, present: StreamStatistics, before: StreamStatistics | None
    ) -> None:
        self.name = name
        self.present = present
        self.received = present.received - (before.received if before else 0)
        self.lost = present.lost - (before.lost if before else 0)
        self._before = before.unmatched if before else {}

    def unmatched(self, reason: Reason) -> int:
        return self.present.unmatched[reason] - self._before.get(reason, 0)

    def warning(self, kind: FindingKind, **values: float | str) -> Finding:
        return Finding(kind, self.name, Level.WARN, values)


def _silence(change: _Change) -> Iterator[Finding]:
    silence = change.present.silence
    if silence is None:
        yield Finding(FindingKind.NO_MESSAGE, change.name, Level.ERROR)
    elif silence >= max(SILENCE_S, 5 * (change.present.spacing or 0.0)):
        yield Finding(FindingKind.SILENT, change.name, Level.ERROR, {"seconds": silence})


def _zero_stamps(change: _Change) -> Iterator[Finding]:
    if count := change.unmatched(Reason.ZERO_STAMP):
        yield change.warning(FindingKind.ZERO_STAMPS, count=count, received=change.received)


def _apart(
    rgb: _Change, thermal: _Change, offset: float | None, options: SyncOptions
) -> Iterator[Finding]:
    """Find out whether the stamps of one moment differ, where hardly any pairs come."""
    if offset is None or abs(offset - options.thermal_offset) <= options.slop:
        return
    seconds = offset - options.thermal_offset
    values: dict[str, float | str] = {"seconds": seconds, "thermal_offset": offset}
    if abs(seconds) >= DIFFERENT_CLOCKS_S:
        yield Finding(FindingKind.CLOCKS_APART, None, Level.WARN, values)
        return
    values["slop"] = options.slop
    first, last = (rgb, thermal) if seconds > 0 else (thermal, rgb)
    if first.unmatched(Reason.OVERFLOW) and first.present.rate:
        # Wrong stamps and a long delay look alike; the latter only shows by what left the queue.
        values["late"] = last.name
        values["queue_size"] = math.ceil(abs(seconds) * first.present.rate) + 2
    yield Finding(FindingKind.STAMPS_APART, None, Level.WARN, values)


def _overflow(change: _Change, other: _Change, queue_size: int) -> Iterator[Finding]:
    count = change.unmatched(Reason.OVERFLOW)
    if count and other.received and 20 * count >= change.received:
        yield change.warning(
            FindingKind.OVERFLOW,
            count=count,
            received=change.received,
            queue_size=queue_size,
            late=other.name,
        )


def _losses(change: _Change) -> Iterator[Finding]:
    expected = change.received + change.lost
    if change.received >= _FEW and change.lost >= _LOSS_SHARE * expected:
        yield change.warning(FindingKind.MESSAGES_LOST, count=change.lost, expected=expected)


def _disorder(change: _Change) -> Iterator[Finding]:
    if count := change.unmatched(Reason.DUPLICATE):
        yield change.warning(FindingKind.DUPLICATES, count=count)
    if count := change.unmatched(Reason.JUMP):
        yield change.warning(FindingKind.JUMPS, count=count)
    count = change.unmatched(Reason.LATE)
    if 20 * count > change.received:
        yield change.warning(FindingKind.LATE, count=count, received=change.received)


def _jitter(change: _Change) -> Iterator[Finding]:
    present = change.present
    if present.spacing is None or change.received < _FEW:
        return
    stamps, arrival = present.stamp_jitter, present.arrival_jitter
    if stamps is not None and stamps > _UNEVEN_STAMPS:
        yield change.warning(FindingKind.UNEVEN_STAMPS, share=stamps)
    if arrival is not None and arrival > _UNEVEN_ARRIVAL * present.spacing:
        yield change.warning(FindingKind.UNEVEN_ARRIVAL, seconds=arrival)


def _rates(present: SyncStatistics, reuse_thermal: bool) -> Iterator[Finding]:
    """Remark on cameras of different rates: no fault, but it costs pairs."""
    rgb, thermal = present.rgb.spacing, present.thermal.spacing
    if rgb is None or thermal is None:
        return
    rates = {"thermal_rate": 1 / thermal, "rgb_rate": 1 / rgb}
    if thermal > _RATE_RATIO * rgb and not reuse_thermal:
        values = {**rates, "share": 1 - rgb / thermal, "slop": thermal / 2}
        yield Finding(FindingKind.THERMAL_SLOWER, None, Level.OK, values)
    elif rgb > _RATE_RATIO * thermal:
        yield Finding(FindingKind.RGB_SLOWER, None, Level.OK, rates)
