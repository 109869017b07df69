"""The outputs of a camera pair: published where somebody subscribes."""

from __future__ import annotations

from typing import Any

from rclpy.lifecycle import LifecycleNode
from rclpy.lifecycle.publisher import LifecyclePublisher
from rclpy.qos import QoSProfile
from std_msgs.msg import Float32

from ..classes import ClassTable
from ..messages import OUTPUTS, Messages, Output
from ..pipeline.fusion import Fusion
from ..pipeline.options import FusionOptions
from .message_types import RclpyTypes, message_class
from .qos import LATCHED_QOS, OUTPUT_QOS
from .qos_overrides import PUBLISHER, overridden

LATENCY = "latency"
"""Topic of the latencies, below the node's name."""


class OutputPublishers:
    """The publishers of all outputs whose message types are installed.

    Made and destroyed in the executor's thread; ``needed`` and ``publish`` are for the worker's.

    Args:
        node: owner.
        prefix: of the topics, such as "front/"; "": none.

    Raises:
        OptionError: a ``qos_overrides`` parameter that is not allowed; no publisher stays.
        Exception: of rclpy, where a name is not allowed; no publisher stays.
    """

    def __init__(self, node: LifecycleNode, prefix: str = "") -> None:
        self._node = node
        types = RclpyTypes()
        self._messages = Messages(types)
        self._publishers: dict[Output, LifecyclePublisher] = {}
        self._latency: LifecyclePublisher | None = None
        try:
            for output in filter(lambda each: types.has(each.type), OUTPUTS):
                self._publishers[output] = self._publisher(
                    message_class(output.type),
                    prefix + output.topic,
                    LATCHED_QOS if output.latched else OUTPUT_QOS,
                )
            self._latency = self._publisher(Float32, f"~/{prefix}{LATENCY}", OUTPUT_QOS)
        except Exception:
            self.destroy()
            raise
        self._latched_for: tuple[ClassTable, FusionOptions, str] | None = None
        self._last_latched: dict[Output, Any] = {}

    def _publisher(self, kind: type, topic: str, default: QoSProfile) -> LifecyclePublisher:
        profile = overridden(self._node, topic, PUBLISHER, default)
        return self._node.create_lifecycle_publisher(kind, topic, profile)

    @property
    def missing(self) -> dict[str, list[str]]:
        """Topics that cannot be published, by the package that has their message types."""
        found: dict[str, list[str]] = {}
        for output in OUTPUTS:
            if output not in self._publishers:
                found.setdefault(output.type.partition("/")[0], []).append(output.topic)
        return found

    @property
    def topics(self) -> list[str]:
        """Names of what is published, resolved."""
        return [publisher.topic_name for publisher in self._publishers.values()]

    def needed(self) -> frozenset[str] | None:
        """Return what a ``Fusion`` must hold for the subscribers; None: nobody subscribes."""
        needs = [
            output.needs
            for output, publisher in self._publishers.items()
            if not output.latched and publisher.get_subscription_count() > 0
        ]
        return frozenset().union(*needs) if needs else None

    def is_class_table_read(self) -> bool:
        """Whether somebody subscribes to a latched output, as Nav2's segmentation layer does."""
        latched = (each for output, each in self._publishers.items() if output.latched)
        return any(publisher.get_subscription_count() > 0 for publisher in latched)

    def announce(self, classes: ClassTable, options: FusionOptions) -> None:
        """Publish what is known before the first pair; the worker is not running yet."""
        frame = self._latched_for[2] if self._latched_for else ""
        self._publish_latched(Fusion(0, frame, 0, classes, options, health={}))

    def publish(self, fusion: Fusion) -> None:
        """Publish what somebody subscribes to and the fusion holds."""
        self._publish_latched(fusion)
        for output, publisher in self._publishers.items():
            held = all(getattr(fusion, part) is not None for part in output.needs)
            if held and not output.latched and publisher.get_subscription_count() > 0:
                message = self._messages.of(output, fusion)
                if message is not None:
                    publisher.publish(message)

    def tell_latency(self, seconds: float) -> None:
        """Publish how long a pair took, where somebody plots it."""
        if self._latency.get_subscription_count() > 0:
            self._latency.publish(Float32(data=seconds))

    def _publish_latched(self, fusion: Fusion) -> None:
        """Publish what holds for all pairs, where it differs from what was published last."""
        made_for = (fusion.classes, fusion.options, fusion.frame_id)
        if made_for == self._latched_for:
            return
        self._latched_for = made_for
        for output, publisher in self._publishers.items():
            if not output.latched:
                continue
            message = self._messages.of(output, fusion)
            if message != self._last_latched.get(output):
                self._last_latched[output] = message
                publisher.publish(message)

    def destroy(self) -> None:
        """Take the topics down."""
        for publisher in (*self._publishers.values(), self._latency):
            if publisher is not None:
                self._node.destroy_lifecycle_publisher(publisher)
