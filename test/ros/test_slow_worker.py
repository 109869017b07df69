"""A network that takes as long as it likes: transitions and leaving do not wait for it."""

import threading
import time

import pytest

pytest.importorskip("rclpy")

from rclpy.lifecycle import TransitionCallbackReturn

from amdanet_ros.ros import amdanet_node

MASK = "segmentation/mask"
SUCCESS = TransitionCallbackReturn.SUCCESS


@pytest.fixture
def busy(bench, make_node, held, monkeypatch):
    """An active node whose network computes a pair until the gate lets it through."""
    monkeypatch.setattr(amdanet_node, "DEACTIVATE_S", 0.1)
    monkeypatch.setattr(amdanet_node, "LEAVE_S", 0.1)
    started, gate = held
    node = bench.run(make_node())
    bench.cameras_on()
    bench.listen(MASK)
    bench.pair(1.0)
    bench.until(lambda: started.acquire(blocking=False))
    yield node
    gate.release(10)


@pytest.mark.alone
def test_deactivate_drops_the_pair_at_work_and_activate_goes_on_after_it(
    busy, bench, helpers, held
):
    started, gate = held
    begin = time.monotonic()
    assert busy.trigger_deactivate() == SUCCESS
    assert time.monotonic() - begin < 1.0
    counts = helpers.counts(busy)
    assert (counts.offered, counts.published, counts.dropped["reset"]) == (1, 0, 1)
    assert busy.trigger_activate() == SUCCESS  # the network still computes
    assert busy.trigger_deactivate() == SUCCESS
    assert busy.trigger_activate() == SUCCESS
    bench.until(lambda: all(map(bench.are_matched, bench.cameras.values())))
    bench.pair(2.0)
    bench.until(lambda: helpers.counts(busy).offered == 2)
    assert not started.acquire(timeout=0.05)  # one call at a time
    gate.release(2)
    bench.until(lambda: bench.heard[MASK])
    assert [helpers.stamp_of(each) for each in bench.heard[MASK]] == [2.0]
    counts = helpers.counts(busy)
    assert (counts.offered, counts.published, counts.dropped["reset"]) == (2, 1, 1)
    assert counts.dropped["failed"] == 0


@pytest.mark.alone
def test_cleanup_and_a_new_network_do_not_wait_either(busy, bench, helpers, held):
    started, gate = held
    begin = time.monotonic()
    for transition in (busy.trigger_deactivate, busy.trigger_cleanup):
        assert transition() == SUCCESS
    assert time.monotonic() - begin < 1.0
    assert busy.trigger_configure() == SUCCESS
    assert busy.trigger_activate() == SUCCESS
    bench.listen(MASK)
    bench.until(lambda: all(map(bench.are_matched, bench.cameras.values())))
    gate.release(2)
    bench.pair(3.0)
    bench.until(lambda: bench.heard[MASK])
    assert [helpers.stamp_of(each) for each in bench.heard[MASK]] == [3.0]
    bench.until(lambda: [t.name for t in threading.enumerate()].count("inference") == 1)


@pytest.mark.alone
@pytest.mark.parametrize("leave", ["trigger_shutdown", "destroy_node"])
def test_leaving_takes_no_longer_than_it_may(busy, bench, held, leave):
    (thread,) = (each for each in threading.enumerate() if each.name == "inference")
    begin = time.monotonic()
    getattr(busy, leave)()
    assert time.monotonic() - begin < 1.0
    assert thread.is_alive()
    assert thread.daemon
    held[1].release(10)
    thread.join(timeout=20.0)
    assert not thread.is_alive()
    assert bench.heard[MASK] == []
