"""When a pair comes out: at once where that can be decided, and never later than allowed."""

import pytest

from benchmarks.pairing_traffic import EPOCH_NS, Camera, new_synchronizer, replay, traffic

MS = 1_000_000
S = 1000 * MS


def stamp(ms):
    return EPOCH_NS + round(ms * MS)


def with_rhythm(**arguments):
    """Five thermal images at 10 Hz up to 400 ms have been seen, RGB ones at their side."""
    synchronizer = new_synchronizer(0.08, **arguments)
    for k in range(5):
        synchronizer.add_rgb(stamp(100 * k), k, stamp(100 * k))
        assert len(synchronizer.add_thermal(stamp(100 * k), k, stamp(100 * k))) == 1
    return synchronizer


@pytest.mark.parametrize("slop", [0.0, 0.05])
def test_equal_stamps_pair_at_once(slop):
    synchronizer = new_synchronizer(slop)
    for k in range(50):
        assert synchronizer.add_thermal(stamp(33 * k), k, stamp(33 * k)) == []
        (pair,) = synchronizer.add_rgb(stamp(33 * k), k, stamp(33 * k + 1))
        assert (pair.rgb, pair.thermal, pair.offset_ns) == (k, k, 0)
        assert synchronizer.deadline_ns is None


def test_hardware_triggered_cameras_never_wait():
    camera = Camera(30, stamp_jitter=0.0)
    pairs = replay(new_synchronizer(0.005), traffic(camera, camera, 20.0))
    assert len(pairs) == 600
    assert all(pair.wait_ns == 0 for pair in pairs)


@pytest.mark.parametrize("sign", [1, -1])
def test_an_offset_of_exactly_the_slop_pairs_and_one_nanosecond_more_does_not(sign):
    for excess, expected in ((0, 1), (1, 0)):
        synchronizer = new_synchronizer(0.05)
        pairs = synchronizer.add_rgb(EPOCH_NS, "rgb", 0)
        pairs += synchronizer.add_thermal(EPOCH_NS + sign * (50 * MS + excess), "thermal", 0)
        assert len(pairs) == expected


def late_rgb_after_a_spare_thermal(synchronizer):
    """A thermal image without partner at 500 ms, then RGB at 575 ms: the next one is nearer."""
    synchronizer.add_thermal(stamp(500), "spare", stamp(500))
    assert synchronizer.add_rgb(stamp(575), "rgb", stamp(575)) == []


def test_waits_for_the_nearer_image_that_the_rhythm_promises():
    synchronizer = with_rhythm()
    late_rgb_after_a_spare_thermal(synchronizer)
    assert synchronizer.poll(stamp(599)) == []
    (pair,) = synchronizer.add_thermal(stamp(600), "next", stamp(600))
    assert (pair.rgb, pair.thermal) == ("rgb", "next")
    assert synchronizer.deadline_ns is None


def test_does_not_wait_where_nothing_nearer_is_promised():
    synchronizer = new_synchronizer(0.08)
    for k in range(5):
        synchronizer.add_rgb(stamp(100 * k + 45), k, stamp(100 * k + 45))
        synchronizer.add_thermal(stamp(100 * k), k, stamp(100 * k + 46))
    synchronizer.add_thermal(stamp(500), "thermal", stamp(500))
    (pair,) = synchronizer.add_rgb(stamp(545), "rgb", stamp(545))
    assert (pair.rgb, pair.thermal) == ("rgb", "thermal")


def test_a_promised_image_that_does_not_come_ends_the_wait_when_it_is_overdue():
    synchronizer = with_rhythm()
    late_rgb_after_a_spare_thermal(synchronizer)
    deadline = synchronizer.deadline_ns
    assert stamp(600) < deadline < stamp(620)
    assert synchronizer.poll(deadline - 1) == []
    (pair,) = synchronizer.poll(deadline)
    assert (pair.rgb, pair.thermal) == ("rgb", "spare")
    assert synchronizer.deadline_ns is None


def test_no_wait_is_longer_than_max_wait():
    synchronizer = with_rhythm(max_wait=0.01)
    late_rgb_after_a_spare_thermal(synchronizer)
    assert synchronizer.deadline_ns == stamp(585)
    assert len(synchronizer.poll(stamp(585))) == 1


def test_without_max_wait_the_pair_comes_out_at_once():
    synchronizer = with_rhythm(max_wait=0.0)
    synchronizer.add_thermal(stamp(500), "spare", stamp(500))
    assert len(synchronizer.add_rgb(stamp(575), "rgb", stamp(575))) == 1


def test_a_clock_set_back_does_not_prolong_the_wait():
    synchronizer = with_rhythm(max_wait=0.1)
    late_rgb_after_a_spare_thermal(synchronizer)
    synchronizer.poll(stamp(575) - 1000 * S)
    assert synchronizer.deadline_ns <= stamp(675) - 1000 * S


def test_a_full_queue_ends_the_wait():
    synchronizer = with_rhythm(queue_size=1)
    late_rgb_after_a_spare_thermal(synchronizer)
    (pair,) = synchronizer.add_rgb(stamp(590), "next", stamp(576))
    assert (pair.rgb, pair.thermal) == ("rgb", "spare")


def test_a_pair_that_waits_in_each_lap_of_a_bag_waits_equally_long():
    synchronizer = new_synchronizer(0.08)
    deadlines = []
    for lap in (0, 1):
        began = 700 * lap
        for k in range(5):
            synchronizer.add_rgb(stamp(100 * k), k, stamp(began + 100 * k))
            synchronizer.add_thermal(stamp(100 * k), k, stamp(began + 100 * k))
        synchronizer.add_thermal(stamp(500), "spare", stamp(began + 500))
        assert synchronizer.add_rgb(stamp(575), "rgb", stamp(began + 575)) == []
        deadlines.append(synchronizer.deadline_ns)
        (pair,) = synchronizer.add_thermal(stamp(600), "next", stamp(began + 600))
        assert (pair.rgb, pair.thermal) == ("rgb", "next")
    assert synchronizer.statistics.laps == 2
    assert stamp(600) < deadlines[0] < stamp(620)
    assert stamp(1300) < deadlines[1]


def test_the_queue_keeps_the_newest_messages():
    synchronizer = new_synchronizer(0.01, queue_size=3)
    for k in range(10):
        synchronizer.add_rgb(stamp(100 * k), k, stamp(100 * k))
    assert synchronizer.statistics.rgb.unmatched["overflow"] == 7
    pairs = [p for k in range(10) for p in synchronizer.add_thermal(stamp(100 * k), k, stamp(1000))]
    assert [pair.rgb for pair in pairs] == [7, 8, 9]
