"""Each camera's health, measured when its image comes: also of those that are never computed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..images.errors import BadImage
from ..pipeline.arrived_image import ArrivedImage
from ..pipeline.health import HealthMonitor, ModalityHealth
from .latest_job_worker import LatestJobWorker


class ArrivalHealth:
    """Measures the health of both cameras' images as they come.

    Raw images at once from a sparse sample, some 0.2 ms each, in the caller's thread. Those that
    must be decoded: in a thread for each such stream, which takes the newest image where it is
    slower than the camera.

    Args:
        margins: ``thermal.crop``: what is cut off does not count.
        warn: logs what a decoding thread raised that no image should be able to cause.

    Attributes:
        latest: health of the last image of each stream.
    """

    def __init__(self, margins: tuple[int, int, int, int], warn: Callable[[str], Any]) -> None:
        self.latest: dict[str, ModalityHealth] = {}
        self._margins = margins
        self._warn = warn
        self._workers: dict[str, LatestJobWorker[ArrivedImage]] = {}
        self.reset()

    def reset(self) -> None:
        """Forget the past of both streams."""
        self._monitor = HealthMonitor()
        # For the decoding threads; one that is at work keeps the former to its end.
        self._decoding_monitor = HealthMonitor()

    def measure(self, image: ArrivedImage) -> None:
        """Measure an image's health: ``image.health`` is set now, or ``latest`` a little later."""
        sample = image.sample()
        if sample is None:
            self._worker(image.stream).submit(image)
            return
        try:
            image.health = image.judge(sample, self._monitor, self._margins)
        except BadImage:  # thermal.crop leaves nothing of it: the pipeline refuses it
            return
        self.latest[image.stream] = image.health

    def close(self) -> None:
        """End the decoding threads."""
        for worker in self._workers.values():
            worker.stop()

    def _worker(self, stream: str) -> LatestJobWorker[ArrivedImage]:
        if stream not in self._workers:
            self._workers[stream] = LatestJobWorker(
                self._decode, lambda image, error: self._failed(error), name=f"{stream} health"
            )
        return self._workers[stream]

    def _decode(self, image: ArrivedImage) -> None:
        monitor = self._decoding_monitor
        try:
            self.latest[image.stream] = image.judge(image.image(), monitor, self._margins)
        except BadImage:
            return  # counted where the pair is computed

    def _failed(self, error: Exception) -> None:
        self._warn(f"the health of an image was not measured: {type(error).__name__}: {error}")
