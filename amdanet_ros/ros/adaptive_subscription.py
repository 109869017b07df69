"""A subscription whose reliability follows the publishers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from rclpy.node import Node
from rclpy.qos import QoSProfile, ReliabilityPolicy

from .cause_log import CauseLog
from .message_types import type_name
from .qos import (
    common_reliability,
    does_reliability_matter,
    reliability_words,
    volatile_profile,
    with_reliability,
)
from .qos_overrides import SUBSCRIPTION, overridden
from .shims import Subscriber

RELIABLE, BEST_EFFORT = ReliabilityPolicy.RELIABLE, ReliabilityPolicy.BEST_EFFORT
AUTO = ReliabilityPolicy.BEST_AVAILABLE


def image_profile(node: Node, topic: str, reliability: str) -> QoSProfile:
    """Return how a topic is subscribed, with ``AUTO`` where its publishers decide.

    Args:
        node: has the ``qos_overrides``.
        topic: name, before remapping.
        reliability: "auto", "reliable" or "best_effort", where no override says more.

    Raises:
        OptionError: an override that is not allowed.
    """
    usual = AUTO if reliability == "auto" else ReliabilityPolicy[reliability.upper()]
    return overridden(node, topic, SUBSCRIPTION, volatile_profile(usual))


class AdaptiveSubscription:
    """Subscribes to a topic through message_filters, as reliably as its publishers offer.

    ``update`` looks at the publishers; call it about once a second. Where they offer another
    reliability than before, the subscription is created again: a message at that moment may
    be lost. All in the executor's thread.

    Args:
        node: owner.
        message_type: of the topic.
        topic: relative name, remapped as usual.
        callback: gets each message.
        reliability: "auto" follows the publishers, "reliable" or "best_effort" does not; the
            node's ``qos_overrides`` go before it, where best_available follows the publishers.

    Raises:
        OptionError: an override that is not allowed.

    Attributes:
        topic: resolved name.
        type: of its messages, such as ``sensor_msgs/msg/Image``.
        offered: reliability of each publisher, at the last look.
        foreign: a type that others publish under this name; DDS gives none of it; "": none.
        reliability: of the subscription.
    """

    def __init__(
        self,
        node: Node,
        message_type: type,
        topic: str,
        callback: Callable[[Any], None],
        reliability: str = "auto",
    ) -> None:
        self._arguments = (node, message_type, topic)
        self._callback = callback
        self._profile = image_profile(node, topic, reliability)
        self.type = type_name(message_type)
        self.topic = node.resolve_topic_name(topic)
        self.offered: list[ReliabilityPolicy] = []
        self.foreign = ""
        self._log = CauseLog.of(node.get_logger(), "info")
        self.reliability = self._profile.reliability
        self._look()
        if self._is_auto:
            self.reliability = common_reliability(self.offered)
        self._subscribe()

    @property
    def _is_auto(self) -> bool:
        return self._profile.reliability == AUTO

    @property
    def unheard(self) -> int:
        """Number of publishers whose messages the subscription does not get."""
        if self.reliability != RELIABLE or not does_reliability_matter():
            return 0
        return self.offered.count(BEST_EFFORT)

    def update(self) -> None:
        """Look at the publishers and subscribe again where another reliability fits."""
        self._look()
        wanted = common_reliability(self.offered)
        # Without publishers there is no reason to change: they may come back as they were.
        if not self._is_auto or not self.offered or not does_reliability_matter():
            return
        if wanted != self.reliability:
            self.destroy()
            self.reliability = wanted
            self._subscribe()
            words = reliability_words(wanted)
            self._log(f"{self.topic} is now subscribed {words}")

    def destroy(self) -> None:
        """End the subscription."""
        self._arguments[0].destroy_subscription(self._subscriber.sub)

    def _look(self) -> None:
        infos = self._arguments[0].get_publishers_info_by_topic(self.topic)
        own = [info for info in infos if info.topic_type == self.type]
        self.offered = [info.qos_profile.reliability for info in own]
        self.foreign = next((info.topic_type for info in infos if info not in own), "")

    def _subscribe(self) -> None:
        # No other keyword: message_filters.Subscriber takes none in some releases.
        profile = with_reliability(self._profile, self.reliability)
        self._subscriber = Subscriber(*self._arguments, qos_profile=profile)
        self._subscriber.registerCallback(self._callback)
