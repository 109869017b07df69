"""Bags that loop, drivers that restart, clocks that are set: stamps that jump."""

import pytest

from benchmarks.pairing_traffic import EPOCH_NS, Arrival, Camera, new_synchronizer, replay, traffic

S = 1_000_000_000


def pairs_of_each_lap(pairs, laps):
    return [sum(pair.rgb.lap == lap for pair in pairs) for lap in range(laps)]


def regular(stream, start, count, rate=30, lap=0, arrival=None):
    """A stream without jitter; arrives when its stamps say, or from ``arrival`` on."""
    steps = [round(k * S / rate) for k in range(count)]
    first = start if arrival is None else arrival
    return [Arrival(first + d, stream, start + d, lap, k) for k, d in enumerate(steps)]


def together(*streams):
    return sorted(arrival for stream in streams for arrival in stream)


@pytest.mark.parametrize("thermal_rate", [9, 30, 60])
@pytest.mark.parametrize("queue_size", [2, 3, 5, 10, 30])
@pytest.mark.parametrize(
    ("rgb_tail", "thermal_tail"), [(0, 0), (0, 0.2), (0.2, 0), (0, 0.5), (1.0, 0), (0, 3.0), (4, 0)]
)
def test_each_lap_yields_as_many_pairs_as_the_first(
    queue_size, rgb_tail, thermal_tail, thermal_rate
):
    rgb = Camera(30, tail=rgb_tail)
    thermal = Camera(thermal_rate, 0.004, tail=thermal_tail)
    pairs = replay(
        new_synchronizer(0.05, queue_size), traffic(rgb, thermal, 10.0, laps=4, seed=queue_size)
    )
    assert all(pair.rgb.lap == pair.thermal.lap for pair in pairs)
    first, *later = pairs_of_each_lap(pairs, 4)
    assert first >= 0.97 * min(30, thermal_rate) * (10 - max(rgb_tail, thermal_tail))
    assert all(abs(count - first) <= 2 for count in later)


@pytest.mark.parametrize("late", ["rgb", "thermal"])
@pytest.mark.parametrize("delay", [0.06, 0.3, 0.5])
def test_either_stream_may_jump_first(late, delay):
    rgb = Camera(30, delay=delay if late == "rgb" else 0)
    thermal = Camera(30, 0.005, delay=delay if late == "thermal" else 0)
    pairs = replay(new_synchronizer(0.05, 30), traffic(rgb, thermal, 6.0, laps=3))
    assert all(pair.rgb.lap == pair.thermal.lap for pair in pairs)
    first, *later = pairs_of_each_lap(pairs, 3)
    assert first >= 178
    assert all(abs(count - first) <= 2 for count in later)


@pytest.mark.parametrize("duration", [1.0, 1.5, 2.0, 3.0])
def test_short_laps_do_not_mix(duration):
    arrivals = traffic(Camera(30), Camera(30, 0.005), duration, laps=6)
    pairs = replay(new_synchronizer(0.05), arrivals)
    assert all(pair.rgb.lap == pair.thermal.lap for pair in pairs)
    first, *later = pairs_of_each_lap(pairs, 6)
    assert all(abs(count - first) <= 2 for count in later)


def test_rgb_stamps_rise_within_each_lap():
    arrivals = traffic(Camera(30, loss=0.1), Camera(27, loss=0.1), 10.0, laps=3)
    pairs = replay(new_synchronizer(0.1), arrivals)
    for before, after in zip(pairs, pairs[1:], strict=False):
        assert before.rgb.lap < after.rgb.lap or before.rgb.stamp_ns < after.rgb.stamp_ns


def test_the_last_message_of_a_lap_does_not_pair_with_the_next_lap():
    """The leftover and the new lap's first message would lie within a large slop."""
    arrivals = together(
        regular("rgb", EPOCH_NS, 60),
        regular("thermal", EPOCH_NS, 58),
        regular("rgb", EPOCH_NS, 60, lap=1, arrival=EPOCH_NS + 2 * S),
        regular("thermal", EPOCH_NS, 58, lap=1, arrival=EPOCH_NS + 2 * S),
    )
    pairs = replay(new_synchronizer(5.0), arrivals)
    assert all(pair.rgb.lap == pair.thermal.lap for pair in pairs)


def test_reset_forgets_what_waits_and_pairs_the_next_messages_at_once():
    synchronizer = new_synchronizer(0.05)
    for k in range(10):
        synchronizer.add_rgb(EPOCH_NS + k * S // 30, k, k * S // 30)
    synchronizer.reset()
    assert synchronizer.deadline_ns is None
    assert synchronizer.statistics.rgb.waiting == 0
    assert synchronizer.statistics.rgb.unmatched["reset"] == 10
    early = EPOCH_NS - 100 * S
    assert synchronizer.add_rgb(early, "rgb", S) == []
    assert [pair[:2] for pair in synchronizer.add_thermal(early, "thermal", S)] == [
        ("rgb", "thermal")
    ]


def laps_counted(arrivals, resets, synchronizer=None):
    """Laps in the statistics after the arrivals, with a reset before the given ones."""
    synchronizer = synchronizer or new_synchronizer(0.05)
    for index, arrival in enumerate(arrivals):
        if index in resets:
            synchronizer.reset()
        add = getattr(synchronizer, f"add_{arrival.stream}")
        add(arrival.stamp_ns, arrival, arrival.arrival_ns)
    return synchronizer.statistics.laps


@pytest.mark.parametrize("step", [-2, -1, 0, 1, 2, 3, 4, 5])
@pytest.mark.parametrize("duration", [2.0, 10.0])
def test_laps_are_counted_where_the_clock_resets_before_or_after_the_stamps_jump(duration, step):
    """As under /clock, which jumps some messages before the images or after them."""
    arrivals = list(traffic(Camera(30), Camera(30, 0.005), duration, laps=4))
    begins = [k for k, a in enumerate(arrivals) if k and a.lap > arrivals[k - 1].lap]
    assert len(begins) == 3
    assert laps_counted(arrivals, {k + step for k in begins}) == 4


@pytest.mark.parametrize("first", ["rgb", "thermal"])
def test_laps_are_counted_where_one_camera_was_silent_at_the_reset(first):
    other = "thermal" if first == "rgb" else "rgb"
    arrivals = together(
        regular(first, EPOCH_NS, 300),
        regular(other, EPOCH_NS, 150),
        regular(first, EPOCH_NS, 300, lap=1, arrival=EPOCH_NS + 10 * S),
        regular(other, EPOCH_NS + 5 * S, 150, lap=1, arrival=EPOCH_NS + 15 * S),
    )
    begin = next(k for k, a in enumerate(arrivals) if a.lap)
    assert laps_counted(arrivals, {begin}) == 2


def test_a_reset_without_a_jump_is_no_lap():
    arrivals = list(traffic(Camera(30), Camera(9, 0.005), 10.0))
    assert laps_counted(arrivals, {50, 51, 52, 150}) == 1


def test_a_jump_of_both_streams_costs_no_pair():
    there = EPOCH_NS - 1000 * S
    arrivals = together(
        regular("rgb", EPOCH_NS, 60),
        regular("thermal", EPOCH_NS + S // 200, 60),
        regular("rgb", there, 60, lap=1, arrival=EPOCH_NS + 2 * S),
        regular("thermal", there + S // 200, 60, lap=1, arrival=EPOCH_NS + 2 * S + S // 200),
    )
    pairs = replay(new_synchronizer(0.05), arrivals)
    assert pairs_of_each_lap(pairs, 2) == [60, 60]
    assert pairs[60].emitted_ns == pairs[60].thermal.arrival_ns


def test_a_camera_that_was_silent_over_the_jump_joins_the_new_lap():
    """Thermal stops at 5 s, RGB loops, thermal comes back where it had stopped: no jump in it."""
    arrivals = together(
        regular("rgb", EPOCH_NS, 300),
        regular("thermal", EPOCH_NS, 150),
        regular("rgb", EPOCH_NS, 300, lap=1, arrival=EPOCH_NS + 10 * S),
        regular("thermal", EPOCH_NS + 5 * S, 150, lap=1, arrival=EPOCH_NS + 15 * S),
    )
    assert pairs_of_each_lap(replay(new_synchronizer(0.02), arrivals), 2) == [150, 150]


@pytest.mark.parametrize("stream", ["rgb", "thermal"])
@pytest.mark.parametrize("step", [-100, -5, 5, 100])
def test_a_clock_set_wrong_and_right_again_recovers_within_one_frame(stream, step):
    other = "thermal" if stream == "rgb" else "rgb"
    arrivals = together(
        regular(other, EPOCH_NS, 900),
        regular(stream, EPOCH_NS, 300),
        regular(stream, EPOCH_NS + (10 + step) * S, 300, lap=1, arrival=EPOCH_NS + 10 * S),
        regular(stream, EPOCH_NS + 20 * S, 300, lap=2, arrival=EPOCH_NS + 20 * S),
    )
    pairs = replay(new_synchronizer(0.01), arrivals)
    laps = [getattr(pair, stream).lap for pair in pairs]
    assert [laps.count(0), laps.count(1)] == [300, 0]
    assert laps.count(2) >= 299


def test_a_stall_of_three_seconds_costs_only_its_own_frames():
    arrivals = traffic(Camera(30), Camera(30, 0.005, stall_from=4.0, stall=3.0), 12.0)
    thermal = [a for a in arrivals if a.stream == "thermal"]
    pairs = replay(new_synchronizer(0.05), arrivals)
    assert {pair.thermal.index for pair in pairs} == {a.index for a in thermal}
    assert max(abs(pair.offset_ns) for pair in pairs) < 0.02 * S


@pytest.mark.parametrize("pause", [3, 30, 3600])
def test_both_cameras_gone_for_a_while_pair_again_at_their_first_images(pause):
    back = EPOCH_NS + (2 + pause) * S
    arrivals = together(
        regular("rgb", EPOCH_NS, 60),
        regular("thermal", EPOCH_NS, 60),
        regular("rgb", back, 60, lap=1),
        regular("thermal", back, 60, lap=1),
    )
    assert len(replay(new_synchronizer(0.01), arrivals)) == 120


def test_a_slow_stream_is_no_sequence_of_jumps():
    arrivals = together(
        regular("rgb", EPOCH_NS, 20, rate=0.2), regular("thermal", EPOCH_NS, 20, rate=0.2)
    )
    assert len(replay(new_synchronizer(0.01), arrivals)) == 20


def test_a_stream_that_returns_behind_its_last_pair_uses_no_stamp_twice():
    """A wild jump and back to just before the last pair: the same stamp again is a duplicate."""
    synchronizer = new_synchronizer(0.0)
    stamp = EPOCH_NS + 7_000_000
    synchronizer.add_thermal(stamp, "thermal", 0)
    assert len(synchronizer.add_rgb(stamp, "rgb", 0)) == 1
    for again in (EPOCH_NS + 10_000 * S, EPOCH_NS, stamp):
        synchronizer.add_rgb(again, "again", 0)
    rgb = synchronizer.statistics.rgb
    assert rgb.received == 4
    assert (rgb.unmatched["jump"], rgb.unmatched["late"], rgb.unmatched["duplicate"]) == (1, 1, 1)
