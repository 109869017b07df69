"""What the builders of messages need of a library of message classes."""

from __future__ import annotations

from typing import Any, Protocol


class MessageTypes(Protocol):
    """The message classes of rclpy (``ros/message_types.py``) or rosbags (``bags/``)."""

    def has(self, name: str) -> bool:
        """Tell whether a type such as ``sensor_msgs/msg/Image`` is available."""

    def make(self, name: str, **fields: Any) -> Any:
        """Return a message.

        Args:
            name: of the type, such as ``sensor_msgs/msg/Image``.
            fields: all of the message's fields. A NumPy array of the field's element type serves
                for an array of numbers, of any shape; its values are taken in C order.
        """
