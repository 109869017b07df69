"""What the package relies on in message_filters: the shim and the real package keep to it."""

import importlib

import pytest

rclpy = pytest.importorskip("rclpy")
from rclpy.qos import QoSProfile, ReliabilityPolicy  # noqa: E402
from std_msgs.msg import String  # noqa: E402

BEST_EFFORT = QoSProfile(depth=3, reliability=ReliabilityPolicy.BEST_EFFORT)


@pytest.fixture(params=["amdanet_ros.ros.shims.message_filters", "message_filters"])
def filters(request):
    """The shim; the real package."""
    return pytest.importorskip(request.param)


@pytest.fixture
def node(ros_domain):
    """A node in a domain of its own."""
    node = rclpy.create_node("conformance", namespace="camera")
    yield node
    node.destroy_node()


def test_it_calls_all_who_registered_in_order_with_their_further_arguments(filters, node):
    calls = []
    source = filters.Subscriber(node, String, "words")
    first = source.registerCallback(lambda *received: calls.append(("first", received)))
    second = source.registerCallback(lambda *received: calls.append(("second", received)), 7, "x")
    source.callback("a")
    assert (first, second) == (0, 1)
    assert calls == [("first", ("a",)), ("second", ("a", 7, "x"))]


def test_an_exception_of_a_callback_reaches_the_caller(filters, node):
    source = filters.Subscriber(node, String, "words")
    source.registerCallback(lambda message: {}[message])
    with pytest.raises(KeyError, match="gone"):
        source.callback("gone")


def test_a_subscriber_passes_messages_on(filters, node, spin_until):
    received = []
    subscriber = filters.Subscriber(node, String, "words")
    subscriber.registerCallback(lambda message, tag: received.append((tag, message.data)), "tagged")
    publisher = node.create_publisher(String, "words", 10)
    spin_until(lambda: publisher.get_subscription_count() == 1, node)
    for word in ("one", "two"):
        publisher.publish(String(data=word))
    spin_until(lambda: len(received) == 2, node)
    assert received == [("tagged", "one"), ("tagged", "two")]


def test_a_subscriber_knows_its_subscription(filters, node):
    subscriber = filters.Subscriber(node, String, "words")
    assert subscriber.sub in list(node.subscriptions)
    assert subscriber.sub.topic_name == "/camera/words"


def test_a_subscriber_is_reliable_with_depth_10_unless_told_otherwise(filters, node):
    profile = filters.Subscriber(node, String, "words").sub.qos_profile
    assert (profile.depth, profile.reliability) == (10, ReliabilityPolicy.RELIABLE)


def test_quality_of_service_is_passed_on(filters, node):
    subscriber = filters.Subscriber(node, String, "words", qos_profile=BEST_EFFORT)
    profile = subscriber.sub.qos_profile
    assert (profile.depth, profile.reliability) == (3, ReliabilityPolicy.BEST_EFFORT)


def test_a_destroyed_subscription_gets_nothing_more(filters, node, spin_until):
    received = []
    gone = filters.Subscriber(node, String, "words")
    gone.registerCallback(lambda message: received.append("gone"))
    node.destroy_subscription(gone.sub)
    stays = filters.Subscriber(node, String, "words")
    stays.registerCallback(lambda message: received.append("stays"))
    publisher = node.create_publisher(String, "words", 10)
    spin_until(lambda: publisher.get_subscription_count() == 1, node)
    publisher.publish(String(data="one"))
    spin_until(lambda: received, node)
    assert received == ["stays"]


def test_the_shims_take_the_real_package_where_it_is_installed():
    shims = importlib.import_module("amdanet_ros.ros.shims")
    try:
        real = importlib.import_module("message_filters")
    except ImportError:
        from amdanet_ros.ros.shims import message_filters as shim

        assert shims.Subscriber is shim.Subscriber
        assert shims.sources()["message_filters"] == "shim"
    else:
        assert shims.Subscriber is real.Subscriber
        assert shims.sources()["message_filters"] == "installed"
