"""Quality of service: subscriptions that follow the publishers, and profiles of our own."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from rclpy.event_handler import SubscriptionEventCallbacks
from rclpy.lifecycle import LifecycleNode
from rclpy.qos import DurabilityPolicy, HistoryPolicy, QoSProfile, ReliabilityPolicy

from .shims import Subscriber

_DEPTH = 10
_REMEMBERED = 32
_PATIENCE = 3
"""Looks after which an old subscription ends although copies of its messages never came."""


def _profile(reliability: ReliabilityPolicy, depth: int = _DEPTH) -> QoSProfile:
    return QoSProfile(
        history=HistoryPolicy.KEEP_LAST,
        depth=depth,
        reliability=reliability,
        durability=DurabilityPolicy.VOLATILE,
    )


OUTPUT_QOS = _profile(ReliabilityPolicy.RELIABLE)
"""Reliable: serves reliable subscribers (RViz) and best-effort ones."""

LATCHED_QOS = QoSProfile(
    history=HistoryPolicy.KEEP_LAST,
    depth=1,
    reliability=ReliabilityPolicy.RELIABLE,
    durability=DurabilityPolicy.TRANSIENT_LOCAL,
)
"""Whoever joins late gets the last message."""

LAST_ONE_QOS = _profile(ReliabilityPolicy.BEST_EFFORT, depth=1)
"""Matches every publisher."""


def common_reliability(offered: Sequence[ReliabilityPolicy]) -> ReliabilityPolicy:
    """Return the best reliability that matches all publishers: best effort if one offers no more.

    Without publishers best effort, which matches whatever comes.
    """
    if offered and all(policy == ReliabilityPolicy.RELIABLE for policy in offered):
        return ReliabilityPolicy.RELIABLE
    return ReliabilityPolicy.BEST_EFFORT


class AdaptiveSubscription:
    """A subscription to images whose reliability follows the publishers, now and when they change.

    All in the executor's thread. ``update`` is to be called about once a second; events of the
    middleware (a publisher came, left, or does not match) call it at once. At a change the old
    subscription stays until the new one has delivered, so that no message is lost between them.

    Args:
        node: owner.
        message_type: of the topic.
        topic: relative name, remapped as usual.
        callback: gets each message once.
        reliability: "auto", "reliable" or "best_effort".
        parameter: name of the parameter that sets it, for messages to users.
    """

    def __init__(
        self,
        node: LifecycleNode,
        message_type: type,
        topic: str,
        callback: Callable[[Any], None],
        reliability: str = "auto",
        parameter: str = "qos.reliability",
    ) -> None:
        self._node = node
        self._type = message_type
        self._name = topic
        self._callback = callback
        self._is_auto = reliability == "auto"
        self._parameter = parameter
        self._offered: list[ReliabilityPolicy] = []
        self.topic = node.resolve_topic_name(topic)
        # A subscription must not be destroyed from within its own event: a guard condition defers.
        self._recheck = node.create_guard_condition(self.update)
        first = ReliabilityPolicy.RELIABLE
        if self._is_auto:
            self._look()
            first = common_reliability(self._offered)
        elif reliability == "best_effort":
            first = ReliabilityPolicy.BEST_EFFORT
        self._present = self._subscribe(first)
        self._former: _Subscription | None = None
        self._looks = 0

    @property
    def reliability(self) -> str:
        """What is subscribed now: "reliable" or "best effort"."""
        return _words(self._present.reliability)

    @property
    def publishers(self) -> int:
        """Number of publishers at the last look."""
        return len(self._offered)

    @property
    def problem(self) -> str | None:
        """A sentence for people when nothing can come, else None."""
        if not self._offered:
            return (
                f"nobody publishes {self.topic}: start the camera's driver, or remap {self._name} "
                "to its topic"
            )
        if self._present.reliability == ReliabilityPolicy.RELIABLE:
            deaf = sum(policy != ReliabilityPolicy.RELIABLE for policy in self._offered)
            if deaf:
                return (
                    f"{deaf} of {len(self._offered)} publishers of {self.topic} offer best effort, "
                    f"which a reliable subscription does not get: set {self._parameter} to auto"
                )
        return None

    def update(self) -> None:
        """Look at the publishers and subscribe anew where another reliability fits better."""
        self._look()
        self._end_former()
        wanted = common_reliability(self._offered)
        # Without publishers there is no reason to change: they may come back as they were.
        if not self._is_auto or not self._offered or wanted == self._present.reliability:
            return
        self._looks = 0
        if self._former is None:
            self._former, self._present = self._present, self._subscribe(wanted)
        else:
            self._former, self._present = self._present, self._former
            self._present.has_delivered = False
        self._node.get_logger().info(
            f"{self.topic} is subscribed {_words(wanted)} now, as its publishers offer"
        )

    def destroy(self) -> None:
        """End the subscription."""
        for each in filter(None, (self._present, self._former)):
            self._end(each)
        self._node.destroy_guard_condition(self._recheck)

    def _look(self) -> None:
        infos = self._node.get_publishers_info_by_topic(self.topic)
        self._offered = [info.qos_profile.reliability for info in infos]

    def _subscribe(self, reliability: ReliabilityPolicy) -> _Subscription:
        made = _Subscription(
            reliability,
            Subscriber(
                self._node,
                self._type,
                self._name,
                qos_profile=_profile(reliability),
                event_callbacks=SubscriptionEventCallbacks(
                    incompatible_qos=self._on_event, matched=self._on_event
                ),
            ),
        )
        made.subscriber.registerCallback(self._on_message, made)
        return made

    def _end_former(self) -> None:
        """End the old subscription once the new one has delivered and caught up with it."""
        if self._former is None:
            self._present.copies.clear()
            return
        if not self._present.has_delivered:
            return
        self._looks += 1
        if not self._present.copies or self._looks > _PATIENCE:
            self._end(self._former)
            self._former = None

    def _end(self, subscription: _Subscription) -> None:
        self._node.destroy_subscription(subscription.subscriber.sub)

    def _on_message(self, message: Any, subscription: _Subscription) -> None:
        subscription.has_delivered = True
        stamp = (message.header.stamp.sec, message.header.stamp.nanosec)
        if stamp in subscription.copies:
            subscription.copies.remove(stamp)
            return
        if self._former is not None:
            other = self._former if subscription is self._present else self._present
            other.copies.append(stamp)
        self._callback(message)

    def _on_event(self, _: Any) -> None:
        self._recheck.trigger()


@dataclass(eq=False)
class _Subscription:
    """One of the two that may be alive while the reliability changes.

    Attributes:
        reliability: of the subscription.
        subscriber: that delivers.
        has_delivered: whether anything came since it became the present one.
        copies: stamps that the other one has delivered and this one is still to bring.
    """

    reliability: ReliabilityPolicy
    subscriber: Subscriber
    has_delivered: bool = False
    copies: deque[tuple[int, int]] = field(default_factory=lambda: deque(maxlen=_REMEMBERED))


def _words(policy: ReliabilityPolicy) -> str:
    return "reliable" if policy == ReliabilityPolicy.RELIABLE else "best effort"
