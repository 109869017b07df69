"""Where a message belongs whose stamp does not continue its stream: jumps, laps, stragglers.

A stamp that leaps may be a bag that loops, a driver that restarts, a camera that comes back, or
one corrupt message. One message alone cannot say which, so it is held as suspect until the next
message of its stream confirms it, or the other stream is found at the same time.
"""

from typing import Any

from .stream import LATE_LIMIT_NS, Stream

NEAR_NS = 1_000_000_000
"""Two streams this close stand at the same time."""

TAIL_NS = 2_000_000_000
"""Messages of the old lap come no longer than this (in stamps) after the other stream jumped."""


def admit(stream: Stream, other: Stream, key: int, item: Any, now: int) -> None:
    """Put a message into ``stream``'s queue, or count why not, or hold it as suspect."""
    stream.last_irregular = now
    _place(stream, other, key, item, now)
    level = stream.lap == other.lap
    for each in (stream, other):
        each.continues = level and each.newest is not None and each.suspect is None


def _place(stream: Stream, other: Stream, key: int, item: Any, now: int) -> None:
    if key - stream.offset <= 0:
        stream.discard(key, item, "zero_stamp")
        return
    newest = stream.newest
    if newest is None:
        stream.append(key, item, now)
        return
    step = key - newest
    if not -LATE_LIMIT_NS <= step <= stream.rhythm.continuity_limit:
        _leap(stream, other, key, item, now)
        return
    stream.refute_suspect()
    if stream.lap < other.lap and _is_past_the_tail(other, key):
        stream.drop_all("jump")
        stream.lap = other.lap
        other.catch_up()
    if step > 0:
        stream.append(key, item, now)
    else:
        stream.insert(key, item)


def _leap(stream: Stream, other: Stream, key: int, item: Any, now: int) -> None:
    suspect = stream.suspect
    if suspect is not None and -LATE_LIMIT_NS <= key - suspect[0] <= stream.rhythm.continuity_limit:
        stream.suspect = None
        _restart(stream, other, suspect[0])
        stream.append(*suspect)
        _place(stream, other, key, item, now)
        return
    stream.refute_suspect()
    near = _nearness(stream, key)
    if other.suspect is not None and abs(key - other.suspect[0]) <= near:
        # Both streams leapt to the same place: neither needs to wait for its next message.
        confirmed, other.suspect = other.suspect, None
        _restart(other, stream, confirmed[0])
        other.append(*confirmed)
    if other.newest is not None and abs(key - other.newest) <= near:
        _restart(stream, other, key)
        stream.append(key, item, now)
        return
    stream.suspect = (key, item, now)


def _nearness(stream: Stream, key: int) -> int:
    """How close the other stream must be to a leap's end to speak for it."""
    return min(NEAR_NS, abs(key - stream.newest) // 4)


def _restart(stream: Stream, other: Stream, key: int) -> None:
    """Start ``stream`` anew at ``key``: in the other's lap where it stands there, else ahead."""
    together = other.newest is not None and abs(key - other.newest) <= _nearness(stream, key)
    if together or stream.lap < other.lap:
        stream.restart(other.lap, key, alone=False)
        other.catch_up()
    else:
        stream.restart(stream.lap + 1, key, alone=True)


def _is_past_the_tail(other: Stream, key: int) -> bool:
    """Whether ``key`` cannot be the tail of the lap that ``other`` has left.

    A camera that was silent while the other one jumped may come back without any jump of its own.
    """
    return other.lap_end is None or abs(key - other.lap_end) > TAIL_NS
