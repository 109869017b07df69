"""The synchronisers that the pairing benchmark compares, each as a function of arrivals."""

from __future__ import annotations

import time
from collections.abc import Callable
from types import SimpleNamespace

from benchmarks.pairing_traffic import Arrival, Replayed, new_synchronizer, replay


def ours(arrivals: list[Arrival], slop: float, queue_size: int) -> list[Replayed]:
    """Replay through ``PairSynchronizer``, polled at its deadlines."""
    return replay(new_synchronizer(slop, queue_size), arrivals)


def ours_seconds(arrivals: list[Arrival], slop: float, queue_size: int) -> float:
    """CPU time of feeding all arrivals to ``PairSynchronizer``."""
    synchronizer = new_synchronizer(slop, queue_size)
    add = {"rgb": synchronizer.add_rgb, "thermal": synchronizer.add_thermal}
    calls = [(add[a.stream], a.stamp_ns, a.arrival_ns) for a in arrivals]
    start = time.process_time()
    for call, stamp, now in calls:
        call(stamp, None, now)
    return time.process_time() - start


class MessageFilters:
    """The ``ApproximateTimeSynchronizer`` of message_filters' Python part, where installed.

    Messages carry ``rclpy.time.Time`` made beforehand, which spares it the conversion that stamps
    of real messages need.

    Raises:
        ImportError: rclpy or message_filters is not on the path.
    """

    def __init__(self) -> None:
        import message_filters
        import rclpy.time

        self._filters = message_filters
        self._time = rclpy.time.Time

    def pairs(self, arrivals: list[Arrival], slop: float, queue_size: int) -> list[Replayed]:
        """Replay; it gives out each pair at the arrival that makes it possible."""
        found: list[Replayed] = []

        def note(rgb: SimpleNamespace, thermal: SimpleNamespace) -> None:
            one, two = rgb.arrival, thermal.arrival
            now = max(one.arrival_ns, two.arrival_ns)
            found.append(Replayed(one, two, two.stamp_ns - one.stamp_ns, now, 0))

        for call, message in self._calls(arrivals, slop, queue_size, note):
            call(message)
        return found

    def seconds(self, arrivals: list[Arrival], slop: float, queue_size: int) -> float:
        """CPU time of feeding all arrivals."""
        calls = self._calls(arrivals, slop, queue_size, lambda *_: None)
        start = time.process_time()
        for call, message in calls:
            call(message)
        return time.process_time() - start

    def _calls(
        self, arrivals: list[Arrival], slop: float, queue_size: int, callback: Callable
    ) -> list[tuple[Callable, SimpleNamespace]]:
        sources = {name: self._filters.SimpleFilter() for name in ("rgb", "thermal")}
        synchronizer = self._filters.ApproximateTimeSynchronizer(
            list(sources.values()), queue_size, slop
        )
        synchronizer.registerCallback(callback)
        return [(sources[a.stream].signalMessage, self._message(a)) for a in arrivals]

    def _message(self, arrival: Arrival) -> SimpleNamespace:
        stamp = self._time(nanoseconds=arrival.stamp_ns)
        return SimpleNamespace(header=SimpleNamespace(stamp=stamp), arrival=arrival)
