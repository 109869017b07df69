"""What is said of a topic of images that nobody publishes: which topics have images."""

from __future__ import annotations

import difflib

from rclpy.node import Node
from sensor_msgs.msg import CompressedImage, Image

from ..findings import Finding, FindingKind, Level
from ..one_line import one_line
from .message_types import type_name

_TYPES = {type_name(Image), type_name(CompressedImage)}
_MOST = 3


def no_publisher(node: Node, stream: str, topic: str, level: Level) -> Finding:
    """Return the finding that nobody publishes a stream's topic, with topics that have images.

    Args:
        node: that subscribes to it; its own topics are not named.
        stream: "rgb", "thermal" or "depth".
        topic: that nobody publishes; the names that are most like it come first.
        level: of the finding.
    """
    published = _published_images(node, topic)
    values = {"published": published} if published else {}
    return Finding(FindingKind.NO_PUBLISHER, stream, level, values)


def _published_images(node: Node, wanted: str) -> str:
    """Return such as "/camera/image_raw, /front/image and 2 more"; "" where there are none."""
    own = {each.topic_name for each in (*node.publishers, *node.subscriptions)}
    others = [
        topic
        for topic, types in node.get_topic_names_and_types()
        if topic not in own and not _TYPES.isdisjoint(types) and node.count_publishers(topic)
    ]
    likeness = {topic: difflib.SequenceMatcher(None, wanted, topic).ratio() for topic in others}
    nearest = sorted(others, key=lambda topic: (-likeness[topic], topic))
    words = ", ".join(one_line(topic) for topic in nearest[:_MOST])
    return words + (f" and {len(nearest) - _MOST} more" if len(nearest) > _MOST else "")
