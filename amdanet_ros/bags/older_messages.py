"""Messages of this package that an earlier release recorded, in the form that they have now."""

from __future__ import annotations

from .errors import DamagedMessage
from .message import BagMessage

_ADDED = {"amdanet_ros/msg/SemanticSegmentation": 3}
"""Sequences that came to the end of a message; an empty one is its count, 0, in 4 bytes."""


def in_present_form(message: BagMessage) -> BagMessage:
    """Return a message with the fields that its type has now; those that it lacks are empty.

    The bytes decide, not the definition in the bag, which bags of SQLite before ROS 2 Iron lack.
    What is no message of the type in either form stays as it is.
    """
    added = _ADDED.get(message.type)
    if added is None or _is_readable(message):
        return message
    padding = -len(message.raw) % 4
    longer = message._replace(raw=bytes(message.raw) + bytes(padding + 4 * added))
    return longer if _is_readable(longer) else message


def _is_readable(message: BagMessage) -> bool:
    try:
        message.deserialize()
    except DamagedMessage:
        return False
    return True
