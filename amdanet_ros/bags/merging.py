"""Runs that are each in order, merged; a run begins only when its first item can be next."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterable, Iterator
from typing import Protocol, TypeVar


class _Stamped(Protocol):
    @property
    def stamp_ns(self) -> int: ...


_Message = TypeVar("_Message", bound=_Stamped)


def merged(runs: Iterable[tuple[int, Callable[[], Iterator[_Message]]]]) -> Iterator[_Message]:
    """Yield the messages of all runs in the order of their times; of equal times, the first run's.

    Args:
        runs: for each, a time that none of its messages precedes, and how to begin it. Where a run
            breaks the promise, its messages come late.
    """
    # (time, number, message or None where the run has not begun, iterator or how to get it)
    heap: list[tuple[int, int, _Message | None, Iterator[_Message] | None]] = []
    beginnings = dict(enumerate(runs))
    for number, (start, _) in beginnings.items():
        heap.append((start, number, None, None))
    heapq.heapify(heap)
    while heap:
        _, number, message, iterator = heapq.heappop(heap)
        if iterator is None:
            iterator = beginnings.pop(number)[1]()
        if message is not None:
            yield message
        following = next(iterator, None)
        if following is not None:
            heapq.heappush(heap, (following.stamp_ns, number, following, iterator))
