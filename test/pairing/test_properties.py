"""What holds for whatever two streams may bring."""

from collections import Counter

from hypothesis import given, settings
from hypothesis import strategies as st

from amdanet_ros.pairing.stream import LATE_LIMIT_NS
from benchmarks.pairing_traffic import EPOCH_NS, new_synchronizer

MS = 1_000_000

ordinary_stamps = st.integers(0, 400).map(lambda n: EPOCH_NS + n * 7 * MS)
wild_stamps = st.sampled_from([0, 1, EPOCH_NS - 10**13, EPOCH_NS + 10**13, 2**62])
messages = st.lists(
    st.tuples(
        st.booleans(), st.one_of(ordinary_stamps, ordinary_stamps, wild_stamps), st.integers(0, 60)
    ),
    max_size=120,
)
settings_of_synchronizer = st.fixed_dictionaries(
    {
        "slop": st.sampled_from([0.0, 0.007, 0.05, 0.3, 3.0]),
        "queue_size": st.integers(1, 12),
        "thermal_offset": st.sampled_from([0.0, 0.014, -0.2]),
        "reuse_thermal": st.booleans(),
        "max_wait": st.sampled_from([0.0, 0.05]),
        "keep_unmatched": st.booleans(),
    }
)


class Pairs(list):
    """Pairs, and the count of laps when each came out."""

    def __init__(self):
        super().__init__()
        self.laps = []


def feed(synchronizer, sequence):
    """Feed messages; items are their numbers. Gives pairs and what was left alone."""
    now, pairs, alone = 10**12, Pairs(), []
    for number, (is_rgb, stamp, pause) in enumerate(sequence):
        now += pause * MS
        add = synchronizer.add_rgb if is_rgb else synchronizer.add_thermal
        pairs += add(stamp, number, now)
        alone += synchronizer.take_unmatched()
        for stream in (synchronizer.statistics.rgb, synchronizer.statistics.thermal):
            assert stream.waiting <= synchronizer.options.queue_size + 1
        pairs.laps += [synchronizer.statistics.laps] * (len(pairs) - len(pairs.laps))
        deadline = synchronizer.deadline_ns
        if deadline is not None and deadline <= now + 30 * MS:
            now = max(now, deadline)
            pairs += synchronizer.poll(now)
            alone += synchronizer.take_unmatched()
            pairs.laps += [synchronizer.statistics.laps] * (len(pairs) - len(pairs.laps))
    return pairs, alone


@settings(max_examples=150, deadline=None)
@given(messages, settings_of_synchronizer)
def test_every_message_is_used_at_most_once(sequence, arguments):
    pairs, alone = feed(new_synchronizer(**arguments), sequence)
    used_rgb = Counter(pair.rgb for pair in pairs)
    used_thermal = Counter(pair.thermal for pair in pairs)
    assert all(count == 1 for count in used_rgb.values())
    if not arguments["reuse_thermal"]:
        assert all(count == 1 for count in used_thermal.values())
    left = Counter(message.item for message in alone)
    assert all(count == 1 for count in left.values())
    assert not left.keys() & (used_rgb.keys() | used_thermal.keys())


@settings(max_examples=150, deadline=None)
@given(messages, settings_of_synchronizer)
def test_pairs_are_of_one_rgb_and_one_thermal_message_within_the_slop(sequence, arguments):
    pairs, _ = feed(new_synchronizer(**arguments), sequence)
    offset = round(1e9 * arguments["thermal_offset"])
    for pair in pairs:
        assert sequence[pair.rgb][:2] == (True, pair.rgb_stamp_ns)
        assert sequence[pair.thermal][:2] == (False, pair.thermal_stamp_ns)
        assert pair.offset_ns == pair.thermal_stamp_ns + offset - pair.rgb_stamp_ns
        assert abs(pair.offset_ns) <= round(1e9 * arguments["slop"])


@settings(max_examples=150, deadline=None)
@given(messages, settings_of_synchronizer)
def test_output_rises_but_for_jumps(sequence, arguments):
    pairs, _ = feed(new_synchronizer(**arguments), sequence)
    assert len(pairs.laps) == len(pairs)
    for k in range(1, len(pairs)):
        step = pairs[k].rgb_stamp_ns - pairs[k - 1].rgb_stamp_ns
        assert step > 0 or step < -LATE_LIMIT_NS or pairs.laps[k] > pairs.laps[k - 1]


@settings(max_examples=150, deadline=None)
@given(messages, settings_of_synchronizer)
def test_every_message_is_accounted_for(sequence, arguments):
    synchronizer = new_synchronizer(**arguments)
    pairs, _ = feed(synchronizer, sequence)
    statistics = synchronizer.statistics
    assert statistics.pairs == len(pairs)
    assert statistics.rgb.received == sum(is_rgb for is_rgb, _, _ in sequence)
    assert statistics.thermal.received == sum(not is_rgb for is_rgb, _, _ in sequence)
    assert statistics.rgb.matched == len({pair.rgb for pair in pairs})
    assert statistics.thermal.matched == len({pair.thermal for pair in pairs})
    assert statistics.thermal.reused == len(pairs) - statistics.thermal.matched


@settings(max_examples=100, deadline=None)
@given(messages, settings_of_synchronizer)
def test_whatever_came_before_thirty_hertz_pairs_again(sequence, arguments):
    """Nothing poisons the synchroniser: after at most three seconds every image finds its own."""
    arguments |= {"queue_size": 5, "thermal_offset": 0.0, "slop": 0.01}
    synchronizer = new_synchronizer(**arguments)
    feed(synchronizer, sequence)
    now, start, found = 10**13, EPOCH_NS + 10**12, []
    for k in range(150):
        stamp = start + k * 33 * MS
        found += synchronizer.add_rgb(stamp, k, now + k * 33 * MS)
        found += synchronizer.add_thermal(stamp, k, now + k * 33 * MS)
    late = [pair for pair in found if pair.rgb_stamp_ns >= start + 100 * 33 * MS]
    assert [pair.rgb for pair in late] == list(range(100, 150))
    assert all(pair.rgb == pair.thermal for pair in late)
