"""Each camera's health, measured when its picture comes: also of those that are never computed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from ..images.compressed import is_compressed
from ..pipeline.health import HEALTH_SAMPLES, HealthMonitor, ModalityHealth
from .cv_bridge_fallback import cv_bridge_fallback
from .image_messages import BadImage, crop, rgb_from_message, rgb_sample, thermal_from_message
from .latest_job_worker import LatestJobWorker


class _Coded(NamedTuple):
    """A message whose picture must be decoded."""

    stream: str
    message: Any
    stamp_ns: int


class ArrivalHealth:
    """Judges the pictures of both streams as they come, and tells.

    Raw images at once from a sparse sample, some 0.2 ms each, in the caller's thread. Compressed
    ones and those left to cv_bridge must be decoded: a thread for each such stream does that, so
    that the caller never waits; it takes the newest picture, should it fall behind the camera.

    Args:
        margins: ``thermal.crop``: what is cut off does not count.
        tell: gets the stream, "rgb" or "thermal", and each picture's health; from these threads.
        failed: gets what a decoding thread raised that no picture should be able to cause.
    """

    def __init__(
        self,
        margins: tuple[int, int, int, int],
        tell: Callable[[str, ModalityHealth], None],
        failed: Callable[[Exception], None],
    ) -> None:
        self._margins = margins
        self._tell = tell
        self._failed = failed
        self._workers: dict[str, LatestJobWorker[_Coded]] = {}
        self.reset()

    def reset(self) -> None:
        """Forget the past of both streams."""
        self._monitor = HealthMonitor()
        # Of what the decoding threads judge; one that is at work keeps the former to its end.
        self._decoded = HealthMonitor()

    def of_rgb(self, message: Any, stamp_ns: int) -> ModalityHealth | None:
        """Return the health of an RGB message that was checked; None where it must be decoded."""
        # No more than the monitor looks at: it does not thin out the sample once more.
        sample = rgb_sample(message, HEALTH_SAMPLES)
        if sample is None:
            self._decode("rgb", message, stamp_ns)
            return None
        return self._told("rgb", self._monitor.check_rgb(sample, stamp_ns or None))

    def of_thermal(self, message: Any, stamp_ns: int) -> ModalityHealth | None:
        """Return the health of a thermal message that was checked; None where it must be decoded.

        None too where ``thermal.crop`` leaves nothing: the worker refuses that picture.
        """
        if is_compressed(message):
            self._decode("thermal", message, stamp_ns)
            return None
        try:
            thermal = self._thermal(message)
        except BadImage:
            return None
        return self._told("thermal", self._monitor.check_thermal(thermal, stamp_ns or None))

    def close(self) -> None:
        """End the decoding threads."""
        for worker in self._workers.values():
            worker.stop()

    def _told(self, stream: str, health: ModalityHealth) -> ModalityHealth:
        self._tell(stream, health)
        return health

    def _thermal(self, message: Any) -> np.ndarray:
        return crop(thermal_from_message(message), self._margins)

    def _decode(self, stream: str, message: Any, stamp_ns: int) -> None:
        if stream not in self._workers:
            self._workers[stream] = LatestJobWorker(
                self._judge, self._failed, name=f"{stream} health"
            )
        self._workers[stream].submit(_Coded(stream, message, stamp_ns))

    def _judge(self, coded: _Coded) -> None:
        monitor, stamp = self._decoded, coded.stamp_ns or None
        try:
            if coded.stream == "rgb":
                rgb = rgb_from_message(coded.message, cv_bridge_fallback())
                self._told("rgb", monitor.check_rgb(rgb, stamp))
            else:
                thermal = self._thermal(coded.message)
                self._told("thermal", monitor.check_thermal(thermal, stamp))
        except BadImage:
            return  # told where the pair is computed
