"""Stand-in for what the package uses of ``message_filters``: filters, and the one that subscribes.

Names, arguments and behaviour are those of ROS 2 (Humble, Jazzy, Rolling): ``test/shims`` holds
the stand-in and the real package to the same tests.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from rclpy.node import Node

_QUEUE_DEPTH = 10


class SimpleFilter:
    """Something that puts out messages, and those who are told.

    Attributes:
        callbacks: by connection number, the function and its further arguments.
    """

    def __init__(self) -> None:
        self.callbacks: dict[int, tuple[Callable[..., Any], tuple[Any, ...]]] = {}

    def registerCallback(self, cb: Callable[..., Any], *args: Any) -> int:  # noqa: N802
        """Have ``cb`` called with each output and ``args``; return the connection's number."""
        connection = len(self.callbacks)
        self.callbacks[connection] = (cb, args)
        return connection

    def signalMessage(self, *msg: Any) -> None:  # noqa: N802
        """Hand an output to all who registered, in their order."""
        for function, further in self.callbacks.values():
            function(*msg, *further)


class Subscriber(SimpleFilter):
    """A subscription as a filter.

    Args:
        node: owner of the subscription.
        msg_type: of the topic.
        topic: its name, relative or absolute.
        kwargs: as of ``Node.create_subscription``; ``qos_profile`` is a depth of 10 if not given.

    Attributes:
        node: owner of the subscription.
        topic: name as given.
        sub: the ``rclpy`` subscription; its attributes are found here too.
    """

    def __init__(self, node: Node, msg_type: type, topic: str, **kwargs: Any) -> None:
        super().__init__()
        self.node = node
        self.topic = topic
        kwargs.setdefault("qos_profile", _QUEUE_DEPTH)
        self.sub = node.create_subscription(msg_type, topic, self.callback, **kwargs)

    def callback(self, msg: Any) -> None:
        """Pass a message on to all who registered."""
        self.signalMessage(msg)

    def getTopic(self) -> str:  # noqa: N802
        """Return the topic's name as given."""
        return self.topic

    def __getattr__(self, name: str) -> Any:
        """Look on the subscription for what is not here."""
        if name == "sub":  # not yet there: an error in the constructor must not end in recursion
            raise AttributeError(name)
        return getattr(self.sub, name)
