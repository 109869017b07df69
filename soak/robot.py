"""The node's surroundings in one ROS node: two cameras, a listener and a lifecycle manager."""

from __future__ import annotations

import contextlib
import threading
import time

import numpy as np
import rclpy
from lifecycle_msgs.msg import Transition
from lifecycle_msgs.srv import ChangeState
from rclpy.executors import ExternalShutdownException, SingleThreadedExecutor
from rclpy.node import Node
from sensor_msgs.msg import Image
from std_msgs.msg import Header

from amdanet_ros.messages.image import image_message
from amdanet_ros.ros.message_types import RclpyTypes

DOWN = (Transition.TRANSITION_DEACTIVATE, Transition.TRANSITION_CLEANUP)
UP = (Transition.TRANSITION_CONFIGURE, Transition.TRANSITION_ACTIVATE)
_TRANSITION_S = 240.0
_DIFFERENT_IMAGES = 8


class Robot(Node):
    """Publishes pairs at a rate, with stamps of now, and notes when their masks come.

    Spins in a thread of its own from the beginning to ``close``.

    Args:
        size: (height, width) of both images.
        rate: pairs a second.

    Attributes:
        sent: pairs so far.
        latencies: seconds from the publishing of a pair to the arrival of its mask.
    """

    def __init__(self, size: tuple[int, int], rate: float) -> None:
        super().__init__("robot")
        random = np.random.default_rng(0)
        # Images that repeat exactly would be reported as frozen.
        self._images = [
            (
                random.integers(0, 255, (*size, 3), dtype=np.uint8),
                random.integers(28000, 31000, size).astype(np.uint16),
            )
            for _ in range(_DIFFERENT_IMAGES)
        ]
        self._cameras = [
            self.create_publisher(Image, f"{stream}/image_raw", 10) for stream in ("rgb", "thermal")
        ]
        self.create_subscription(Image, "segmentation/mask", self._on_mask, 10)
        self._change = self.create_client(ChangeState, "amdanet/change_state")
        self.sent = 0
        self.latencies: list[float] = []
        self._masks = threading.Condition()
        self.create_timer(1.0 / rate, self._send)
        self._executor = SingleThreadedExecutor()
        self._executor.add_node(self)
        self._thread = threading.Thread(target=self._spin)
        self._thread.start()

    def close(self) -> None:
        """Stop spinning and destroy the node."""
        self._executor.shutdown()
        self._thread.join()
        self.destroy_node()

    def cycle(self) -> None:
        """Take the node down to unconfigured and up to active again.

        Raises:
            TimeoutError: a transition is not answered.
            RuntimeError: a transition is refused.
        """
        for transition in (*DOWN, *UP):
            self._transition(transition)

    def wait_for_masks(self, count: int, timeout: float) -> None:
        """Wait until ``count`` more masks have come.

        Raises:
            TimeoutError: they do not come within ``timeout`` seconds.
        """
        with self._masks:
            wanted = len(self.latencies) + count
            if not self._masks.wait_for(lambda: len(self.latencies) >= wanted, timeout):
                raise TimeoutError(f"{count} masks did not come within {timeout:g} s")

    def _spin(self) -> None:
        with contextlib.suppress(ExternalShutdownException):
            self._executor.spin()

    def _send(self) -> None:
        rgb, thermal = self._images[self.sent % len(self._images)]
        header = Header(stamp=self.get_clock().now().to_msg(), frame_id="camera")
        for camera, image, encoding in zip(
            self._cameras, (rgb, thermal), ("rgb8", "mono16"), strict=True
        ):
            camera.publish(image_message(RclpyTypes(), image, encoding, header))
        self.sent += 1

    def _on_mask(self, mask: Image) -> None:
        stamp = rclpy.time.Time.from_msg(mask.header.stamp)
        with self._masks:
            self.latencies.append((self.get_clock().now() - stamp).nanoseconds * 1e-9)
            self._masks.notify_all()

    def _transition(self, number: int) -> None:
        if not self._change.wait_for_service(_TRANSITION_S):
            raise TimeoutError("the node has no lifecycle service")
        answered = threading.Event()
        future = self._change.call_async(ChangeState.Request(transition=Transition(id=number)))
        future.add_done_callback(lambda _: answered.set())
        if not answered.wait(_TRANSITION_S):
            raise TimeoutError(f"transition {number} was not answered")
        if not future.result().success:
            raise RuntimeError(f"transition {number} was refused")


def pause(seconds: float, until_ended) -> None:
    """Wait, and call ``until_ended`` each half second: it raises if the node has ended."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        until_ended()
        time.sleep(min(0.5, max(0.0, end - time.monotonic())))
