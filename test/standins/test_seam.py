"""The seam beyond message_filters: what is not installed is None, and nothing breaks for it."""

import importlib
import sys
import types

import numpy as np
import pytest

pytest.importorskip("rclpy")
from sensor_msgs.msg import Image

import amdanet_ros.ros


@pytest.fixture
def seam_with(monkeypatch):
    """Import the seam anew, with modules put in place (None: not installed)."""

    def load(**modules):
        for name, module in modules.items():
            monkeypatch.setitem(sys.modules, name, module)
        for name in ("seam", "cv_bridge_fallback"):
            monkeypatch.delitem(sys.modules, f"amdanet_ros.ros.{name}", raising=False)
            monkeypatch.delattr(amdanet_ros.ros, name, raising=False)
        return importlib.import_module("amdanet_ros.ros.seam")

    return load


def test_what_is_not_installed_is_none(seam_with):
    seam = seam_with(cv_bridge=None, vision_msgs=None, **{"vision_msgs.msg": None})
    assert seam.CvBridge is seam.LabelInfo is seam.VisionClass is None
    assert seam.sources()["cv_bridge"] == seam.sources()["vision_msgs"] == "missing"
    fallback = importlib.import_module("amdanet_ros.ros.cv_bridge_fallback")
    assert fallback.cv_bridge_fallback() is None


def test_an_installed_cv_bridge_converts_what_we_do_not(seam_with):
    class CvBridge:
        def imgmsg_to_cv2(self, message, encoding):
            assert encoding == "rgb8"
            return np.full((message.height, message.width, 3), 7, np.uint8)

    package = types.ModuleType("cv_bridge")
    package.CvBridge = CvBridge
    assert seam_with(cv_bridge=package).sources()["cv_bridge"] == "installed"
    fallback = importlib.import_module("amdanet_ros.ros.cv_bridge_fallback")
    converted = fallback.cv_bridge_fallback().convert(Image(height=2, width=3, encoding="odd"))
    assert converted.shape == (2, 3, 3) and (converted == 7).all()


def test_a_cv_bridge_built_for_another_numpy_is_left_aside(seam_with):
    """Its import ends in an AttributeError, which must not end the node."""

    class Broken(types.ModuleType):
        def __getattr__(self, name):
            raise AttributeError("_ARRAY_API not found")

    assert seam_with(cv_bridge=Broken("cv_bridge")).CvBridge is None
