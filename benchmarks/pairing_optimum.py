"""The best pairing that hindsight allows: the reference that tests and benchmarks measure against.

Not used by the synchroniser, which must decide while messages come in.
"""

from bisect import bisect_left
from collections.abc import Iterator, Sequence

_Chain = tuple[int, int, object]
"""Number of pairs, minus the sum of their distances, (rgb index, thermal index, chain before)."""

_EMPTY: _Chain = (0, 0, None)


def optimal_pairs(
    rgb: Sequence[int], thermal: Sequence[int], slop: int, *, nearest: bool = True, tie: int = 0
) -> list[tuple[int, int]]:
    """Find the best one-to-one matching in order, by dynamic programming.

    Args:
        rgb: rising stamps in nanoseconds.
        thermal: rising stamps in nanoseconds.
        slop: largest distance of a pair, inclusive.
        nearest: allow only pairs of which each is the other's nearest. Otherwise all pairs within
            the slop are allowed: then the number of pairs is the largest possible one.
        tie: neighbours whose distances differ by no more than this, in nanoseconds, count as
            equally near. Stamps jitter: where two neighbours are about equally far, the strictly
            nearer one changes from image to image, and each change costs a pair.

    Returns:
        Indices (rgb, thermal): as many pairs as possible, and among those matchings the one with
        the least sum of distances.
    """
    best: list[_Chain] = []
    """best[j]: best chain that uses no thermal message after j."""
    for i, candidates in enumerate(_candidates(rgb, thermal, slop, tie if nearest else None)):
        if not candidates:
            continue
        last = best[-1] if best else _EMPTY
        best.extend([last] * (candidates[-1] + 1 - len(best)))
        extended = []
        for j in candidates:
            count, value, chain = best[j - 1] if j else _EMPTY
            extended.append((j, (count + 1, value - abs(rgb[i] - thermal[j]), (i, j, chain))))
        for j, new in extended:
            while j < len(best) and best[j][:2] < new[:2]:
                best[j] = new
                j += 1
    pairs = []
    chain = best[-1][2] if best else None
    while chain is not None:
        i, j, chain = chain
        pairs.append((i, j))
    return pairs[::-1]


def _candidates(
    rgb: Sequence[int], thermal: Sequence[int], slop: int, tie: int | None
) -> Iterator[list[int]]:
    """Give for each RGB message the thermal ones that it may be paired with, in order."""
    for stamp in rgb:
        first = bisect_left(thermal, stamp - slop)
        end = bisect_left(thermal, stamp + slop + 1)
        if tie is None or first == end:
            yield list(range(first, end))
            continue
        least = _distance(thermal, stamp)
        yield [
            j
            for j in range(first, end)
            if abs(stamp - thermal[j]) <= min(least, _distance(rgb, thermal[j])) + tie
        ]


def _distance(stamps: Sequence[int], stamp: int) -> int:
    """Distance of ``stamp`` to the nearest of ``stamps``, which are not empty."""
    place = bisect_left(stamps, stamp)
    return min(abs(stamp - s) for s in stamps[max(0, place - 1) : place + 1])
