"""Gives a running node's topics to the page of `amdanet view`, while somebody watches."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import numpy as np
from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus
from rclpy.clock import Clock, ClockType
from rclpy.node import Node
from sensor_msgs.msg import CompressedImage, Image

from ..images.errors import BadImage
from ..images.rgb import rgb_from_message
from ..msg import SemanticSegmentation
from ..one_line import one_line
from ..pipeline.arrived_image import ArrivedImage
from ..view.arrivals import OUTPUTS, Arrivals
from ..view.frame import HEALTH, CameraState, ClassShare, Encoding, ViewFrame, encoded
from ..view.frame_hub import FrameHub
from ..visualization import colorize_thermal
from .adaptive_subscription import AdaptiveSubscription
from .guarded_executor import GuardedExecutor
from .shutdown import until_shutdown
from .start import naming_creation_errors, ros_started

_LOOK_S = 0.25
_SUBSCRIBED_S = 3.0
"""So long after the last browser has left, the topics stay subscribed: it may load again."""
_MOST_RATE = 20.0
_SILENT_S = 1.0
"""After so long without a pair, the cameras' images are shown alone."""
_STATUS = re.compile(r"([^:]+): (?:(.+)/)?(node|rgb input|thermal input|pairing|output)")
_LATENCY = "Latency, arrival to publish: "


class ViewTopics(NamedTuple):
    """Where the page's images come from.

    Attributes:
        namespace: of the node or its camera pair; relative names lie in it.
        rgb: topic; None: ``rgb/image_raw``. Where nobody publishes it, its ``/compressed``.
        thermal: topic; None: ``thermal/image_raw``; likewise.
    """

    namespace: str = ""
    rgb: str | None = None
    thermal: str | None = None


class ViewNode(Node):
    """Subscribes while somebody watches, and puts together what belongs to one pair.

    Args:
        topics: of the node to look at.
        hub: gets the frames.
        encoding: how images are sent.
    """

    def __init__(self, topics: ViewTopics, hub: FrameHub, encoding: Encoding) -> None:
        super().__init__("amdanet_view", namespace=topics.namespace, use_global_arguments=False)
        self._hub = hub
        self._encoding = encoding
        self._images = {
            "fused": "fused/image_raw",
            "overlay": "segmentation/overlay",
            "rgb": topics.rgb or "rgb/image_raw",
            "thermal": topics.thermal or "thermal/image_raw",
        }
        self._sources: dict[str, AdaptiveSubscription] = {}
        self._arrivals = Arrivals()
        self._told: dict[str, DiagnosticStatus] = {}
        self._last_frame = self._last_watched = 0.0
        # Simulated time may stand still.
        self.create_timer(_LOOK_S, self._look, clock=Clock(clock_type=ClockType.STEADY_TIME))
        self.create_subscription(DiagnosticArray, "/diagnostics", self._on_diagnostics, 10)

    def _look(self) -> None:
        now = time.monotonic()
        if self._hub.watchers:
            self._last_watched = now
            self._follow()
            if now - self._last_frame > _SILENT_S:
                self._show(self._arrivals.last_pair)
        elif self._sources and now - self._last_watched > _SUBSCRIBED_S:
            for source in self._sources.values():
                source.destroy()
            self._sources.clear()
            self._arrivals.clear()

    def _follow(self) -> None:
        """Subscribe, as raw or compressed images, and as reliably as they are published."""
        kinds = {"segmentation": (SemanticSegmentation, "segmentation")}
        for name, topic in self._images.items():
            jpeg = f"{topic}/compressed"
            is_raw = self.count_publishers(topic) or not self.count_publishers(jpeg)
            kinds[name] = (Image, topic) if is_raw else (CompressedImage, jpeg)
        for name, (kind, topic) in kinds.items():
            source = self._sources.get(name)
            if source is not None and source.topic == self.resolve_topic_name(topic):
                source.update()
                continue
            if source is not None:
                source.destroy()
            self._sources[name] = AdaptiveSubscription(self, kind, topic, self._put(name))

    def _put(self, name: str) -> Callable[[Any], None]:
        return lambda message: self._on_message(name, message)

    def _on_message(self, name: str, message: Any) -> None:
        stamp_ns = _nanoseconds(message.header.stamp)
        if name not in OUTPUTS:
            self._arrivals.put_camera(name, stamp_ns, len(message.data), message)
            return
        is_whole = self._arrivals.put_output(name, stamp_ns, message)
        if is_whole and time.monotonic() - self._last_frame > 1 / _MOST_RATE:
            self._show(stamp_ns)

    def _on_diagnostics(self, array: DiagnosticArray) -> None:
        namespace = self.get_namespace().strip("/")
        for status in array.status:
            found = _STATUS.fullmatch(status.name)
            if found is None:
                continue
            place = found[1].rpartition("/")[0]
            pair = "/".join(filter(None, (place, found[2])))
            if pair == namespace or (found[3] == "node" and namespace.startswith(place)):
                self._told[found[3]] = status

    def _show(self, stamp_ns: int | None) -> None:
        """Show a pair; None: the cameras' last images."""
        self._last_frame = time.monotonic()
        frame = _frame(self._source_words(), self._arrivals, stamp_ns, self._told)
        if frame is not None:
            self._hub.put(encoded(frame, self._encoding))

    def _source_words(self) -> str:
        topics = [self._sources[name].topic for name in ("rgb", "thermal")]
        return f"{topics[0]} and {topics[1]}, live"


def _frame(
    source: str,
    arrivals: Arrivals,
    stamp_ns: int | None,
    told: Mapping[str, DiagnosticStatus],
) -> ViewFrame:
    outputs = {} if stamp_ns is None else arrivals.outputs(stamp_ns)
    segmentation = outputs.pop("segmentation", None)
    offset_ns = None if segmentation is None else _nanoseconds(segmentation.time_offset)
    messages = {
        **outputs,
        "rgb": arrivals.camera("rgb", stamp_ns),
        "thermal": arrivals.camera(
            "thermal", None if stamp_ns is None else stamp_ns + (offset_ns or 0)
        ),
    }
    images, notes = {}, _notes(told)
    for name, message in messages.items():
        try:
            if message is not None:
                images[name] = _decoded(name, message)
        except BadImage as bad:
            notes.append(f"{name}: {bad}")
    return ViewFrame(
        source=source,
        images=images,
        stamp_ns=stamp_ns,
        offset_ns=offset_ns,
        classes=[] if segmentation is None else _classes(segmentation),
        health={} if segmentation is None else _health(segmentation),
        latencies=_latencies(told),
        notes=notes,
    )


def _decoded(name: str, message: Any) -> np.ndarray:
    if name == "thermal":
        return colorize_thermal(ArrivedImage("thermal", message).image())
    if name == "rgb":
        return ArrivedImage("rgb", message).image()
    return rgb_from_message(message)


def _classes(message: SemanticSegmentation) -> list[ClassShare]:
    rows = zip(
        message.class_names,
        message.class_colors,
        message.class_areas,
        message.class_confidences,
        strict=False,
    )
    return [
        ClassShare(name, tuple(_byte(c) for c in (color.r, color.g, color.b)), area, confidence)
        for name, color, area, confidence in rows
    ]


def _byte(value: float) -> int:
    return round(255 * min(max(value, 0.0), 1.0)) if value == value else 0


def _health(message: SemanticSegmentation) -> dict[str, CameraState]:
    states = {"rgb": message.rgb_health, "thermal": message.thermal_health}
    return {
        stream: CameraState(HEALTH[min(state.status, len(HEALTH) - 1)], state.reason)
        for stream, state in states.items()
    }


def _latencies(told: Mapping[str, DiagnosticStatus]) -> dict[str, float]:
    values = {each.key: each.value for each in told["output"].values} if "output" in told else {}
    found = {}
    for words, key in (("median", "median (ms)"), ("95 %", "95 % (ms)")):
        try:
            found[words] = float(values[_LATENCY + key])
        except (KeyError, ValueError):
            continue
    return found


def _notes(told: Mapping[str, DiagnosticStatus]) -> list[str]:
    """Return what the node's diagnostics say beyond OK; or that none have come."""
    if not told:
        return ["no diagnostics of a node amdanet have come here: is it running?"]
    return [
        f"{name}: {one_line(status.message)}"
        for name, status in told.items()
        if status.level != DiagnosticStatus.OK
    ]


def _nanoseconds(stamp: Any) -> int:
    return stamp.sec * 1_000_000_000 + stamp.nanosec


def run_view(topics: ViewTopics, hub: FrameHub, encoding: Encoding) -> None:
    """Give frames to a hub until rclpy is shut down or a signal comes.

    Raises:
        ProgramError: rclpy cannot start, or a name cannot be used.
    """
    with ros_started([]), until_shutdown():
        with naming_creation_errors("amdanet_view"):
            node = ViewNode(topics, hub, encoding)
        executor = GuardedExecutor()
        executor.add_node(node)
        try:
            executor.spin()
        finally:
            executor.shutdown()
            node.destroy_node()
