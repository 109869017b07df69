"""Both image topics into the synchroniser, and its pairs out of it."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

from rclpy.clock import Clock, ClockType
from rclpy.lifecycle import LifecycleNode
from sensor_msgs.msg import CompressedImage, Image

from ..pairing import PairSynchronizer
from ..pipeline.health import ModalityHealth
from .arrival_health import ArrivalHealth
from .image_messages import BadImage
from .legacy_settings import Settings
from .qos import AdaptiveSubscription
from .stamps import nanoseconds

_SHORTEST_TIMER_NS = 500_000


@dataclass(frozen=True)
class PairJob:
    """What belongs together and is to be computed.

    Attributes:
        rgb: message, or None where the RGB camera stopped and the thermal one goes on alone.
        thermal: message, or None likewise.
        stamp_ns: of the RGB message; the corrected thermal stamp where there is none.
        offset_ns: corrected thermal stamp minus RGB stamp; 0 for one message alone.
        thermal_stamp_ns: of the thermal message, as it came; None where there is none.
        arrival_ns: ``time.monotonic_ns()`` when the message came that completed it.
        rgb_health: measured when the picture came; None where it had to be decoded first, or
            where there is none.
        thermal_health: likewise.
    """

    rgb: Any
    thermal: Any
    stamp_ns: int
    offset_ns: int
    thermal_stamp_ns: int | None
    arrival_ns: int
    rgb_health: ModalityHealth | None
    thermal_health: ModalityHealth | None


class _Arrived(NamedTuple):
    """A message that waits for its partner, and the health of its picture where that is known."""

    message: Any
    health: ModalityHealth | None


_NOTHING = _Arrived(None, None)


class PairSubscription:
    """Subscribes to both cameras and hands out pairs, and with ``substitute`` single images.

    All in the executor's thread.

    Args:
        node: owner.
        settings: of the node.
        checks: by stream ("rgb", "thermal"), a cheap check that raises ``BadImage``.
        on_job: gets what is to be computed, in order.
        on_bad: gets the stream, the topic and the ``BadImage`` of a refused message.
        on_health: gets the stream and the health of each picture, whatever becomes of it; from
            another thread where the picture must be decoded.
        on_error: gets what such a thread raised unexpectedly.
    """

    def __init__(
        self,
        node: LifecycleNode,
        settings: Settings,
        checks: dict[str, Callable[[Any], None]],
        on_job: Callable[[PairJob], None],
        on_bad: Callable[[str, str, BadImage], None],
        on_health: Callable[[str, ModalityHealth], None],
        on_error: Callable[[Exception], None],
    ) -> None:
        self._node = node
        self._checks = checks
        self._on_job = on_job
        self._on_bad = on_bad
        self._health = ArrivalHealth(settings.thermal.crop, on_health, on_error)
        sync = settings.sync
        self.synchronizer = PairSynchronizer(
            sync.slop,
            sync.queue_size,
            sync.thermal_offset,
            sync.reuse_thermal,
            sync.max_wait,
            settings.single_modality == "substitute",
        )
        # A wait lasts real time, whatever the simulated clock does.
        self._deadline_timer = node.create_timer(
            1.0, self._on_deadline, clock=Clock(clock_type=ClockType.STEADY_TIME)
        )
        self._deadline_timer.cancel()
        self._timed_deadline: int | None = None
        self.inputs = {
            "rgb": self._subscribe("rgb", settings.rgb_transport, settings, self._on_rgb),
            "thermal": self._subscribe(
                "thermal", settings.thermal_transport, settings, self._on_thermal
            ),
        }

    def apply(self, settings: Settings) -> None:
        """Take over what may change at run time."""
        self.synchronizer.slop = settings.sync.slop
        if self.synchronizer.thermal_offset != settings.sync.thermal_offset:
            self.synchronizer.thermal_offset = settings.sync.thermal_offset
        self.synchronizer.reuse_thermal = settings.sync.reuse_thermal
        self.synchronizer.max_wait = settings.sync.max_wait
        self.synchronizer.keep_unmatched = settings.single_modality == "substitute"
        self._set_timer()

    def reset(self) -> None:
        """Forget all images that wait."""
        self.synchronizer.reset()
        self._health.reset()
        self._set_timer()

    def update(self) -> None:
        """Follow publishers that came, left or changed; call about once a second."""
        for each in self.inputs.values():
            each.update()

    def destroy(self) -> None:
        """End both subscriptions, for ``stop`` to follow."""
        for each in self.inputs.values():
            each.destroy()
        self._node.destroy_timer(self._deadline_timer)

    def stop(self) -> None:
        """End the threads."""
        self._health.close()

    def _subscribe(
        self,
        stream: str,
        transport: str,
        settings: Settings,
        callback: Callable[[Any], None],
    ) -> AdaptiveSubscription:
        compressed = transport == "compressed"
        return AdaptiveSubscription(
            self._node,
            CompressedImage if compressed else Image,
            f"{stream}/image_raw/compressed" if compressed else f"{stream}/image_raw",
            callback,
            settings.qos_reliability,
        )

    def _on_rgb(self, message: Any) -> None:
        now = time.monotonic_ns()
        if self._is_good("rgb", message):
            stamp = nanoseconds(message.header.stamp)
            item = _Arrived(message, self._health.of_rgb(message, stamp))
            self._hand_out(self.synchronizer.add_rgb(stamp, item, now), now)

    def _on_thermal(self, message: Any) -> None:
        now = time.monotonic_ns()
        if self._is_good("thermal", message):
            stamp = nanoseconds(message.header.stamp)
            item = _Arrived(message, self._health.of_thermal(message, stamp))
            self._hand_out(self.synchronizer.add_thermal(stamp, item, now), now)

    def _on_deadline(self) -> None:
        self._deadline_timer.cancel()
        self._timed_deadline = None
        now = time.monotonic_ns()
        self._hand_out(self.synchronizer.poll(now), now)

    def _is_good(self, stream: str, message: Any) -> bool:
        try:
            self._checks[stream](message)
        except BadImage as bad:
            self._on_bad(stream, self.inputs[stream].topic, bad)
            return False
        return True

    def _hand_out(self, pairs: list[Any], now: int) -> None:
        for pair in pairs:
            self._offer(
                pair.rgb,
                pair.thermal,
                pair.rgb_stamp_ns,
                pair.offset_ns,
                pair.thermal_stamp_ns,
                now,
            )
        if self.synchronizer.keep_unmatched:
            self._hand_out_alone(now)
        self._set_timer()

    def _hand_out_alone(self, now: int) -> None:
        for alone in self.synchronizer.take_unmatched():
            if alone.reason != "silent":
                continue
            if alone.stream == "rgb":
                self._offer(alone.item, _NOTHING, alone.stamp_ns, 0, None, now)
            else:
                stamp = alone.stamp_ns + round(self.synchronizer.thermal_offset * 1e9)
                self._offer(_NOTHING, alone.item, stamp, 0, alone.stamp_ns, now)

    def _offer(
        self,
        rgb: _Arrived,
        thermal: _Arrived,
        stamp_ns: int,
        offset_ns: int,
        thermal_stamp_ns: int | None,
        now: int,
    ) -> None:
        self._on_job(
            PairJob(
                rgb.message,
                thermal.message,
                stamp_ns,
                offset_ns,
                thermal_stamp_ns,
                now,
                rgb.health,
                thermal.health,
            )
        )

    def _set_timer(self) -> None:
        """Let the timer end at the synchroniser's deadline; it does not run where there is none."""
        deadline = self.synchronizer.deadline_ns
        if deadline == self._timed_deadline:
            return
        self._timed_deadline = deadline
        if deadline is None:
            self._deadline_timer.cancel()
            return
        self._deadline_timer.timer_period_ns = max(
            _SHORTEST_TIMER_NS, deadline - time.monotonic_ns()
        )
        self._deadline_timer.reset()
