"""The topics of one camera pair in, pairs out: all in the executor's thread."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

from rclpy.clock import Clock, ClockType
from rclpy.lifecycle import LifecycleNode

from ..images.errors import BadImage
from ..pairing import Pair, PairSynchronizer, Reason, Unmatched
from ..pipeline.arrived_image import ArrivedImage
from ..settings import Settings
from .arrival_health import ArrivalHealth
from .camera_input import STREAMS, CameraInput
from .depth_input import DepthInput
from .finding_text import TopicNames

_LONGEST_FRAME = 1000
_SHORTEST_TIMER_NS = 500_000


@dataclass(frozen=True, eq=False)
class ArrivedPair:
    """Images that belong together and are to be computed.

    Attributes:
        rgb: None where the RGB camera stopped and the thermal one goes on alone.
        thermal: None likewise.
        stamp_ns: of the RGB image; the corrected thermal stamp where there is none.
        offset_ns: corrected thermal stamp minus RGB stamp; 0 for one image alone.
        arrival_ns: ``time.monotonic_ns()`` when the message came that completed it.
    """

    rgb: ArrivedImage | None
    thermal: ArrivedImage | None
    stamp_ns: int
    offset_ns: int
    arrival_ns: int


class PairSubscription:
    """Subscribes to both cameras and puts out pairs, and with ``substitute`` single images.

    Args:
        node: owner.
        names: of the camera pair.
        settings: of the camera pair.
        on_pair: gets what is to be computed, in order.
        on_bad: gets each image that is refused on arrival.
        warn: logs a warning, throttled by cause; from any thread.

    Attributes:
        inputs: by stream.
        synchronizer: of this camera pair.
        health: of both cameras' images.
        depth: depth images, while the registration wants them.
    """

    def __init__(
        self,
        node: LifecycleNode,
        names: TopicNames,
        settings: Settings,
        on_pair: Callable[[ArrivedPair], None],
        on_bad: Callable[[BadImage], None],
        warn: Callable[[str], Any],
    ) -> None:
        self._node = node
        self._on_pair = on_pair
        self._on_bad = on_bad
        self.health = ArrivalHealth(settings.fusion.thermal.crop, warn)
        self.synchronizer = PairSynchronizer(settings.sync)
        # A wait lasts real time, whatever the simulated clock does.
        self._timer = node.create_timer(
            1.0, self._on_deadline, clock=Clock(clock_type=ClockType.STEADY_TIME)
        )
        self._timer.cancel()
        self._timed_deadline: int | None = None
        self.depth = DepthInput(node, names.inputs["depth"], on_bad)
        self.apply(settings)
        self.inputs: dict[str, CameraInput] = {}
        try:
            for stream in STREAMS:
                callback = partial(self._on_message, stream)
                self.inputs[stream] = CameraInput(
                    node, names, stream, settings.qos_reliability, callback
                )
        except Exception:
            self.destroy()
            raise

    def apply(self, settings: Settings) -> None:
        """Take over what may change at run time."""
        self._reading = settings.fusion.reading
        self.synchronizer.options = settings.sync
        self.synchronizer.keep_unmatched = settings.fusion.single_modality == "substitute"
        self._set_timer()
        self.depth.apply(settings)

    def reset(self) -> None:
        """Forget all images that wait."""
        self.depth.reset()
        self.synchronizer.reset()
        self.health.reset()
        self._set_timer()

    def update(self) -> None:
        """Follow publishers that came, left or changed; call about once a second."""
        for each in self.inputs.values():
            each.images.update()
        self.depth.update()

    def destroy(self) -> None:
        """End the subscriptions, for ``stop`` to follow."""
        for each in self.inputs.values():
            each.destroy()
        self.depth.destroy()
        self._node.destroy_timer(self._timer)

    def stop(self) -> None:
        """End the threads."""
        self.health.close()

    def _on_message(self, stream: str, message: Any) -> None:
        now = time.monotonic_ns()
        try:
            image = ArrivedImage(stream, message, self._reading)
            _check_frame(image)
        except BadImage as bad:
            self._on_bad(bad)
            return
        self.health.measure(image)
        add = self.synchronizer.add_rgb if stream == "rgb" else self.synchronizer.add_thermal
        self._put_out(add(image.stamp_ns, image, now), now)

    def _on_deadline(self) -> None:
        self._timer.cancel()
        self._timed_deadline = None
        now = time.monotonic_ns()
        self._put_out(self.synchronizer.poll(now), now)

    def _put_out(self, pairs: list[Pair], now: int) -> None:
        for rgb, thermal, stamp, _, offset in pairs:
            self._on_pair(ArrivedPair(rgb, thermal, stamp, offset, now))
        for alone in self.synchronizer.take_unmatched():
            if alone.reason is Reason.SILENT:
                self._on_pair(self._single(alone, now))
        self._set_timer()

    def _single(self, alone: Unmatched, now: int) -> ArrivedPair:
        if alone.stream == "rgb":
            return ArrivedPair(alone.item, None, alone.stamp_ns, 0, now)
        stamp = alone.stamp_ns + round(self.synchronizer.options.thermal_offset * 1e9)
        return ArrivedPair(None, alone.item, stamp, 0, now)

    def _set_timer(self) -> None:
        """Let the timer end at the synchroniser's deadline; it does not run where there is none."""
        deadline = self.synchronizer.deadline_ns
        if deadline == self._timed_deadline:
            return
        self._timed_deadline = deadline
        if deadline is None:
            self._timer.cancel()
            return
        self._timer.timer_period_ns = max(_SHORTEST_TIMER_NS, deadline - time.monotonic_ns())
        self._timer.reset()


def _check_frame(image: ArrivedImage) -> None:
    """Refuse a frame's name that is none: each output would carry it.

    Raises:
        BadImage: it is too long.
    """
    if len(image.frame_id) > _LONGEST_FRAME:
        raise BadImage(
            f"header.frame_id has {len(image.frame_id)} characters",
            f"at most {_LONGEST_FRAME} are sent on: correct the driver",
            image.stream,
        )
