"""Every output message, built from a ``Fusion`` with the message classes of rclpy or of rosbags."""

from .outputs import OUTPUTS, Messages, Output
from .types import MessageTypes

__all__ = ["OUTPUTS", "MessageTypes", "Messages", "Output"]
