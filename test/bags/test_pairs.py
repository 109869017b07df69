"""Pairs of a file are those of the node: the same messages, the same options, the same pairs."""

import pytest

from amdanet_ros.bags.pairs import Arrival, pairs_of
from amdanet_ros.pairing import PairSynchronizer, SyncOptions
from benchmarks.pairing_traffic import named_scenarios, replay, traffic

MS = 1_000_000
START = 1_700_000_000_000_000_000


def recorded(arrivals):
    """Arrivals as a recorder has them that hears each message as it comes."""
    return [Arrival(each.stream, each.stamp_ns, START + each.arrival_ns, each) for each in arrivals]


def alternating(*images):
    """Arrivals at their stamps: (stream, milliseconds)."""
    return [
        Arrival(stream, START + ms * MS, START + ms * MS, (stream, ms)) for stream, ms in images
    ]


@pytest.mark.parametrize("scenario", named_scenarios())
@pytest.mark.parametrize("options", [{}, {"reuse_thermal": True}, {"queue_size": 2}])
def test_the_pairs_are_those_of_messages_that_arrive_as_they_were_recorded(scenario, options):
    rgb, thermal, slop = named_scenarios()[scenario]
    arrivals = traffic(rgb, thermal, 6.0, seed=4)
    sync = SyncOptions(slop=slop, **options)
    expected = replay(PairSynchronizer(sync), arrivals)
    found = list(pairs_of(recorded(arrivals), PairSynchronizer(sync)))
    assert [(pair.rgb, pair.thermal, pair.offset_ns) for pair in found] == [
        (pair.rgb, pair.thermal, pair.offset_ns) for pair in expected
    ]
    assert len(found) > 20


def test_a_queue_holds_no_more_than_its_size():
    """RGB comes after all thermal images: only so many of those still wait."""
    images = [("thermal", 100 * k) for k in range(8)]
    late = [Arrival("rgb", START + 100 * k * MS, START + 900 * MS, k) for k in range(8)]
    found = list(pairs_of(alternating(*images) + late, PairSynchronizer(SyncOptions(queue_size=3))))
    assert [pair.rgb for pair in found] == [5, 6, 7]


def test_one_camera_goes_on_alone_only_where_that_is_asked_for():
    both = [(stream, 100 * k) for k in range(5) for stream in ("rgb", "thermal")]
    alone = [("rgb", 100 * k) for k in range(5, 15)]
    sync = SyncOptions(max_wait=0.2)
    arrivals = alternating(*both, *alone)
    assert len(list(pairs_of(arrivals, PairSynchronizer(sync)))) == 5
    found = list(pairs_of(arrivals, PairSynchronizer(sync, keep_unmatched=True)))
    assert [pair.rgb for pair in found] == [("rgb", 100 * k) for k in range(15)]
    assert [pair.thermal is None for pair in found] == [False] * 5 + [True] * 10


def test_thermal_images_alone_have_their_corrected_stamp():
    images = [("thermal", 100 * k) for k in range(8)]
    sync = SyncOptions(thermal_offset=-0.03, max_wait=0.1)
    found = list(pairs_of(alternating(*images), PairSynchronizer(sync, keep_unmatched=True)))
    assert [pair.stamp_ns for pair in found] == [START + (100 * k - 30) * MS for k in range(8)]
    assert {(pair.rgb, pair.offset_ns) for pair in found} == {(None, 0)}
