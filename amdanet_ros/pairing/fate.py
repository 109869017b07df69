"""What becomes of the first messages of both queues: the decision, as pure functions."""

from enum import Enum

from .reasons import Reason
from .stream import Stream

_SLACK_NS = 2_000_000


class Action(Enum):
    """What to do."""

    PAIR = "pair"
    DROP = "drop"
    WAIT = "wait"


Fate = tuple[Action, Reason | None, int | None]
"""What to do with the first messages of both queues: PAIR them, DROP one for a reason, or WAIT.

The number is of WAIT: when the message that is waited for counts as lost, in nanoseconds; None: any
message ends the wait.
"""

PAIR: Fate = (Action.PAIR, None, None)
WAIT: Fate = (Action.WAIT, None, None)
NO_PARTNER: Fate = (Action.DROP, Reason.NO_PARTNER, None)
OVERTAKEN: Fate = (Action.DROP, Reason.OVERTAKEN, None)


def fate(early: Stream, late: Stream, slop: int, now: int) -> Fate:
    """Decide on the first messages where each message is used once.

    They are a pair if each is the other's nearest one. Only the early one can be dropped: later
    messages of the late stream are even farther from it.

    Args:
        early: the stream whose first message has the smaller key (or an equal one).
        late: the other stream; both have a message.
        slop: largest distance of a pair in nanoseconds.
        now: time on the clock of the arrivals in nanoseconds.
    """
    queue = early.lap.queue
    key, target = queue[0][0], late.lap.queue[0][0]
    gap = target - key
    alone = len(queue) == 1
    if gap > slop:
        # An only message is kept: a late message of the other stream may be its partner.
        return WAIT if alone else NO_PARTNER
    since = key - late.lap.floor
    if since < gap and not _is_toss_up(early, late, gap - since):
        # What is nearest to the early message is in a pair already.
        return WAIT if alone else OVERTAKEN
    if not alone:
        rival = abs(queue[1][0] - target)
        if rival < gap and not _is_toss_up(early, late, gap - rival):
            return OVERTAKEN
    elif gap:
        due = _due(early, late, target, gap, now)
        if due is not None:
            return Action.WAIT, None, due
    return PAIR


def fate_with_reuse(rgb: Stream, thermal: Stream, slop: int, now: int) -> Fate:
    """Decide on the first messages where a thermal message may serve for several RGB messages.

    The RGB message gets the nearest thermal message in the queue. OVERTAKEN drops the thermal
    message, NO_PARTNER the RGB message.

    Args:
        rgb, thermal: both have a message.
        slop, now: as of ``fate``.
    """
    queue = thermal.lap.queue
    target, key = rgb.lap.queue[0][0], queue[0][0]
    gap = abs(key - target)
    if len(queue) > 1 and abs(queue[1][0] - target) < gap:
        return OVERTAKEN
    may_come_nearer = len(queue) == 1 and key <= target
    if gap > slop:
        return WAIT if may_come_nearer else NO_PARTNER
    if may_come_nearer:
        # Only the RGB message that lies nearest to the next thermal one waits for it; the others
        # take the one in the queue: that is what reuse is for.
        reach = min(gap, (rgb.rhythm.spacing or 0) // 2)
        due = _due(thermal, rgb, target, reach, now)
        if due is not None:
            return Action.WAIT, None, due
    return PAIR


def _due(stream: Stream, other: Stream, target: int, gap: int, now: int) -> int | None:
    """Return when a message nearer to ``target`` than ``gap`` is due; None: none is expected.

    Messages that are overdue by the stream's rhythm and delay count as lost, and the one after
    them is expected.
    """
    rhythm = stream.rhythm
    spacing = rhythm.spacing
    if spacing is None or stream.ahead is not None:
        return None
    expected = stream.lap.newest + spacing
    if expected - target >= gap:
        return None
    lag = rhythm.delay_high - stream.offset + 4 * rhythm.jitter + _SLACK_NS
    if expected + lag <= now and expected < target:
        missed = min(now - lag - expected, target - expected) // spacing
        expected += missed * spacing
        if expected + lag <= now:
            expected += spacing
    due = expected + lag
    gain = gap - abs(expected - target)
    if gain <= 0 or due <= now or _is_toss_up(stream, other, gain):
        return None
    return due


def _is_toss_up(one: Stream, other: Stream, gain: int) -> bool:
    """Whether a neighbour is nearer by no more than jitter, in streams of equal rate.

    Where the phase between two cameras of one rate is half a period, jitter makes now the one, now
    the other neighbour the nearer one. Each change of side would cost a pair.
    """
    first, second = one.rhythm, other.rhythm
    if gain > 2 * (first.jitter + second.jitter):
        return False
    period = first.spacing
    if period is None or second.spacing is None:
        return False
    return 32 * abs(period - second.spacing) <= period and 4 * gain <= period
