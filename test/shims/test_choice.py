"""The shims: what is not installed is None, and nothing breaks for it."""

import importlib
import sys
import types

import pytest

pytest.importorskip("rclpy")
import rclpy
from sensor_msgs.msg import Image

# Imported before any test puts modules in their place: these are what is restored afterwards.
import amdanet_ros.ros.adaptive_subscription
import amdanet_ros.ros.shims


@pytest.fixture
def shims_with(monkeypatch):
    """Import the shims anew, with modules put in place (None: not installed)."""

    def load(**modules):
        for name, module in modules.items():
            monkeypatch.setitem(sys.modules, name, module)
        for name in ("shims", "adaptive_subscription"):
            monkeypatch.delitem(sys.modules, f"amdanet_ros.ros.{name}", raising=False)
            monkeypatch.delattr(amdanet_ros.ros, name, raising=False)
        return importlib.import_module("amdanet_ros.ros.shims")

    return load


def test_what_is_not_installed_is_none(shims_with):
    shims = shims_with(vision_msgs=None, **{"vision_msgs.msg": None})
    assert shims.LabelInfo is None
    assert shims.sources()["vision_msgs"] == "missing"


@pytest.mark.parametrize("is_strict", [True, False])
def test_an_installed_message_filters_is_used(shims_with, ros_domain, is_strict):
    """Some releases take any keyword of a subscription, others the quality of service alone."""

    class Filter:
        def registerCallback(self, function, *further):  # noqa: N802
            self.registered = (function, *further)

    class Strict(Filter):
        def __init__(self, node, msg_type, topic, qos_profile=10):
            self.sub = node.create_subscription(msg_type, topic, self.registered, qos_profile)

        registered = print

    class Liberal(Filter):
        def __init__(self, *args, **kwargs):
            self.sub = args[0].create_subscription(*args[1:], print, **kwargs)

    package = types.ModuleType("message_filters")
    package.Subscriber = Strict if is_strict else Liberal
    assert shims_with(message_filters=package).sources()["message_filters"] == "installed"
    subscriptions = importlib.import_module("amdanet_ros.ros.adaptive_subscription")
    node = rclpy.create_node("choice")
    made = subscriptions.AdaptiveSubscription(node, Image, "image", len)
    assert made._subscriber.registered == (len,)
    assert [each.topic_name for each in node.subscriptions] == ["/image"]
    made.destroy()
    assert not list(node.subscriptions)
    node.destroy_node()
