"""Latencies of pairs that come at a rate and wait in a queue, from measured computing times."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from math import inf


def waiting_latencies(
    arrivals: Sequence[float], services: Sequence[float], depth: int, until: float = inf
) -> list[float]:
    """Return the latency, waiting and computing, of each pair that is computed.

    A full queue drops its oldest pair, as DDS does with "keep last" and the node with its newest
    pair (a depth of 1); the oldest in the queue is computed next.

    Args:
        arrivals: seconds, ascending.
        services: seconds that the computations take, used in turn.
        depth: pairs that can wait, at least 1; the one at work does not count.
        until: seconds; what begins later is left out, such as the last queue of a camera that
            stops.

    Raises:
        ValueError: no service, or a depth below 1.
    """
    if not services or depth < 1:
        raise ValueError("at least one computing time, and a depth of at least 1")
    queue: deque[float] = deque(maxlen=depth)
    coming = deque(arrivals)
    now, latencies = float("-inf"), []
    while (coming or queue) and now < until:
        while coming and (coming[0] <= now or not queue):
            queue.append(coming.popleft())
            now = max(now, queue[0])
        arrived = queue.popleft()
        now += services[len(latencies) % len(services)]
        latencies.append(now - arrived)
    return latencies
