"""Which names a message type and a topic may have."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterator
from pathlib import Path

_TYPE = re.compile(r"([a-z][a-z0-9_]{0,99})/msg/([A-Z][A-Za-z0-9]{0,99})")
_TOPIC = re.compile(r"(/[A-Za-z_][A-Za-z0-9_]*)+")
_LONGEST_TOPIC = 247


def package_and_kind(message_type: str) -> tuple[str, str] | None:
    """Return ("sensor_msgs", "Image") for ``sensor_msgs/msg/Image``; None: no such name.

    What a file or another node calls a type is no name of a module or of a file before it has
    passed this.
    """
    match = _TYPE.fullmatch(message_type)
    return (match[1], match[2]) if match else None


def is_topic_name(name: str) -> bool:
    """Whether ROS 2 lets a topic have this name, which is absolute (design.ros2.org)."""
    return len(name) <= _LONGEST_TOPIC and "__" not in name and bool(_TOPIC.fullmatch(name))


def prefixes() -> Iterator[Path]:
    """Yield the folders under which ROS packages are installed."""
    for prefix in os.environ.get("AMENT_PREFIX_PATH", "").split(os.pathsep):
        if prefix:
            yield Path(prefix)
    yield Path(sys.prefix)
