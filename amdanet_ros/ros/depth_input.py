"""The depth images of one camera pair, while its registration wants them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from rclpy.node import Node
from sensor_msgs.msg import CompressedImage, Image

from ..findings import Finding, FindingKind, Level
from ..images.errors import BadImage
from ..pipeline.depth_images import DepthImage, DepthImages
from ..pipeline.geometry import is_by_depth
from ..settings import Settings
from .adaptive_subscription import AdaptiveSubscription
from .no_publisher import no_publisher
from .qos import reliability_words


class DepthInput:
    """Subscribes to the depth topic while it is wanted, and keeps the last images.

    Args:
        node: owner.
        topic: relative or whole name.
        on_bad: gets each message that is refused.

    Attributes:
        images: the subscription; None: depth is not wanted.
        placed: pairs by whether a depth image put them in place, or the plane.
    """

    def __init__(self, node: Node, topic: str, on_bad: Callable[[BadImage], None]) -> None:
        self._node = node
        self._topic = topic
        self._on_bad = on_bad
        self._depths = DepthImages(0.0)
        self._received = 0
        self.placed = {True: 0, False: 0}
        self.images: AdaptiveSubscription | None = None

    def apply(self, settings: Settings) -> None:
        """Take over settings of the camera pair, which tell whether depth is wanted."""
        if not is_by_depth(settings.fusion.thermal):
            self.destroy()
        elif self.images is None:
            self._depths = DepthImages(settings.fusion.depth.max_age, settings.fusion.reading)
            kind = CompressedImage if self._topic.endswith("/compressedDepth") else Image
            self.images = AdaptiveSubscription(
                self._node, kind, self._topic, self._on_message, settings.qos_reliability
            )
        else:
            self._depths.max_age = settings.fusion.depth.max_age

    def update(self) -> None:
        """Follow publishers that came, left or changed."""
        if self.images is not None:
            self.images.update()

    def reset(self) -> None:
        """Forget all images."""
        self._depths.clear()

    def near(self, stamp_ns: int) -> DepthImage | None:
        """Return the image nearest to a pair's stamp, see ``DepthImages.near``; for any thread."""
        return self._depths.near(stamp_ns)

    def findings(self) -> list[Finding]:
        """Say why nothing can come, as of the last look at the publishers."""
        if self.images is None or self.images.offered:
            return []
        if self.images.foreign:
            values = {"type": self.images.foreign, "wanted": self.images.type}
            return [Finding(FindingKind.WRONG_TYPE, "depth", Level.WARN, values)]
        return [no_publisher(self._node, "depth", self.images.topic, Level.WARN)]

    def values(self) -> dict[str, object] | None:
        """Return what the diagnostics report about it; None: depth is not wanted."""
        if self.images is None:
            return None
        return {
            "Topic": self.images.topic,
            "Publishers": len(self.images.offered),
            "Subscribed": reliability_words(self.images.reliability),
            "Events since startup": self._received,
            "Pairs put in place by depth": self.placed[True],
            "Pairs put in place by a plane": self.placed[False],
        }

    def destroy(self) -> None:
        """End the subscription."""
        if self.images is not None:
            self.images.destroy()
        self.images = None

    def _on_message(self, message: Any) -> None:
        self._received += 1
        try:
            self._depths.add(message)
        except BadImage as bad:
            self._on_bad(bad)
