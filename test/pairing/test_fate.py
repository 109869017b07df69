"""The decision on the first messages of both queues, case by case. All times in milliseconds."""

import pytest

from amdanet_ros.pairing.fate import (
    NO_PARTNER,
    OVERTAKEN,
    PAIR,
    WAIT,
    Action,
    fate,
    fate_with_reuse,
)
from amdanet_ros.pairing.stream import Stream

MS = 1_000_000
SLACK = 2
"""What is added to the time at which a message is due."""

STEADY = range(-1000, 0, 100)
"""Messages at 10 Hz that were paired before; the next one of the stream is expected at 0."""


def stream(*waiting, paired=(), delay=0, jumped=False):
    """A stream with messages in pairs and others that wait, each ``delay`` after its stamp."""
    made = Stream("any")
    for k in paired:
        made.append(round(k * MS), k, round((k + delay) * MS))
        made.take()
    for k in waiting:
        made.append(round(k * MS), k, round((k + delay) * MS))
    if jumped:
        made.restart(1, -(10**9) * MS, alone=True)
    return made


def due(at):
    """WAIT until ``at``."""
    return Action.WAIT, None, round((at + SLACK) * MS)


def shaky(phase):
    """Messages at 10 Hz with 4 ms of jitter, which were paired before."""
    return [k + phase + (4 if k % 200 else -4) for k in STEADY]


CASES = {
    "equal stamps": (stream(0), stream(0), PAIR),
    "within the slop": (stream(0), stream(50), PAIR),
    "too far, another one came": (stream(0, 90), stream(51), NO_PARTNER),
    "too far, the only one": (stream(0), stream(51), WAIT),
    "the next one is nearer": (stream(0, 30), stream(40), OVERTAKEN),
    "the next one is nearer on the other side": (stream(0, 70), stream(40), OVERTAKEN),
    "the next one is equally near": (stream(0, 80), stream(40), PAIR),
    "the next one is farther": (stream(0, 90), stream(40), PAIR),
    "its nearest is in a pair, another one came": (
        stream(0, 90),
        stream(40, paired=[-30]),
        OVERTAKEN,
    ),
    "its nearest is in a pair, the only one": (stream(0), stream(40, paired=[-30]), WAIT),
    "the one in a pair is equally near": (stream(0, 90), stream(40, paired=[-40]), PAIR),
    "nearer by less than the jitter": (
        stream(0, 95, paired=shaky(0)),
        stream(48, paired=shaky(48)),
        PAIR,
    ),
    "nearer by less than the jitter of others": (
        stream(0, 95, paired=shaky(0)),
        stream(48, paired=[k / 2 + 48 for k in STEADY]),
        OVERTAKEN,
    ),
    "a nearer one is expected": (stream(0, paired=STEADY), stream(50.5), due(100)),
    "a nearer one is expected late": (stream(0, paired=STEADY, delay=7), stream(50.5), due(107)),
    "no nearer one is expected": (stream(0, paired=STEADY), stream(49.5), PAIR),
    "its stream has jumped": (stream(0, paired=STEADY, jumped=True), stream(50.5), PAIR),
}


@pytest.mark.parametrize("case", CASES)
def test_fate_where_each_message_is_used_once(case):
    early, late, expected = CASES[case]
    slop = 50.5 if "expected" in case or "jumped" in case else 50
    assert fate(early, late, round(slop * MS), 0) == expected


@pytest.mark.parametrize(
    ("target", "now", "expected"),
    [
        (250, 0, due(100)),
        (250, 101, due(100)),
        (250, 102, due(200)),
        (250, 202, due(300)),
        (250, 302, PAIR),
    ],
)
def test_a_message_that_is_overdue_counts_as_lost_and_the_next_one_is_expected(
    target, now, expected
):
    early, late = stream(0, paired=STEADY), stream(target)
    assert fate(early, late, 300 * MS, now * MS) == expected


def test_the_decision_changes_nothing():
    early, late = stream(0, paired=STEADY), stream(50.5)
    before = early.statistics(0), late.statistics(0), list(early.lap.queue), list(late.lap.queue)
    for now in (0, 1000):
        fate(early, late, 60 * MS, now * MS)
        fate_with_reuse(late, early, 60 * MS, now * MS)
    assert before == (
        *(each.statistics(0) for each in (early, late)),
        *(list(each.lap.queue) for each in (early, late)),
    )


REUSE = {
    "equal stamps": (stream(0), stream(0), PAIR),
    "at hand": (stream(40), stream(0), PAIR),
    "the next thermal one is nearer": (stream(40), stream(0, 50), OVERTAKEN),
    "the next thermal one is farther": (stream(40), stream(0, 90), PAIR),
    "too far, a nearer thermal one may come": (stream(60), stream(0), WAIT),
    "too far, none nearer can come": (stream(60), stream(0, 120), NO_PARTNER),
    "too early for all thermal ones": (stream(0), stream(60), NO_PARTNER),
    "a nearer thermal one is due, and no other RGB one is nearer to that": (
        stream(45, paired=range(-955, 45, 120)),
        stream(0, paired=range(-800, 0, 80)),
        due(80),
    ),
    "another RGB one will be nearer to the next thermal one": (
        stream(45, paired=range(-255, 45, 30)),
        stream(0, paired=range(-800, 0, 80)),
        PAIR,
    ),
}


@pytest.mark.parametrize("case", REUSE)
def test_fate_where_thermal_messages_are_reused(case):
    rgb, thermal, expected = REUSE[case]
    assert fate_with_reuse(rgb, thermal, 50 * MS, 0) == expected
