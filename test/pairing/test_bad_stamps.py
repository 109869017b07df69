"""Stamps that are zero, wild, repeated, late or of another clock."""

import pytest

from benchmarks.pairing_traffic import EPOCH_NS, Camera, new_synchronizer, replay, traffic

S = 1_000_000_000
PERIOD = S // 30


def play(synchronizer, count, *, insert=None, start=EPOCH_NS):
    """Feed ``count`` equal-stamped images of both; ``insert(k)`` gives extra stamps before k."""
    pairs = []
    for k in range(count):
        now = k * PERIOD
        for add, stamp in insert(k) if insert else ():
            pairs += add(stamp, "extra", now)
        pairs += synchronizer.add_rgb(start + now, k, now)
        pairs += synchronizer.add_thermal(start + now, k, now)
    return pairs


def test_zero_stamps_are_counted_and_pair_with_nothing():
    synchronizer = new_synchronizer(0.05)
    pairs = [p for k in range(10) for p in synchronizer.add_rgb(0, k, k)]
    pairs += [p for k in range(10) for p in synchronizer.add_thermal(0, k, k)]
    assert pairs == []
    assert synchronizer.statistics.rgb.unmatched["zero_stamp"] == 10
    assert synchronizer.statistics.thermal.unmatched["zero_stamp"] == 10
    assert synchronizer.statistics.rgb.waiting == 0


@pytest.mark.parametrize("queue_size", [1, 2, 5, 10])
@pytest.mark.parametrize("both", [False, True])
@pytest.mark.parametrize("jump", [10 * S, 3600 * S, 10**9 * S, -3600 * S])
def test_one_wild_stamp_costs_no_other_message(queue_size, both, jump):
    synchronizer = new_synchronizer(0.01, queue_size)

    def insert(k):
        if k in (7, 70):
            yield synchronizer.add_rgb, EPOCH_NS + jump
        if both and k in (31, 93):
            yield synchronizer.add_thermal, EPOCH_NS + 2 * jump

    pairs = play(synchronizer, 100, insert=insert)
    assert [pair.rgb for pair in pairs] == list(range(100))
    assert all(pair.rgb == pair.thermal for pair in pairs)


@pytest.mark.parametrize("queue_size", [2, 5, 6])
def test_future_leftovers_do_not_push_out_good_messages(queue_size):
    synchronizer = new_synchronizer(0.01, queue_size)
    for k in range(5):
        synchronizer.add_rgb(EPOCH_NS + 10_000 * S + k * PERIOD, "future", 0)
    pairs = play(synchronizer, 300)
    assert len(pairs) >= 299


def test_first_message_from_the_future_is_forgotten():
    synchronizer = new_synchronizer(0.01)
    synchronizer.add_thermal(EPOCH_NS + 10_000 * S, "future", 0)
    assert len(play(synchronizer, 100)) >= 99


def test_duplicates_are_counted_and_used_once():
    synchronizer = new_synchronizer(0.01)

    def insert(k):
        if k:
            yield synchronizer.add_rgb, EPOCH_NS + (k - 1) * PERIOD
            yield synchronizer.add_thermal, EPOCH_NS + (k - 1) * PERIOD

    pairs = play(synchronizer, 50, insert=insert)
    assert [pair.rgb for pair in pairs] == list(range(50))
    assert synchronizer.statistics.rgb.unmatched["duplicate"] == 49
    assert synchronizer.statistics.thermal.unmatched["duplicate"] == 49


def test_a_duplicate_that_still_waits_is_counted_too():
    synchronizer = new_synchronizer(0.01)
    for stamp in (EPOCH_NS, EPOCH_NS + PERIOD, EPOCH_NS, EPOCH_NS + PERIOD):
        synchronizer.add_rgb(stamp, None, 0)
    assert synchronizer.statistics.rgb.unmatched["duplicate"] == 2
    assert synchronizer.statistics.rgb.waiting == 2


def test_late_messages_take_their_place_in_the_order():
    synchronizer = new_synchronizer(0.01)
    for k in (0, 2, 1, 3):
        synchronizer.add_rgb(EPOCH_NS + k * PERIOD, k, 0)
    pairs = [
        pair
        for k in range(4)
        for pair in synchronizer.add_thermal(EPOCH_NS + k * PERIOD, k, k * PERIOD)
    ]
    assert [(pair.rgb, pair.thermal) for pair in pairs] == [(k, k) for k in range(4)]


def test_a_message_after_its_successor_was_paired_is_late():
    synchronizer = new_synchronizer(0.01)
    play(synchronizer, 2)
    synchronizer.add_rgb(EPOCH_NS + PERIOD // 2, "late", PERIOD)
    assert synchronizer.statistics.rgb.unmatched["late"] == 1


def test_reordering_transport_costs_few_pairs_and_no_order():
    arrivals = traffic(
        Camera(30, reordered=0.05), Camera(30, 0.005, delay=0.1, reordered=0.05), 60.0
    )
    pairs = replay(new_synchronizer(0.03), arrivals)
    stamps = [pair.rgb.stamp_ns for pair in pairs]
    assert stamps == sorted(stamps)
    # RGB images wait for thermal ones here, so late RGB images cost nothing; a late thermal one
    # finds its partner overtaken.
    assert len(pairs) >= 0.94 * 1800


def test_another_clock_gives_no_pairs_and_stays_bounded():
    arrivals = traffic(Camera(30), Camera(30, clock=12_000), 20.0)
    synchronizer = new_synchronizer(0.05, 10)
    assert replay(synchronizer, arrivals) == []
    statistics = synchronizer.statistics
    assert statistics.rgb.waiting <= 10
    assert statistics.thermal.waiting <= 10
    assert statistics.clock_offset == pytest.approx(-12_000, abs=0.01)


def test_stamps_near_zero_of_simulated_time_pair():
    synchronizer = new_synchronizer(0.01)
    assert len(play(synchronizer, 20, start=1)) == 20
