"""Messages of ROS 1 in the shape of ROS 2: types known by name and definition, never imported."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache, partial
from typing import Any

from rosbags.convert.converter import is_same_wireformat, migrate_bytes
from rosbags.typesys import Stores, get_typestore
from rosbags.typesys.store import Typestore

from .errors import DamagedMessage
from .message import UNREADABLE
from .message_types import typestore

_TYPE = re.compile(r"([A-Za-z][A-Za-z0-9_]{0,99})/([A-Za-z][A-Za-z0-9_]{0,99})")
_RENAMED = {"tf/msg/tfMessage": "tf2_msgs/msg/TFMessage"}


def ros2_type(name: str) -> str:
    """Return ``sensor_msgs/msg/Image`` for ``sensor_msgs/Image``; no such name stays as it is."""
    match = _TYPE.fullmatch(name)
    renamed = f"{match[1]}/msg/{match[2]}" if match else name
    return _RENAMED.get(renamed, renamed)


def to_cdr(raw: bytes, message_type: str, digest: str) -> bytes:
    """Return a message of ROS 1 serialised as in ROS 2; ``Header.seq`` is dropped.

    Args:
        raw: serialised by ROS 1.
        message_type: as in ``sensor_msgs/msg/Image``.
        digest: MD5 sum of its definition; empty or "*": not known.

    Raises:
        DamagedMessage: ROS 2 has no such type, the definition is not the one of ROS Noetic, or the
            bytes are no message of it.
    """
    convert = _converter(message_type, digest)
    try:
        return bytes(convert(raw))
    except UNREADABLE as error:
        raise DamagedMessage(f"its bytes are no {message_type} of ROS 1") from error


@lru_cache(maxsize=1)
def _noetic() -> Typestore:
    return get_typestore(Stores.ROS1_NOETIC)


@lru_cache(maxsize=1000)
def _converter(message_type: str, digest: str) -> Callable[[bytes], Any]:
    ros1, ros2 = _noetic(), typestore()
    if message_type not in ros1.fielddefs or message_type not in ros2.fielddefs:
        raise DamagedMessage(f"its type {message_type[:100]} of ROS 1 has no shape in ROS 2")
    if digest not in ("", "*", ros1.generate_msgdef(message_type, ros_version=1)[1]):
        raise DamagedMessage(f"its {message_type} is defined otherwise than in ROS Noetic")
    if is_same_wireformat(ros1, ros2, message_type, message_type):
        return partial(ros2.ros1_to_cdr, typename=message_type)
    return partial(_migrated, ros1=ros1, ros2=ros2, message_type=message_type, cache={})


def _migrated(raw: bytes, ros1: Any, ros2: Any, message_type: str, cache: dict[str, object]) -> Any:
    """Return a message whose fields differ between ROS 1 and ROS 2."""
    return migrate_bytes(
        ros1, ros2, message_type, message_type, cache, raw, src_is2=False, dst_is2=True
    )
