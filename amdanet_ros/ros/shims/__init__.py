"""The one place that decides between a ROS package and its shim.

``message_filters`` and ``vision_msgs`` come with a ROS distribution but are not on PyPI. Where they
are installed, they are used; elsewhere ``message_filters`` has a shim and the names of the other
are None.
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

__all__ = ["LabelInfo", "Subscriber", "sources"]


def sources() -> dict[str, str]:
    """Return for each of these packages ``"installed"``, ``"shim"`` or ``"missing"``."""
    is_shim = Subscriber.__module__.startswith(__name__)
    return {
        "message_filters": "shim" if is_shim else "installed",
        "vision_msgs": "missing" if LabelInfo is None else "installed",
    }
