"""The topics of one camera: what they are called, and the subscriptions to them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from rclpy.node import Node
from sensor_msgs.msg import CameraInfo, CompressedImage, Image

from ..findings import Finding, FindingKind, Level
from ..settings import Settings
from .adaptive_subscription import AdaptiveSubscription, image_profile
from .finding_text import TopicNames
from .message_types import type_name
from .no_publisher import no_publisher
from .qos import LAST_ONE_QOS, reliability_words
from .qos_overrides import SUBSCRIPTION, overridden

STREAMS = ("rgb", "thermal")
_RAW, _COMPRESSED = type_name(Image), type_name(CompressedImage)


def topic_names(node: Node, settings: Settings, pair: str = "") -> TopicNames:
    """Return what the topics of a camera pair are called.

    Args:
        node: owner, whose remappings count.
        settings: of the camera pair.
        pair: its name; "": the only one.
    """
    transports = {"rgb": settings.rgb_transport, "thermal": settings.thermal_transport}
    inputs = {
        stream: f"{pair}/{stream}/image_raw".lstrip("/") + "/compressed" * (kind == "compressed")
        for stream, kind in transports.items()
    }
    inputs["depth"] = depth_topic(pair, settings)
    infos = {stream: camera_info_topic(pair, stream) for stream in STREAMS}
    resolve = node.resolve_topic_name
    return TopicNames(
        inputs,
        {stream: resolve(topic) for stream, topic in inputs.items()},
        {stream: resolve(topic) for stream, topic in infos.items()},
        pair,
    )


def camera_info_topic(pair: str, stream: str) -> str:
    """Return the relative name of a camera's calibration topic."""
    return f"{pair}/{stream}/camera_info".lstrip("/")


def depth_topic(pair: str, settings: Settings) -> str:
    """Return the name of a camera pair's depth topic, before remapping."""
    topic = settings.fusion.depth.topic
    return topic if topic[0] in "/~" else f"{pair}/{topic}".lstrip("/")


def check_overrides(node: Node, names: TopicNames, reliability: str) -> None:
    """Look at the ``qos_overrides`` of all subscriptions of a camera pair before they are made.

    Raises:
        OptionError: one is not allowed.
    """
    for topic in names.inputs.values():
        image_profile(node, topic, reliability)
    for stream in STREAMS:
        overridden(node, camera_info_topic(names.pair, stream), SUBSCRIPTION, LAST_ONE_QOS)


class CameraInput:
    """The subscriptions to one camera, and its last calibration.

    Args:
        node: owner.
        names: of the camera pair.
        stream: "rgb" or "thermal".
        reliability: parameter ``qos.reliability``.
        callback: gets each image message.

    Attributes:
        images: the subscription to its images.
        info: its last ``camera_info``; None: none has come.
    """

    def __init__(
        self,
        node: Node,
        names: TopicNames,
        stream: str,
        reliability: str,
        callback: Callable[[Any], None],
    ) -> None:
        self._node = node
        self._stream = stream
        topic = self._input = names.inputs[stream]
        kind = CompressedImage if topic.endswith("/compressed") else Image
        self.images = AdaptiveSubscription(node, kind, topic, callback, reliability)
        self.info: CameraInfo | None = None
        try:
            topic = camera_info_topic(names.pair, stream)
            profile = overridden(node, topic, SUBSCRIPTION, LAST_ONE_QOS)
            self._infos = node.create_subscription(CameraInfo, topic, self._on_info, profile)
        except Exception:
            self.images.destroy()
            raise

    def findings(self) -> list[Finding]:
        """Say why nothing can come, as of the last look at the publishers."""
        publishers = len(self.images.offered)
        if not publishers:
            return [self._nothing()]
        if unheard := self.images.unheard:
            values = {"count": unheard, "publishers": publishers}
            return [Finding(FindingKind.RELIABILITY_MISMATCH, self._stream, Level.ERROR, values)]
        return []

    def _nothing(self) -> Finding:
        """Return why no message can come, and what is there instead."""
        is_raw = self.images.type == _RAW
        suffix = "/compressed"
        transport = "compressed" if is_raw else "raw"
        found = self.images.topic + suffix if is_raw else self.images.topic.removesuffix(suffix)
        other = self._input + suffix if is_raw else self._input.removesuffix(suffix)
        values: dict[str, str] = {"transport": transport, "other": other}
        foreign = self.images.foreign
        if foreign:
            fix = values if foreign == (_COMPRESSED if is_raw else _RAW) else {}
            about = {"type": foreign, "wanted": self.images.type}
            return Finding(FindingKind.WRONG_TYPE, self._stream, Level.ERROR, {**about, **fix})
        if found != self.images.topic and self._node.count_publishers(found):
            values["found"] = found
            return Finding(FindingKind.OTHER_TRANSPORT, self._stream, Level.ERROR, values)
        return no_publisher(self._node, self._stream, self.images.topic, Level.ERROR)

    def values(self) -> dict[str, object]:
        """Return what the diagnostics report about the image subscription."""
        return {
            "Topic": self.images.topic,
            "Publishers": len(self.images.offered),
            "Subscribed": reliability_words(self.images.reliability),
        }

    def destroy(self) -> None:
        """End both subscriptions."""
        self.images.destroy()
        self._node.destroy_subscription(self._infos)

    def _on_info(self, message: CameraInfo) -> None:
        self.info = message
