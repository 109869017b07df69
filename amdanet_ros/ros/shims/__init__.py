"""The one place that decides between a ROS package and its shim.

``message_filters``, ``vision_msgs`` and ``cv_bridge`` come with a ROS distribution but are not on
PyPI. Where they are installed, they are used; elsewhere ``message_filters`` has a shim and the
names of the others are None.
"""

from __future__ import annotations

try:
    from message_filters import Subscriber
except ImportError:
    from .message_filters import Subscriber

try:
    from vision_msgs.msg import LabelInfo
except ImportError:
    LabelInfo = None

try:
    from cv_bridge import CvBridge
except (ImportError, AttributeError):  # built for another NumPy, it fails with either
    CvBridge = None

__all__ = ["CvBridge", "LabelInfo", "Subscriber", "sources"]


def sources() -> dict[str, str]:
    """Return for each of these packages ``"installed"``, ``"shim"`` or ``"missing"``."""
    is_shim = Subscriber.__module__.startswith(__name__)
    return {
        "message_filters": "shim" if is_shim else "installed",
        "vision_msgs": "missing" if LabelInfo is None else "installed",
        "cv_bridge": "missing" if CvBridge is None else "installed",
    }
