"""Which of two engines is faster, from times that other load disturbs."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from typing import NamedTuple

GAIN = 1.1
"""Smallest factor by which an engine must be faster to replace the one before it."""

LEAST_ROUNDS = 4


class Sample(NamedTuple):
    """One run's times in seconds.

    Attributes:
        wall: from its begin to its end; load beside it makes it longer.
        busy: of the processors in this process; load beside it hardly changes it.
    """

    wall: float
    busy: float


def is_faster(base: Sequence[Sample], other: Sequence[Sample]) -> bool | None:
    """Return whether the other engine is at least `GAIN` times as fast as the base.

    Both ran by turns: samples of one index are of one round. Load cannot make a run's processor
    time shorter, so the least ones are compared; the medians must not contradict them. The wall
    time has no say: beside other processes it told that half precision runs at seven times the
    speed, or that the faster engine is the slower one.

    Returns:
        None: not sure yet. To be taken as False where no more rounds are possible.

    Raises:
        ValueError: different numbers of rounds.
    """
    rounds = list(zip(base, other, strict=True))
    if len(rounds) < LEAST_ROUNDS:
        return None
    gain = min(b.busy for b, _ in rounds) / max(min(o.busy for _, o in rounds), 1e-9)
    median = statistics.median(b.busy / max(o.busy, 1e-9) for b, o in rounds)
    if gain >= GAIN and median >= 1.0:
        return True
    if gain < 1.0 and median < 1.0:
        return False
    return None
