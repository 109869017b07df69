"""The seam beyond message_filters: what is not installed is None, and nothing breaks for it."""

import importlib
import sys
import types

import numpy as np
import pytest

pytest.importorskip("rclpy")
from sensor_msgs.msg import Image

# Imported before any test puts modules in their place: these are what is restored afterwards.
import amdanet_ros.ros.cv_bridge_fallback
import amdanet_ros.ros.shims


@pytest.fixture
def shims_with(monkeypatch):
    """Import the seam anew, with modules put in place (None: not installed)."""

    def load(**modules):
        for name, module in modules.items():
            monkeypatch.setitem(sys.modules, name, module)
        for name in ("shims", "cv_bridge_fallback"):
            monkeypatch.delitem(sys.modules, f"amdanet_ros.ros.{name}", raising=False)
            monkeypatch.delattr(amdanet_ros.ros, name, raising=False)
        return importlib.import_module("amdanet_ros.ros.shims")

    return load


def test_what_is_not_installed_is_none(shims_with):
    shims = shims_with(cv_bridge=None, vision_msgs=None, **{"vision_msgs.msg": None})
    assert shims.CvBridge is shims.LabelInfo is shims.VisionClass is None
    assert shims.sources()["cv_bridge"] == shims.sources()["vision_msgs"] == "missing"
    fallback = importlib.import_module("amdanet_ros.ros.cv_bridge_fallback")
    assert fallback.cv_bridge_fallback() is None


def test_an_installed_cv_bridge_converts_what_we_do_not(shims_with):
    class CvBridge:
        def imgmsg_to_cv2(self, message, encoding):
            assert encoding == "rgb8"
            return np.full((message.height, message.width, 3), 7, np.uint8)

    package = types.ModuleType("cv_bridge")
    package.CvBridge = CvBridge
    assert shims_with(cv_bridge=package).sources()["cv_bridge"] == "installed"
    fallback = importlib.import_module("amdanet_ros.ros.cv_bridge_fallback")
    converted = fallback.cv_bridge_fallback().convert(Image(height=2, width=3, encoding="odd"))
    assert converted.shape == (2, 3, 3) and (converted == 7).all()


def test_a_cv_bridge_built_for_another_numpy_is_left_aside(shims_with):
    """Its import ends in an AttributeError, which must not end the node."""

    class Broken(types.ModuleType):
        def __getattr__(self, name):
            raise AttributeError("_ARRAY_API not found")

    assert shims_with(cv_bridge=Broken("cv_bridge")).CvBridge is None


def test_the_installed_cv_bridge_converts_or_the_refusal_names_the_mend():
    """The real one, not a stand-in: with its compiled part it converts, without it refuses."""
    pytest.importorskip("cv_bridge")
    from amdanet_ros.ros.cv_bridge_fallback import cv_bridge_fallback
    from amdanet_ros.ros.image_messages import BadImage, check_rgb_message, rgb_from_message

    pixels = np.full((2, 3, 3), 0x4000, "<u2")
    message = Image(height=2, width=3, step=18, encoding="rgb16", data=pixels.tobytes())
    fallback = cv_bridge_fallback()
    assert fallback is not None
    assert not fallback.knows("nonsense")
    if fallback.knows("rgb16"):
        assert np.abs(rgb_from_message(message, fallback).astype(int) - 0x40).max() <= 1
    else:
        with pytest.raises(BadImage, match="'rgb16' is not known here: set one of rgb8"):
            check_rgb_message(message, fallback)
