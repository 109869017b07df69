"""The shims: what is not installed is None, and nothing breaks for it."""

import importlib
import sys
import types

import numpy as np
import pytest

pytest.importorskip("rclpy")
import rclpy
from sensor_msgs.msg import Image

# Imported before any test puts modules in their place: these are what is restored afterwards.
import amdanet_ros.ros.adaptive_subscription
import amdanet_ros.ros.cv_bridge_fallback
import amdanet_ros.ros.shims


@pytest.fixture
def shims_with(monkeypatch):
    """Import the shims anew, with modules put in place (None: not installed)."""

    def load(**modules):
        for name, module in modules.items():
            monkeypatch.setitem(sys.modules, name, module)
        for name in ("shims", "cv_bridge_fallback", "adaptive_subscription"):
            monkeypatch.delitem(sys.modules, f"amdanet_ros.ros.{name}", raising=False)
            monkeypatch.delattr(amdanet_ros.ros, name, raising=False)
        return importlib.import_module("amdanet_ros.ros.shims")

    return load


def test_what_is_not_installed_is_none(shims_with):
    shims = shims_with(cv_bridge=None, vision_msgs=None, **{"vision_msgs.msg": None})
    assert shims.CvBridge is shims.LabelInfo is None
    assert shims.sources()["cv_bridge"] == shims.sources()["vision_msgs"] == "missing"
    fallback = importlib.import_module("amdanet_ros.ros.cv_bridge_fallback")
    assert not fallback.cv_bridge_fallback().knows("rgb16")


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


def test_an_installed_cv_bridge_converts_what_we_do_not(shims_with):
    class CvBridge:
        def imgmsg_to_cv2(self, message, encoding):
            assert encoding == "rgb8"
            return np.full((message.height, message.width, 3), 7, np.uint8)

        def encoding_to_cvtype2(self, encoding):
            return {"odd": 16}[encoding]

    package = types.ModuleType("cv_bridge")
    package.CvBridge = CvBridge
    assert shims_with(cv_bridge=package).sources()["cv_bridge"] == "installed"
    fallback = importlib.import_module("amdanet_ros.ros.cv_bridge_fallback")
    bridge = fallback.cv_bridge_fallback()
    assert bridge.knows("odd") and not bridge.knows("nonsense")
    converted = bridge.convert(Image(height=2, width=3, encoding="odd"))
    assert converted.shape == (2, 3, 3) and (converted == 7).all()


def test_a_cv_bridge_built_for_another_numpy_is_left_aside(shims_with):
    """Its import ends in an AttributeError, which must not end the node."""

    class Broken(types.ModuleType):
        def __getattr__(self, name):
            raise AttributeError("_ARRAY_API not found")

    assert shims_with(cv_bridge=Broken("cv_bridge")).CvBridge is None


def test_the_installed_cv_bridge_converts_or_the_refusal_names_the_fix():
    """The real one, not a fake: with its compiled part it converts, without it refuses."""
    pytest.importorskip("cv_bridge")
    from amdanet_ros.images.errors import BadImage
    from amdanet_ros.images.rgb import check_rgb_message, rgb_from_message
    from amdanet_ros.ros.cv_bridge_fallback import cv_bridge_fallback

    pixels = np.full((2, 3, 3), 0x4000, "<u2")
    message = Image(height=2, width=3, step=18, encoding="rgb16", data=pixels.tobytes())
    fallback = cv_bridge_fallback()
    assert not fallback.knows("nonsense")
    if fallback.knows("rgb16"):
        assert np.abs(rgb_from_message(message, fallback).astype(int) - 0x40).max() <= 1
    else:
        with pytest.raises(BadImage, match="'rgb16' is not known here: set one of rgb8"):
            check_rgb_message(message, fallback)
