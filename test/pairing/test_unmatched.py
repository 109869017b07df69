"""Messages that stay alone, for a node that goes on with one camera."""

import pytest

from benchmarks.pairing_traffic import EPOCH_NS, new_synchronizer

MS = 1_000_000
PERIOD = 33 * MS


def feed(synchronizer, numbers, *, rgb=True, thermal=True, reason="silent"):
    """Feed equal stamps; give (number, what came out paired or alone) in the order of output."""
    output = []
    for k in numbers:
        now = k * PERIOD
        pairs = []
        if thermal:
            pairs += synchronizer.add_thermal(EPOCH_NS + now, k, now)
        if rgb:
            pairs += synchronizer.add_rgb(EPOCH_NS + now, k, now)
        output += [(pair.rgb, "pair") for pair in pairs]
        alone = synchronizer.take_unmatched()
        output += [(left.item, left.stream) for left in alone if left.reason == reason]
    return output


@pytest.mark.parametrize("stopped", ["rgb", "thermal"])
def test_the_healthy_stream_goes_on_alone_and_pairs_come_back(stopped):
    healthy = "thermal" if stopped == "rgb" else "rgb"
    synchronizer = new_synchronizer(0.01, max_wait=0.2, keep_unmatched=True, queue_size=20)
    output = feed(synchronizer, range(10))
    output += feed(synchronizer, range(10, 40), **{stopped: False})
    output += feed(synchronizer, range(40, 50))
    # Where thermal comes first, one more of its images goes out before RGB is known to be back.
    assert [number for number, _ in output] == list(range(50))
    kinds = [kind for _, kind in output]
    assert kinds[:10] == ["pair"] * 10
    assert kinds[10:40] == [healthy] * 30
    assert kinds[41:] == ["pair"] * 9


def test_while_the_other_is_silent_images_come_out_at_once():
    synchronizer = new_synchronizer(0.01, max_wait=0.2, keep_unmatched=True)
    feed(synchronizer, range(5))
    feed(synchronizer, range(5, 15), thermal=False)
    synchronizer.add_rgb(EPOCH_NS + 15 * PERIOD, 15, 15 * PERIOD)
    (alone,) = synchronizer.take_unmatched()
    assert (alone.item, alone.reason, alone.stamp_ns) == (15, "silent", EPOCH_NS + 15 * PERIOD)


def test_the_deadline_tells_when_the_other_counts_as_silent():
    synchronizer = new_synchronizer(0.01, max_wait=0.2, keep_unmatched=True)
    feed(synchronizer, range(5))
    feed(synchronizer, [5], thermal=False)
    assert synchronizer.deadline_ns == 4 * PERIOD + 200 * MS
    synchronizer.poll(synchronizer.deadline_ns - 1)
    assert synchronizer.take_unmatched() == []
    synchronizer.poll(synchronizer.deadline_ns)
    assert [alone.item for alone in synchronizer.take_unmatched()] == [5]
    assert synchronizer.deadline_ns is None


def test_a_stream_that_never_came_counts_as_silent_after_max_wait():
    synchronizer = new_synchronizer(0.01, max_wait=0.2, keep_unmatched=True)
    output = feed(synchronizer, range(10), thermal=False)
    assert [number for number, _ in output] == list(range(10))


def test_a_wait_ends_when_what_waits_is_handed_out_alone():
    """Else the next message of a full queue would end a wait in which nobody is left."""
    synchronizer = new_synchronizer(3.0, queue_size=1, max_wait=0.05, keep_unmatched=True)
    for stamp, now in ((0, 0), (65, 69)):
        synchronizer.add_rgb(EPOCH_NS + stamp * MS, stamp, now * MS)
    synchronizer.add_thermal(EPOCH_NS + 413 * MS, 413, 86 * MS)
    for stamp, now in ((198, 226), (267, 264)):
        # It could wait for a nearer one, but thermal counts as silent by now.
        assert synchronizer.add_rgb(EPOCH_NS + stamp * MS, stamp, now * MS) == []
    assert synchronizer.add_thermal(EPOCH_NS + 614 * MS, 614, 286 * MS) == []
    alone = [(left.item, left.reason) for left in synchronizer.take_unmatched()]
    assert alone[-2:] == [(267, "silent"), (413, "overflow")]


def test_a_slow_stream_is_not_silent_between_its_images():
    synchronizer = new_synchronizer(0.01, max_wait=0.0, keep_unmatched=True)
    for k in range(10):
        synchronizer.add_rgb(EPOCH_NS + k * 500 * MS, k, k * 500 * MS)
        synchronizer.add_thermal(EPOCH_NS + k * 500 * MS, k, k * 500 * MS)
    synchronizer.take_unmatched()
    synchronizer.add_rgb(EPOCH_NS + 5000 * MS, "waits", 5000 * MS)
    assert synchronizer.take_unmatched() == []


def test_surplus_images_are_handed_out_with_their_reason():
    synchronizer = new_synchronizer(0.01, keep_unmatched=True)
    feed(synchronizer, [0])
    feed(synchronizer, [1], thermal=False)
    output = feed(synchronizer, [2], reason="no_partner")
    assert output == [(2, "pair"), (1, "rgb")]


def test_nothing_is_collected_unless_asked_for():
    synchronizer = new_synchronizer(0.01)
    feed(synchronizer, range(50), thermal=False)
    assert synchronizer.take_unmatched() == []
    assert synchronizer.deadline_ns is None


def test_what_nobody_takes_stays_bounded():
    synchronizer = new_synchronizer(0.01, queue_size=4, keep_unmatched=True)
    for k in range(100):
        synchronizer.add_rgb(EPOCH_NS + k * PERIOD, k, k * PERIOD)
    assert [alone.item for alone in synchronizer.take_unmatched()] == list(range(92, 100))
