"""What to do with a message whose stamp does not continue its stream: jumps, laps, late messages.

A stamp that jumps may come from a bag that loops, a driver that restarts, a camera that comes back,
or one corrupt message. One message alone cannot say which. So it is held as suspect until the next
message of its stream confirms it, or the other stream is found at the same time.
"""

from typing import Any

from .reasons import Reason
from .stream import LATE_LIMIT_NS, Stream

NEAR_NS = 1_000_000_000
"""Streams whose stamps differ by no more are at the same time."""

TAIL_NS = 2_000_000_000
"""Messages of the old lap come no longer than this (by their stamps) after the other's jump."""


def admit(stream: Stream, other: Stream, key: int, item: Any, now: int) -> None:
    """Put a message into ``stream``'s queue, or count why not, or hold it as suspect."""
    stream.last_irregular = now
    _place(stream, other, key, item, now)
    level = stream.last_lap.number == other.last_lap.number
    for each in (stream, other):
        each.continues = level and each.last_lap.newest is not None and each.suspect is None


def _place(stream: Stream, other: Stream, key: int, item: Any, now: int) -> None:
    if key - stream.offset <= 0:
        stream.discard(key, item, Reason.ZERO_STAMP)
        return
    newest = stream.last_lap.newest
    if newest is None:
        if stream.first_arrival is None:
            stream.first_arrival = now
        _count_jump_over_reset(stream, other, key)
        stream.append(key, item, now)
        return
    step = key - newest
    if not -LATE_LIMIT_NS <= step <= stream.rhythm.continuity_limit:
        _jump(stream, other, key, item, now)
        return
    stream.refute_suspect()
    if _is_behind(stream, other) and abs(key - other.lap.newest) > TAIL_NS:
        # Not the rest of the old lap: the camera was silent while the other one's stamps jumped,
        # and came back without a jump of its own.
        stream.drop_all(Reason.JUMP)
        stream.lap.number = other.last_lap.number
        other.catch_up()
    if step > 0:
        stream.append(key, item, now)
    else:
        stream.insert(key, item)


def _count_jump_over_reset(stream: Stream, other: Stream, key: int) -> None:
    """Count a lap where the first message since a reset does not continue those before it.

    The clock of a bag that starts again resets the streams before their stamps jump.
    """
    before, limit = stream.rhythm.interrupted_at, stream.rhythm.continuity_limit
    if before is None or -LATE_LIMIT_NS <= key - stream.offset - before <= limit:
        return
    if _is_behind(stream, other):
        stream.lap.number = other.last_lap.number
        other.catch_up()
    else:  # both at once: nothing is left of the old lap that must not pair with the new one
        stream.lap.number = other.lap.number = stream.lap.number + 1
        other.rhythm.interrupted_at = None


def _jump(stream: Stream, other: Stream, key: int, item: Any, now: int) -> None:
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
        # Both streams jumped to the same place: neither needs to wait for its next message.
        confirmed, other.suspect = other.suspect, None
        _restart(other, stream, confirmed[0])
        other.append(*confirmed)
    newest = other.last_lap.newest
    if newest is not None and abs(key - newest) <= near:
        _restart(stream, other, key)
        stream.append(key, item, now)
        return
    stream.suspect = (key, item, now)


def _nearness(stream: Stream, key: int) -> int:
    """How close the other stream must be to the end of a jump to confirm it."""
    return min(NEAR_NS, abs(key - stream.last_lap.newest) // 4)


def _restart(stream: Stream, other: Stream, key: int) -> None:
    """Begin a lap of ``stream`` at ``key``: the other's lap where that is at the same time."""
    newest = other.last_lap.newest
    together = newest is not None and abs(key - newest) <= _nearness(stream, key)
    if together or _is_behind(stream, other):
        stream.restart(other.last_lap.number, key, alone=False)
        other.catch_up()
    else:
        stream.restart(stream.last_lap.number + 1, key, alone=True)


def _is_behind(stream: Stream, other: Stream) -> bool:
    """Whether the other stream is in a later lap."""
    return stream.last_lap.number < other.last_lap.number
