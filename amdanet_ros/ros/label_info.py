"""The class table for whoever joins late, as ``vision_msgs/LabelInfo`` where that is installed."""

from __future__ import annotations

from typing import Any

from std_msgs.msg import Header

from ..classes import ClassTable
from .shims import LabelInfo, VisionClass


def label_info_message(classes: ClassTable, threshold: float, header: Header) -> Any:
    """Return the class table as a message.

    Args:
        classes: names by class index.
        threshold: pixels of the mask below this confidence are 255, unlabelled.
        header: stamp and frame.
    """
    return LabelInfo(
        header=header,
        class_map=[
            VisionClass(class_id=index, class_name=name) for index, name in enumerate(classes.names)
        ],
        threshold=float(threshold),
    )
