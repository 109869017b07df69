"""Parameters: what they do, while messages wait too, and which values are refused."""

import math
from dataclasses import replace

import pytest

from benchmarks.pairing_traffic import EPOCH_NS, Camera, new_synchronizer, replay, traffic

MS = 1_000_000


@pytest.mark.parametrize(
    ("arguments", "name"),
    [
        ({"slop": -0.1}, "slop"),
        ({"slop": math.nan}, "slop"),
        ({"slop": math.inf}, "slop"),
        ({"slop": 0.1, "queue_size": 0}, "queue_size"),
        ({"slop": 0.1, "thermal_offset": math.nan}, "thermal_offset"),
        ({"slop": 0.1, "max_wait": -1.0}, "max_wait"),
    ],
)
def test_a_value_out_of_range_is_refused_by_name(arguments, name):
    with pytest.raises(ValueError, match=name):
        new_synchronizer(**arguments)


def test_a_refused_value_changes_nothing():
    synchronizer = new_synchronizer(0.05)
    with pytest.raises(ValueError, match="slop"):
        synchronizer.options = replace(synchronizer.options, slop=-1.0)
    assert synchronizer.options.slop == pytest.approx(0.05)


@pytest.mark.parametrize("seconds", [0.05, 0.512, 0.1, 1.7])
def test_parameters_read_as_they_were_set(seconds):
    synchronizer = new_synchronizer(seconds, thermal_offset=-seconds, max_wait=seconds)
    assert synchronizer.options.slop == seconds
    assert synchronizer.options.thermal_offset == -seconds
    assert synchronizer.options.max_wait == seconds


def test_slop_counts_for_what_waits_already():
    synchronizer = new_synchronizer(0.01)
    synchronizer.add_rgb(EPOCH_NS, "rgb", 0)
    assert synchronizer.add_thermal(EPOCH_NS + 20 * MS, "thermal", 0) == []
    synchronizer.options = replace(synchronizer.options, slop=0.02)
    assert len(synchronizer.poll(1)) == 1


def test_thermal_offset_is_added_to_thermal_stamps():
    thermal = Camera(30, 0.005, clock=-0.512)
    arrivals = traffic(Camera(30), thermal, 10.0)
    assert len(replay(new_synchronizer(0.02), arrivals)) < 15
    pairs = replay(new_synchronizer(0.02, thermal_offset=0.512), arrivals)
    assert len(pairs) == 300
    assert sum(pair.offset_ns for pair in pairs) / 300 == pytest.approx(5 * MS, abs=0.3 * MS)
    assert all(
        pair.offset_ns == pair.thermal.stamp_ns + 512 * MS - pair.rgb.stamp_ns for pair in pairs
    )


def test_thermal_offset_counts_for_what_waits_already():
    synchronizer = new_synchronizer(0.01)
    synchronizer.add_rgb(EPOCH_NS, "rgb", 0)
    assert synchronizer.add_thermal(EPOCH_NS - 500 * MS, "thermal", 0) == []
    synchronizer.options = replace(synchronizer.options, thermal_offset=0.5)
    (pair,) = synchronizer.poll(1)
    assert pair.thermal_stamp_ns == EPOCH_NS - 500 * MS
    assert pair.offset_ns == 0


def test_thermal_offset_changed_while_running_costs_no_message_twice():
    synchronizer = new_synchronizer(0.02, thermal_offset=0.0)
    arrivals = traffic(Camera(30), Camera(30, 0.005), 6.0)
    pairs = replay(synchronizer, arrivals[:180])
    synchronizer.options = replace(synchronizer.options, thermal_offset=-0.005)
    pairs += replay(synchronizer, arrivals[180:])
    assert len(pairs) == 180
    assert len({pair.thermal.index for pair in pairs}) == 180


@pytest.mark.parametrize("phase", [0.0, 0.02])
def test_a_slow_thermal_image_serves_every_rgb_image_within_the_slop(phase):
    arrivals = traffic(Camera(30), Camera(9, phase), 20.0)
    pairs = replay(new_synchronizer(0.12, reuse_thermal=True), arrivals)
    assert len(pairs) >= 596
    indices = [pair.rgb.index for pair in pairs]
    assert indices == sorted(set(indices))
    shown = [pair.thermal.index for pair in pairs]
    assert shown == sorted(shown)
    assert len(set(shown)) == 180
    assert max(pair.wait_ns for pair in pairs) < 20 * MS


def test_reuse_keeps_the_nearest_rgb_image_of_each_thermal_one():
    arrivals = traffic(Camera(30), Camera(9), 20.0)
    once = replay(new_synchronizer(0.12), arrivals)
    reused = replay(new_synchronizer(0.12, reuse_thermal=True), arrivals)
    nearest = {(pair.rgb.index, pair.thermal.index) for pair in once}
    kept = nearest & {(pair.rgb.index, pair.thermal.index) for pair in reused}
    assert len(kept) >= 0.99 * len(nearest)


def test_reuse_ends_at_the_slop():
    synchronizer = new_synchronizer(0.05, reuse_thermal=True)
    synchronizer.add_thermal(EPOCH_NS, "thermal", 0)
    found = [len(synchronizer.add_rgb(EPOCH_NS + k * 25 * MS, k, k * 25 * MS)) for k in range(5)]
    assert found == [1, 1, 1, 0, 0]
    statistics = synchronizer.statistics
    assert (statistics.thermal.matched, statistics.thermal.reused) == (1, 2)


def test_reuse_switched_off_uses_no_image_again():
    synchronizer = new_synchronizer(0.05, reuse_thermal=True)
    synchronizer.add_thermal(EPOCH_NS, "thermal", 0)
    assert len(synchronizer.add_rgb(EPOCH_NS, 0, 0)) == 1
    synchronizer.options = replace(synchronizer.options, reuse_thermal=False)
    assert synchronizer.add_rgb(EPOCH_NS + 20 * MS, 1, 0) == []
    assert synchronizer.statistics.thermal.received == 1


def test_reuse_loops_with_the_bag():
    arrivals = traffic(Camera(30), Camera(9), 6.0, laps=3)
    pairs = replay(new_synchronizer(0.12, reuse_thermal=True), arrivals)
    assert all(pair.rgb.lap == pair.thermal.lap for pair in pairs)
    laps = [sum(pair.rgb.lap == lap for pair in pairs) for lap in range(3)]
    assert laps[0] >= 176
    assert all(abs(count - laps[0]) <= 2 for count in laps[1:])
