"""Subscriptions that follow what the publishers offer."""

import pytest
from rclpy.qos import ReliabilityPolicy

from amdanet_ros.ros.qos import common_reliability

MASK = "segmentation/mask"
RELIABLE, BEST_EFFORT = ReliabilityPolicy.RELIABLE, ReliabilityPolicy.BEST_EFFORT


def test_the_common_reliability_serves_all_publishers():
    assert common_reliability([]) == BEST_EFFORT
    assert common_reliability([RELIABLE, RELIABLE]) == RELIABLE
    assert common_reliability([RELIABLE, BEST_EFFORT]) == BEST_EFFORT


@pytest.mark.parametrize("reliable", [True, False])
def test_any_publisher_is_heard(bench, make_node, reliable):
    node = bench.run(make_node())
    bench.camera("rgb", reliable)
    bench.camera("thermal", not reliable)
    bench.listen(MASK)
    bench.pair_until_heard(MASK, 1.0)
    inputs = node._pairs.inputs
    expected = "reliable" if reliable else "best effort"
    bench.until(lambda: inputs["rgb"].reliability == expected)


def test_it_follows_when_the_publisher_changes(bench, make_node):
    node = bench.run(make_node())
    bench.cameras_on()
    bench.listen(MASK)
    bench.until(lambda: node._pairs.inputs["rgb"].reliability == "reliable")
    bench.pair_until_heard(MASK, 1.0)
    stamp = 1.0
    for reliable in (False, True):
        bench.node.destroy_publisher(bench.cameras["rgb"])
        bench.camera("rgb", reliable)
        expected = "reliable" if reliable else "best effort"
        bench.until(lambda e=expected: node._pairs.inputs["rgb"].reliability == e)
        stamp += 0.1
        bench.pair_until_heard(MASK, stamp)


def test_a_best_effort_publisher_beside_a_reliable_one_is_heard_too(bench, make_node):
    node = bench.run(make_node())
    bench.cameras_on()
    bench.listen(MASK)
    bench.until(lambda: node._pairs.inputs["rgb"].reliability == "reliable")
    first = bench.cameras["rgb"]
    bench.camera("rgb", reliable=False)
    bench.until(lambda: node._pairs.inputs["rgb"].reliability == "best effort")
    bench.pair_until_heard(MASK, 1.0)
    bench.cameras["rgb"] = first
    bench.pair_until_heard(MASK, 1.1)


def test_no_message_comes_twice_or_is_lost_while_the_subscription_changes(bench, make_node):
    node = bench.run(make_node())
    bench.camera("rgb")
    subscription = node._pairs.inputs["rgb"]
    bench.until(lambda: subscription.reliability == "reliable")
    statistics = node._pairs.synchronizer
    for step in range(40):
        bench.rgb(1.0 + 0.01 * step)
        bench.until(lambda n=step: statistics.statistics.rgb.received == n + 1)
        if step == 20:
            subscription.update()
    bench.until(lambda: subscription._former is None)
    assert statistics.statistics.rgb.unmatched["duplicate"] == 0


def test_a_reliable_subscription_says_that_it_does_not_get_best_effort(bench, make_node):
    node = bench.run(make_node({"qos.reliability": "reliable"}))
    assert "nobody publishes /rgb/image_raw" in node._pairs.inputs["rgb"].problem
    publisher = bench.node.create_publisher(*image_topic(), qos(BEST_EFFORT))
    subscription = node._pairs.inputs["rgb"]
    bench.until(lambda: subscription.publishers == 1)
    assert "offer best effort" in subscription.problem
    assert "qos.reliability to auto" in subscription.problem
    bench.node.destroy_publisher(publisher)


def image_topic():
    from sensor_msgs.msg import Image

    return Image, "rgb/image_raw"


def qos(policy):
    from rclpy.qos import QoSProfile

    return QoSProfile(depth=5, reliability=policy)
