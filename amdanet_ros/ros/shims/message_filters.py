"""Shim for what the package uses of ``message_filters``: the filter that subscribes.

Names and behaviour are those of ROS 2: ``test/shims`` holds the shim and the real package to the
same tests. ``Subscriber`` takes the one keyword argument that all releases of the package take.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from rclpy.node import Node
from rclpy.qos import QoSProfile

_QUEUE_DEPTH = 10


class Subscriber:
    """A subscription as a filter.

    Args:
        node: owner of the subscription.
        msg_type: of the topic.
        topic: its name, relative or absolute.
        qos_profile: of the subscription; a number is a depth.

    Attributes:
        callbacks: by connection number, the function and its further arguments.
        sub: the ``rclpy`` subscription.
    """

    def __init__(
        self, node: Node, msg_type: type, topic: str, qos_profile: QoSProfile | int = _QUEUE_DEPTH
    ) -> None:
        self.callbacks: dict[int, tuple[Callable[..., Any], tuple[Any, ...]]] = {}
        self.sub = node.create_subscription(msg_type, topic, self.callback, qos_profile)

    def registerCallback(self, cb: Callable[..., Any], *args: Any) -> int:  # noqa: N802
        """Have ``cb`` called with each message and ``args``; return the connection's number."""
        connection = len(self.callbacks)
        self.callbacks[connection] = (cb, args)
        return connection

    def callback(self, msg: Any) -> None:
        """Pass a message on to all who registered, in their order."""
        for function, further in self.callbacks.values():
            function(msg, *further)
