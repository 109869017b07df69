"""Says in sentences why pairs are missing, and what mends it."""

import math

from .statistics import StreamStatistics, SyncStatistics

SILENCE_S = 2.0
"""A stream without a message for this long is reported (or five of its periods, if longer)."""

DIFFERENT_CLOCKS_S = 10.0
"""No delay of a driver is this long: the clocks themselves differ."""

_LOSS_SHARE = 0.05
_UNEVEN_STAMPS = 0.2  # of the period
_UNEVEN_ARRIVAL = 2.0  # spacings
_RATE_RATIO = 1.15
_FEW = 5


def diagnose(
    present: SyncStatistics,
    before: SyncStatistics | None,
    slop: float,
    thermal_offset: float,
    queue_size: int,
) -> list[str]:
    """Compare two snapshots; the worst first. Durations in seconds.

    ``before`` is the snapshot at the end of the last look, None at the first one.
    """
    rgb = _Change("rgb", present.rgb, before.rgb if before else None)
    thermal = _Change("thermal", present.thermal, before.thermal if before else None)
    sentences = [s for change in (rgb, thermal) if (s := _silence(change))]
    unstamped = [s for change in (rgb, thermal) if (s := _zero_stamps(change))]
    pairs = present.pairs - (before.pairs if before else 0)
    elsewhen = None
    if not unstamped and min(rgb.received, thermal.received) >= _FEW:
        elsewhen = _no_overlap(rgb, thermal, pairs, present, slop, thermal_offset)
    sentences += unstamped
    if elsewhen:
        sentences.append(elsewhen)
    for change, other in ((rgb, thermal), (thermal, rgb)):
        if not unstamped and not elsewhen:
            sentences += _overflow(change, other, queue_size)
        sentences += _losses(change)
        sentences += _disorder(change)
        sentences += _jitter(change)
    return sentences


def remarks(present: SyncStatistics, reuse_thermal: bool) -> list[str]:
    """Say what is no fault but costs pairs: cameras of different rates."""
    rgb, thermal = present.rgb.spacing, present.thermal.spacing
    if rgb is None or thermal is None or not present.pairs:
        return []
    rates = f"thermal comes at {1 / thermal:.1f} Hz and RGB at {1 / rgb:.1f} Hz"
    if thermal > _RATE_RATIO * rgb and not reuse_thermal:
        return [
            f"{rates}: {1 - rgb / thermal:.0%} of the RGB images stay alone: with "
            f"sync.reuse_thermal: true and sync.slop at least {thermal / 2:.3f} the last thermal "
            f"image serves for them"
        ]
    if rgb > _RATE_RATIO * thermal:
        return [f"{rates}: the output follows RGB, and surplus thermal images stay alone"]
    return []


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

    def unmatched(self, reason: str) -> int:
        return self.present.unmatched[reason] - self._before.get(reason, 0)


def _silence(change: _Change) -> str | None:
    name, present = change.name, change.present
    if present.silence is None:
        return f"{name}: no message yet: is {name}/image_raw remapped to the camera's topic?"
    if present.silence < max(SILENCE_S, 5 * (present.spacing or 0.0)):
        return None
    return (
        f"{name}: no message for {present.silence:.1f} s: the camera or its driver has stopped, "
        f"or {name}/image_raw is not remapped to its topic any more"
    )


def _zero_stamps(change: _Change) -> str | None:
    count = change.unmatched("zero_stamp")
    if not count:
        return None
    return (
        f"{change.name}: {count} of {change.received} stamps are zero: the driver does not set "
        f"header.stamp, and such images cannot be paired"
    )


def _no_overlap(
    rgb: _Change,
    thermal: _Change,
    pairs: int,
    present: SyncStatistics,
    slop: float,
    thermal_offset: float,
) -> str | None:
    offset = present.clock_offset
    if 10 * pairs >= min(rgb.received, thermal.received) or offset is None:
        return None
    remaining = offset - thermal_offset
    if abs(remaining) <= slop:
        return None
    behind = "behind" if remaining > 0 else "ahead of"
    if abs(remaining) >= DIFFERENT_CLOCKS_S:
        return (
            f"stamps differ by {_grouped(abs(remaining))} s (thermal {behind} RGB): the cameras' "
            f"clocks are not synchronised: set them by NTP or PTP, or let both drivers stamp with "
            f"the host's clock"
        )
    sentence = (
        f"thermal stamps are {abs(remaining):.3f} s {behind} RGB's and nothing lies within "
        f"sync.slop = {slop:g} s: set sync.thermal_offset to {offset:.3f}"
    )
    first, last = (rgb, thermal) if remaining > 0 else (thermal, rgb)
    if first.unmatched("overflow") and first.present.rate:
        # Wrong stamps and a long way look alike; the second only shows by what left the queue.
        needed = math.ceil(abs(remaining) * first.present.rate) + 2
        sentence += (
            f"; or, if the stamps are right and {last.name} images take that long to arrive, "
            f"sync.queue_size to {needed}"
        )
    return sentence


def _overflow(change: _Change, other: _Change, queue_size: int) -> list[str]:
    count = change.unmatched("overflow")
    stopped = other.received == 0
    if stopped or 20 * count < change.received or not count:
        return []
    return [
        f"{change.name}: {count} of {change.received} messages left a full queue before their "
        f"partner came: the {other.name} images come later than sync.queue_size = {queue_size} "
        f"messages can bridge: raise sync.queue_size"
    ]


def _losses(change: _Change) -> list[str]:
    expected = change.received + change.lost
    if change.received < _FEW or change.lost < _LOSS_SHARE * expected:
        return []
    return [
        f"{change.name}: {change.lost} of {expected} messages never came (gaps in the stamps): "
        f"the camera skips frames, or they are lost on the way: use the package's DDS profile or "
        f"qos.reliability: reliable"
    ]


def _disorder(change: _Change) -> list[str]:
    sentences = []
    count = change.unmatched("duplicate")
    if count:
        sentences.append(
            f"{change.name}: {count} duplicate stamps: two publishers on one topic, or a driver "
            f"that sends a frame twice"
        )
    count = change.unmatched("jump")
    if count:
        sentences.append(
            f"{change.name}: {count} messages dropped where stamps leapt: a bag that loops, a "
            f"driver that restarts, or single wrong stamps"
        )
    count = change.unmatched("late")
    if 20 * count > change.received:
        sentences.append(
            f"{change.name}: {count} of {change.received} messages came after their place in the "
            f"order had passed: the transport reorders them"
        )
    return sentences


def _jitter(change: _Change) -> list[str]:
    spacing = change.present.spacing
    if spacing is None or change.received < _FEW:
        return []
    sentences = []
    stamps, arrival = change.present.stamp_jitter, change.present.arrival_jitter
    if stamps is not None and stamps > _UNEVEN_STAMPS:
        sentences.append(
            f"{change.name}: stamps are uneven, off by {stamps:.0%} of their period on "
            f"average: the driver stamps images when it reads them rather than when they were "
            f"taken, or the exposure time varies"
        )
    if arrival is not None and arrival > _UNEVEN_ARRIVAL * spacing:
        sentences.append(
            f"{change.name}: images arrive unevenly, their delays differ by {arrival:.3f} s: a "
            f"loaded network, machine or driver; what comes late can miss its partner: raise "
            f"sync.queue_size, or lighten the load (compressed transport, smaller images)"
        )
    return sentences


def _grouped(seconds: float) -> str:
    return f"{seconds:,.0f}".replace(",", " ")
