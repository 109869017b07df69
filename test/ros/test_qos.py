"""Subscriptions that follow what the publishers offer."""

import pytest
from rclpy.qos import ReliabilityPolicy

from amdanet_ros.ros import adaptive_subscription, qos
from amdanet_ros.ros.adaptive_subscription import AdaptiveSubscription
from amdanet_ros.ros.qos import common_reliability

MASK = "segmentation/mask"
RELIABLE, BEST_EFFORT = ReliabilityPolicy.RELIABLE, ReliabilityPolicy.BEST_EFFORT


def subscription(node, stream):
    return node.camera_pairs[""].subscription.inputs[stream].images


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
    expected = RELIABLE if reliable else BEST_EFFORT
    bench.until(lambda: subscription(node, "rgb").reliability == expected)


def test_it_follows_when_the_publisher_changes(bench, make_node):
    node = bench.run(make_node())
    bench.cameras_on()
    bench.listen(MASK)
    bench.until(lambda: subscription(node, "rgb").reliability == RELIABLE)
    bench.pair_until_heard(MASK, 1.0)
    stamp = 1.0
    for reliable in (False, True):
        bench.node.destroy_publisher(bench.cameras["rgb"])
        bench.camera("rgb", reliable)
        expected = RELIABLE if reliable else BEST_EFFORT
        bench.until(lambda e=expected: subscription(node, "rgb").reliability == e)
        stamp += 0.1
        bench.pair_until_heard(MASK, stamp)


def test_a_best_effort_publisher_beside_a_reliable_one_is_heard_too(bench, make_node):
    node = bench.run(make_node())
    bench.cameras_on()
    bench.listen(MASK)
    bench.until(lambda: subscription(node, "rgb").reliability == RELIABLE)
    first = bench.cameras["rgb"]
    bench.camera("rgb", reliable=False)
    bench.until(lambda: subscription(node, "rgb").reliability == BEST_EFFORT)
    bench.pair_until_heard(MASK, 1.0)
    bench.cameras["rgb"] = first
    bench.pair_until_heard(MASK, 1.1)


@pytest.fixture
def image_type():
    from sensor_msgs.msg import Image

    return Image


def test_after_a_change_each_message_comes_once(bench, image_type):
    """Until the change is noticed, the subscription for reliable publishers gets nothing."""
    heard = []
    subscription = AdaptiveSubscription(bench.node, image_type, "rgb/image_raw", heard.append)
    bench.camera("rgb", reliable=True)
    bench.until(lambda: subscription.offered or subscription.update())
    assert subscription.reliability == RELIABLE
    bench.node.destroy_publisher(bench.cameras["rgb"])
    bench.camera("rgb", reliable=False)

    def follows():
        subscription.update()
        return subscription.reliability == BEST_EFFORT

    bench.until(follows)
    bench.until(lambda: bench.cameras["rgb"].get_subscription_count() == 1)
    bench.until(lambda: bench.node.count_publishers("rgb/image_raw") == 1)
    sent = []
    # The two sides match at different moments: what is sent in between is lost.
    bench.until(lambda: heard or sent.append(bench.rgb(float(len(sent)))))
    for _ in range(5):
        sent.append(bench.rgb(float(len(sent))))
        bench.until(lambda: heard[-1].header == sent[-1].header)
    numbers = [message.header.stamp.sec for message in heard]
    assert numbers == list(range(numbers[0], len(sent)))


@pytest.mark.parametrize("reliability", ["reliable", "best_effort"])
def test_a_reliability_of_ones_own_choice_stays(bench, image_type, reliability):
    topic = "rgb/image_raw"
    chosen = AdaptiveSubscription(bench.node, image_type, topic, print, reliability)
    bench.camera("rgb", reliable=reliability == "best_effort")
    bench.until(lambda: chosen.offered or chosen.update())
    assert chosen.reliability == (RELIABLE if reliability == "reliable" else BEST_EFFORT)


def test_in_zenoh_there_is_no_reason_to_subscribe_anew(bench, image_type, monkeypatch):
    monkeypatch.setattr(qos, "get_rmw_implementation_identifier", lambda: "rmw_zenoh_cpp")
    heard = []
    subscription = AdaptiveSubscription(bench.node, image_type, "rgb/image_raw", heard.append)
    before = list(bench.node.subscriptions)
    bench.camera("rgb", reliable=True)
    bench.until(lambda: subscription.offered or subscription.update())
    subscription.update()
    assert list(bench.node.subscriptions) == before
    assert (subscription.reliability, subscription.unheard) == (BEST_EFFORT, 0)


class StrictSubscriber:
    """``message_filters.Subscriber`` of the releases that take the quality of service alone."""

    def __init__(self, node, msg_type, topic, qos_profile=10):
        self.callbacks = []
        self.sub = node.create_subscription(msg_type, topic, self.callback, qos_profile)

    def callback(self, message):
        for function, further in self.callbacks:
            function(message, *further)

    def registerCallback(self, function, *further):  # noqa: N802
        self.callbacks.append((function, further))


def test_it_works_with_a_message_filters_that_takes_no_other_keyword(bench, make_node, monkeypatch):
    monkeypatch.setattr(adaptive_subscription, "Subscriber", StrictSubscriber)
    node = bench.run(make_node())
    bench.cameras_on()
    bench.listen(MASK)
    bench.pair_until_heard(MASK, 1.0)
    bench.node.destroy_publisher(bench.cameras["rgb"])
    bench.camera("rgb", reliable=False)
    bench.until(lambda: subscription(node, "rgb").reliability == BEST_EFFORT)
    bench.pair_until_heard(MASK, 1.1)


def test_a_reliable_subscription_says_that_it_does_not_get_best_effort(
    bench, make_node, heard, monkeypatch
):
    bench.run(make_node({"qos.reliability": "reliable"}))
    name = "amdanet: rgb input"
    bench.until(lambda: name in heard)
    assert "nobody publishes /rgb/image_raw" in heard[name].message
    publisher = bench.node.create_publisher(*image_topic(), qos_of(BEST_EFFORT))
    bench.until(lambda: "offer best effort" in heard[name].message)
    assert "qos.reliability to auto" in heard[name].message
    # In Zenoh it gets them.
    monkeypatch.setattr(qos, "get_rmw_implementation_identifier", lambda: "rmw_zenoh_cpp")
    bench.until(lambda: "no message yet" in heard[name].message)
    assert "best effort" not in heard[name].message
    bench.node.destroy_publisher(publisher)


def image_topic():
    from sensor_msgs.msg import Image

    return Image, "rgb/image_raw"


def qos_of(policy):
    from rclpy.qos import QoSProfile

    return QoSProfile(depth=5, reliability=policy)
