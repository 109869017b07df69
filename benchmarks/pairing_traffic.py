"""Two cameras that are not ideal, as a list of arrivals, and how to replay it.

Tests and benchmarks feed the synchroniser (or another one) with it; nothing here is random beyond
its seed.
"""

import random
from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

from amdanet_ros.pairing import Pair, PairSynchronizer, SyncOptions

EPOCH_NS = 1_700_000_000_000_000_000
"""First stamp."""


class Arrival(NamedTuple):
    """A message as it comes in: ``lap`` and ``index`` tell it from all others of its stream."""

    arrival_ns: int
    stream: str
    stamp_ns: int
    lap: int
    index: int


class Replayed(NamedTuple):
    """A pair of arrivals, when it was given out, and how long after its second image came."""

    rgb: Arrival
    thermal: Arrival
    offset_ns: int
    emitted_ns: int
    wait_ns: int


@dataclass(frozen=True)
class Camera:
    """One camera; rates in Hz, times in seconds, shares in [0, 1].

    Stamps have normal jitter ``stamp_jitter``; arrival is ``delay`` later plus a uniform part up
    to ``transport_jitter``. A share ``loss`` of the messages never comes, a share ``reordered``
    comes one and a half periods later than it should, after its successor. ``tail`` is how much
    earlier than the bag the stream ends, ``clock`` is added to its stamps, and from
    ``stall_from`` for ``stall`` seconds it sends nothing.
    """

    rate: float
    phase: float = 0.0
    stamp_jitter: float = 0.001
    transport_jitter: float = 0.004
    delay: float = 0.0
    loss: float = 0.0
    reordered: float = 0.0
    tail: float = 0.0
    clock: float = 0.0
    stall_from: float = 0.0
    stall: float = 0.0


def traffic(
    rgb: Camera, thermal: Camera, duration: float, *, laps: int = 1, seed: int = 0
) -> list[Arrival]:
    """Give the arrivals of a bag of ``duration`` seconds, played ``laps`` times in a row."""
    generator = random.Random(seed)
    arrivals: list[Arrival] = []
    for name, camera in (("rgb", rgb), ("thermal", thermal)):
        stamps = _stamps(camera, duration, generator)
        before = 0
        for lap in range(laps):
            for index, stamp in enumerate(stamps):
                sent = EPOCH_NS + stamp + round(1e9 * lap * duration)
                delay = camera.delay + generator.uniform(0.0, camera.transport_jitter)
                arrival = max(before, sent + round(1e9 * delay))
                if generator.random() < camera.reordered:
                    arrival += round(1.5e9 / camera.rate)
                else:
                    before = arrival
                shown = EPOCH_NS + stamp + round(1e9 * camera.clock)
                arrivals.append(Arrival(arrival, name, shown, lap, index))
    arrivals.sort()
    return arrivals


def new_synchronizer(
    slop: float, queue_size: int = 10, *, keep_unmatched: bool = False, **options
) -> PairSynchronizer:
    """Make a synchroniser that waits up to 0.2 s unless ``options`` say otherwise."""
    options = SyncOptions(slop, queue_size, **{"max_wait": 0.2, **options})
    return PairSynchronizer(options, keep_unmatched)


def replay(synchronizer: PairSynchronizer, arrivals: Iterable[Arrival]) -> list[Replayed]:
    """Feed all arrivals, poll at each deadline in between, and note when each pair came out."""
    replayed: list[Replayed] = []
    add = {"rgb": synchronizer.add_rgb, "thermal": synchronizer.add_thermal}
    for arrival in arrivals:
        _poll_until(synchronizer, arrival.arrival_ns, replayed)
        pairs = add[arrival.stream](arrival.stamp_ns, arrival, arrival.arrival_ns)
        _note(pairs, arrival.arrival_ns, replayed)
    _poll_until(synchronizer, None, replayed)
    return replayed


def _poll_until(
    synchronizer: PairSynchronizer, end_ns: int | None, replayed: list[Replayed]
) -> None:
    while (deadline := synchronizer.deadline_ns) is not None:
        if end_ns is not None and deadline >= end_ns:
            return
        _note(synchronizer.poll(deadline), deadline, replayed)


def _note(pairs: list[Pair], now: int, replayed: list[Replayed]) -> None:
    for pair in pairs:
        complete = max(pair.rgb.arrival_ns, pair.thermal.arrival_ns)
        replayed.append(Replayed(pair.rgb, pair.thermal, pair.offset_ns, now, now - complete))


def _stamps(camera: Camera, duration: float, generator: random.Random) -> list[int]:
    """Nanoseconds from the start of the bag, rising."""
    stamps: list[int] = []
    for k in range(int((duration - camera.tail) * camera.rate)):
        at = k / camera.rate + camera.phase
        stamp = round(1e9 * (at + generator.gauss(0.0, camera.stamp_jitter)))
        stalled = camera.stall_from <= at < camera.stall_from + camera.stall
        if generator.random() >= camera.loss and not stalled and (not stamps or stamp > stamps[-1]):
            stamps.append(stamp)
    return stamps


def named_scenarios() -> dict[str, tuple[Camera, Camera, float]]:
    """Give the cases of two real cameras: RGB, thermal, slop in seconds."""
    plain = Camera(30)
    lossy = Camera(30, loss=0.05)
    return {
        "A 30/30, phase 5 ms": (plain, Camera(30, 0.005), 0.05),
        "B 30/30, phase 15 ms": (plain, Camera(30, 0.015), 0.05),
        "C thermal 60 ms late": (plain, Camera(30, 0.005, delay=0.06), 0.05),
        "D 5 % lost, slop 50 ms": (lossy, Camera(30, -0.005, loss=0.05), 0.05),
        "D 5 % lost, slop 100 ms": (lossy, Camera(30, -0.005, loss=0.05), 0.1),
        "E 30/9": (plain, Camera(9), 0.05),
        "E 30/8.7, drifting": (plain, Camera(8.7), 0.05),
        "F 30/60": (plain, Camera(60, 0.003), 0.05),
        "G 30/27, 2 % lost": (Camera(30, loss=0.02), Camera(27, loss=0.02), 0.1),
        "H RGB 80 ms late": (Camera(30, delay=0.08), Camera(30, 0.005), 0.05),
    }
