"""The one place that decides between a ROS package and what stands in for it.

``message_filters``, ``vision_msgs`` and ``cv_bridge`` come with a ROS distribution but are not on
PyPI. Where they are installed, they are used; elsewhere ``message_filters`` has a stand-in and the
names of the others are None.
"""

from __future__ import annotations

try:
    from message_filters import SimpleFilter, Subscriber
except ImportError:
    from .message_filters import SimpleFilter, Subscriber

try:
    from vision_msgs.msg import LabelInfo, VisionClass
except ImportError:
    LabelInfo = VisionClass = None

try:
    from cv_bridge import CvBridge
except (ImportError, AttributeError):  # built for another NumPy, it fails with either
    CvBridge = None

__all__ = ["CvBridge", "LabelInfo", "SimpleFilter", "Subscriber", "VisionClass", "sources"]


def sources() -> dict[str, str]:
    """Return for each of these packages ``"installed"``, ``"stand-in"`` or ``"missing"``."""
    stood_in = Subscriber.__module__.startswith(__name__)
    return {
        "message_filters": "stand-in" if stood_in else "installed",
        "vision_msgs": "missing" if LabelInfo is None else "installed",
        "cv_bridge": "missing" if CvBridge is None else "installed",
    }
