"""Which pairs of recordings are taken: few, and as different as they are to be had."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

_TIME_WEIGHT = 0.5
"""What lies at the two ends of a recording counts as this much different for that alone."""


@dataclass(frozen=True, eq=False)
class Candidate:
    """A pair that can be taken.

    Attributes:
        recording: number of its recording.
        name: of the pair in it.
        recorded_ns: when it was recorded.
        appearance: D float32, see `descriptor.appearance`.
    """

    recording: int
    name: str
    recorded_ns: int
    appearance: np.ndarray


def farthest(candidates: Sequence[Candidate], count: int, change: float) -> list[int]:
    """Return which candidates to take, by farthest-point sampling (Gonzalez, 1985).

    The first is the one nearest to the mean; each further one is farthest, in appearance and in
    time within its recording, from all that are taken. A candidate whose appearance differs by less
    than `change` from one that is taken is left out.

    Args:
        candidates: of all recordings.
        count: at most so many.
        change: least difference in appearance.

    Returns:
        Ascending indices.
    """
    if not candidates or count < 1:
        return []
    looks = np.stack([each.appearance for each in candidates])
    place = np.concatenate([looks, _TIME_WEIGHT * _times(candidates)[:, None]], axis=1)
    taken = [int(np.linalg.norm(place - place.mean(axis=0), axis=1).argmin())]
    nearest = np.linalg.norm(place - place[taken[0]], axis=1)
    alike = np.linalg.norm(looks - looks[taken[0]], axis=1)
    while len(taken) < count:
        open_ones = alike >= change
        open_ones[taken] = False
        if not open_ones.any():
            break
        best = int(np.where(open_ones, nearest, -1.0).argmax())
        taken.append(best)
        nearest = np.minimum(nearest, np.linalg.norm(place - place[best], axis=1))
        alike = np.minimum(alike, np.linalg.norm(looks - looks[best], axis=1))
    return sorted(taken)


def _times(candidates: Sequence[Candidate]) -> np.ndarray:
    """Return the time of each within its recording, 0 to 1."""
    times = np.zeros(len(candidates))
    recordings = np.array([each.recording for each in candidates])
    stamps = np.array([each.recorded_ns for each in candidates], np.int64)
    for recording in np.unique(recordings):
        own = recordings == recording
        since = (stamps[own] - stamps[own].min()).astype(np.float64)
        times[own] = since / max(since.max(), 1.0)
    return times


def held_out(count: int, share: float) -> set[int]:
    """Return which of pairs in the order of time are held out: up to four spans spread over it.

    Neighbours in time are alike: single pairs among the others would be known from these.

    Args:
        count: of pairs, at least 2.
        share: to hold out, 0 to 1; at least one pair, and at least one is left.
    """
    wanted = min(count - 1, max(1, round(share * count)))
    if wanted > count / 2:
        return set(range(count)) - held_out(count, (count - wanted) / count)
    spans = min(4, wanted)
    held: set[int] = set()
    for number in range(spans):
        length = wanted // spans + (number < wanted % spans)
        first, end = number * count // spans, (number + 1) * count // spans
        start = first + (end - first - length + 1) // 2
        held.update(range(start, start + length))
    return held
