"""The message types that bags hold: those of ROS 2 Jazzy, our own, and those installed here."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np
from rosbags.typesys import Stores, TypesysError, get_types_from_msg, get_typestore
from rosbags.typesys.store import Typestore

from ..resources import share_directory
from .type_names import package_and_kind, prefixes

OWN_MESSAGES = ("ModalityHealth", "SegmentedComponent", "SemanticSegmentation")
_VISION_MESSAGES = {  # vision_msgs 4.x; rosbags does not bring them
    "VisionClass": "uint16 class_id\nstring class_name\n",
    "Point2D": "float64 x\nfloat64 y\n",
    "Pose2D": "vision_msgs/Point2D position\nfloat64 theta\n",
    "BoundingBox2D": "vision_msgs/Pose2D center\nfloat64 size_x\nfloat64 size_y\n",
    "ObjectHypothesis": "string class_id\nfloat64 score\n",
    "ObjectHypothesisWithPose": "vision_msgs/ObjectHypothesis hypothesis\n"
    "geometry_msgs/PoseWithCovariance pose\n",
    "Detection2D": "std_msgs/Header header\nvision_msgs/ObjectHypothesisWithPose[] results\n"
    "vision_msgs/BoundingBox2D bbox\nstring id\n",
    "Detection2DArray": "std_msgs/Header header\nvision_msgs/Detection2D[] detections\n",
    "LabelInfo": "std_msgs/Header header\nvision_msgs/VisionClass[] class_map\nfloat32 threshold\n",
}


@lru_cache(maxsize=1)
def typestore() -> Typestore:
    """Types of ROS 2 Jazzy, of this package and of its outputs, to read and write bags with."""
    store = get_typestore(Stores.ROS2_JAZZY)
    for name in OWN_MESSAGES:
        text = (share_directory() / "msg" / f"{name}.msg").read_text()
        store.register(get_types_from_msg(text, f"amdanet_ros/msg/{name}"))
    for name, text in _VISION_MESSAGES.items():
        store.register(get_types_from_msg(text, f"vision_msgs/msg/{name}"))
    return store


def knows(message_type: str) -> bool:
    """Whether ``typestore()`` holds a type and all that it is made of.

    Types of other packages (a robot's own) are read from their ``.msg`` files where those are
    installed.
    """
    store = typestore()
    if message_type not in store.fielddefs and not _learn(message_type):
        return False
    try:
        store.generate_msgdef(message_type, ros_version=2)
    except TypesysError as error:
        # It names the part that is missing: learn that, and look again.
        missing = str(error).split("'")[1] if "'" in str(error) else message_type
        return missing != message_type and knows(missing) and knows(message_type)
    return True


def _learn(message_type: str) -> bool:
    named = package_and_kind(message_type)
    if named is None:
        return False
    package, kind = named
    for prefix in prefixes():
        file = prefix / "share" / package / "msg" / f"{kind}.msg"
        if file.is_file():
            try:
                typestore().register(get_types_from_msg(file.read_text("utf-8"), message_type))
            except (TypesysError, ValueError, OSError):
                return False
            return True
    return False


class RosbagsTypes:
    """rosbags' message classes as ``messages.MessageTypes``."""

    def has(self, name: str) -> bool:
        """Tell whether the type is in ``typestore()``."""
        return name in typestore().types

    def make(self, name: str, **fields: Any) -> Any:
        """Return a message.

        Raises:
            KeyError: the type is not known.
        """
        for field, value in fields.items():
            if isinstance(value, np.ndarray):  # rosbags serialises flat arrays only
                fields[field] = np.ascontiguousarray(value).reshape(-1)
        return typestore().types[name](**fields)
