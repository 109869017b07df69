"""Topics on which other nodes publish images, for those who look for one that is silent."""

from __future__ import annotations

import difflib

from rclpy.node import Node
from sensor_msgs.msg import CompressedImage, Image

from ..one_line import one_line
from .message_types import type_name

_TYPES = {type_name(Image), type_name(CompressedImage)}
_MOST = 3


def published_images(node: Node, wanted: str) -> str:
    """Return in words the topics with images that a node neither publishes nor subscribes to.

    Args:
        node: whose own topics do not count.
        wanted: topic that nobody publishes; the names that are most like it come first.

    Returns:
        Such as "/camera/image_raw, /front/image and 2 more"; "" where there are none.
    """
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
