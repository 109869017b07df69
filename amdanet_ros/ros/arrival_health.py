"""Each camera's health, measured when its picture comes: also of those that are never computed."""

from __future__ import annotations

from typing import Any

from ..inference import HealthMonitor, ModalityHealth
from .compressed_images import is_compressed
from .image_messages import BadImage, crop, rgb_sample, thermal_from_message

_SAMPLES = 16_000
"""Below what the monitor looks at, so that it does not thin out the sample once more."""


class ArrivalHealth:
    """Judges raw images from a sparse sample, some 0.3 ms each, in the executor's thread.

    Compressed images and those left to cv_bridge must be decoded first: the worker judges these.

    Args:
        margins: ``thermal.crop``: what is cut off does not count.
    """

    def __init__(self, margins: tuple[int, int, int, int]) -> None:
        self._margins = margins
        self._monitor = HealthMonitor()

    def reset(self) -> None:
        """Forget the past of both streams."""
        self._monitor.reset()

    def of_rgb(self, message: Any, stamp_ns: int) -> ModalityHealth | None:
        """Return the health of an RGB message that was checked; None where it must be decoded."""
        sample = rgb_sample(message, _SAMPLES)
        return None if sample is None else self._monitor.check_rgb(sample, stamp_ns or None)

    def of_thermal(self, message: Any, stamp_ns: int) -> ModalityHealth | None:
        """Return the health of a thermal message that was checked; None where it must be decoded.

        None too where ``thermal.crop`` leaves nothing: the worker refuses that picture.
        """
        if is_compressed(message):
            return None
        try:
            thermal = crop(thermal_from_message(message), self._margins)
        except BadImage:
            return None
        return self._monitor.check_thermal(thermal, stamp_ns or None)
