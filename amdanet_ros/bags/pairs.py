"""Pairs of a bag: the synchroniser of the node, fed from a file."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

from ..pairing import PairSynchronizer, Reason


class Arrival(NamedTuple):
    """An image of a bag.

    Attributes:
        stream: "rgb" or "thermal".
        stamp_ns: when it was taken, nanoseconds.
        time_ns: when it was recorded, nanoseconds.
        item: what stands for it in a pair.
    """

    stream: str
    stamp_ns: int
    time_ns: int
    item: Any


@dataclass(frozen=True)
class RecordedPair:
    """Two images that belong together, or one where the other camera has stopped.

    Attributes:
        rgb: item of the RGB image, or None.
        thermal: item of the thermal image, or None.
        stamp_ns: of the RGB image; the corrected thermal stamp where there is none.
        offset_ns: corrected thermal stamp minus RGB stamp; 0 for one image alone.
    """

    rgb: Any
    thermal: Any
    stamp_ns: int
    offset_ns: int = 0


def pairs_of(arrivals: Iterable[Arrival], synchronizer: PairSynchronizer) -> Iterator[RecordedPair]:
    """Yield the pairs that the node makes of the same messages with the same options.

    The time at which a message was recorded stands for its arrival at the node: a wait ends by
    that clock, not by the wall clock. So the pairs do not depend on how fast the file is read. The
    node may differ where its machine is late, or where the bag is not played at its own
    speed: a camera's silence and ``max_wait`` last real time there.

    Args:
        arrivals: in the order of ``time_ns``.
        synchronizer: a new one; where it keeps unmatched images, those of one camera come alone
            while the other has stopped.
    """
    add = {"rgb": synchronizer.add_rgb, "thermal": synchronizer.add_thermal}
    for arrival in arrivals:
        yield from _waits_that_end(synchronizer, arrival.time_ns)
        pairs = add[arrival.stream](arrival.stamp_ns, arrival.item, arrival.time_ns)
        yield from _given_out(synchronizer, pairs)
    yield from _waits_that_end(synchronizer, None)


def _waits_that_end(synchronizer: PairSynchronizer, before: int | None) -> Iterator[RecordedPair]:
    """Yield what is given out because a wait ends, up to a time; None: what still waits, too."""
    while (deadline := synchronizer.deadline_ns) is not None:
        if before is not None and deadline >= before:
            return
        yield from _given_out(synchronizer, synchronizer.poll(deadline))


def _given_out(synchronizer: PairSynchronizer, pairs: Iterable[Any]) -> Iterator[RecordedPair]:
    for pair in pairs:
        yield RecordedPair(pair.rgb, pair.thermal, pair.rgb_stamp_ns, pair.offset_ns)
    for alone in synchronizer.take_unmatched():
        if alone.reason is not Reason.SILENT:
            continue
        if alone.stream == "rgb":
            yield RecordedPair(alone.item, None, alone.stamp_ns)
        else:
            shift = round(1e9 * synchronizer.options.thermal_offset)
            yield RecordedPair(None, alone.item, alone.stamp_ns + shift)
