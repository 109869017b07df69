"""How far a camera's image can be trusted, measured on every frame from a sparse sample of it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

import cv2
import numpy as np

from ..images.missing_pixels import missing_pixels, sparse_view, surrounds
from ..inference.input_images import check_rgb
from ..inference.thermal_normalization import check_thermal

HEALTH_SAMPLES = 8_000
"""About so many pixels of an image are looked at: shares of it are right to a percent."""

_NOISE_ROWS = 16
_MEDIAN_DIFFERENCE_OF_UNIT_NOISE = 0.9539  # median |a - b| of two independent N(0, 1) values
_FLOAT_RANGE = 100.0  # kelvin: about what a high-gain sensor spans


class HealthStatus(IntEnum):
    """States of msg/ModalityHealth.msg, by the same numbers: higher is worse."""

    OK = 0
    DEGRADED = 1
    FROZEN = 2
    LOST = 3


@dataclass(frozen=True)
class ModalityHealth:
    """One camera's state (msg/ModalityHealth.msg).

    Attributes:
        status: see `HealthStatus`.
        reason: a sentence for a human being; empty when OK.
        saturated: share of pixels at the top of the range, 0 to 1.
        dark: share of pixels at the bottom of the range, 0 to 1.
        contrast: standard deviation over the range, 0 to 1. The range: 255; for uint16 16383 until
            a larger count was seen, then 65535; for float 100 (kelvin).
        frozen: whether the same image came again and again.
    """

    status: HealthStatus = HealthStatus.OK
    reason: str = ""
    saturated: float = 0.0
    dark: float = 0.0
    contrast: float = 0.0
    frozen: bool = False

    @classmethod
    def lost(cls, reason: str) -> ModalityHealth:
        """Return the state of a camera from which no image came; `reason` says for how long."""
        return cls(HealthStatus.LOST, reason)

    @property
    def blank(self) -> str:
        """What an image without content is, "black", "white" or "of one value"; else empty."""
        if self.status in (HealthStatus.OK, HealthStatus.LOST):
            return ""
        if self.dark == 1.0:
            return "black"
        if self.saturated == 1.0:
            return "white"
        return "of one value" if self.contrast == 0.0 else ""


@dataclass(frozen=True)
class HealthThresholds:
    """When an image counts as degraded or frozen.

    Attributes:
        saturated: share of pixels at the top of the range above which an image is degraded.
        dark: the same at the bottom.
        contrast: least standard deviation of an 8-bit image over 255.
        contrast_to_noise: least standard deviation of a 16-bit or float thermal image over the
            pixel noise (which tracks the sensor's NETD): bare noise has 1, a scene far more.
        frozen_seconds: with stamps, identical images over this time are a frozen stream. Longer
            than the duplicates of 9 Hz export-limited cameras on a 30 or 60 Hz stream.
        frozen_frames: without stamps, this many repetitions are.
    """

    saturated: float = 0.4
    dark: float = 0.85
    contrast: float = 0.02
    contrast_to_noise: float = 1.5
    frozen_seconds: float = 0.4
    frozen_frames: int = 8


class HealthMonitor:
    """Measures both cameras' health frame by frame; remembers only what tells a frozen stream.

    Give the stamps where they are known: a thermal image that is used for two RGB images then does
    not count as repeated by the camera.
    """

    def __init__(self, thresholds: HealthThresholds | None = None) -> None:
        self._thresholds = thresholds or HealthThresholds()
        self.reset()

    def reset(self) -> None:
        """Forget the past of both streams."""
        self._rgb = _Repetition(self._thresholds)
        self._thermal = _Repetition(self._thresholds)
        self._full_scale = 16383

    def check_rgb(self, rgb: np.ndarray, stamp_ns: int | None = None) -> ModalityHealth:
        """Measure an H x W x 3 uint8 image; `stamp_ns` is its stamp in nanoseconds.

        Raises:
            ValueError: another shape or type.
        """
        check_rgb(rgb)
        sample = np.ascontiguousarray(sparse_view(rgb, HEALTH_SAMPLES))
        frozen = self._rgb.watch(sample, stamp_ns)
        red, green, blue = cv2.split(sample)
        brightest = cv2.max(cv2.max(red, green), blue)
        darkest = cv2.min(cv2.min(red, green), blue)
        saturated = np.count_nonzero(darkest >= 250) / darkest.size
        dark = np.count_nonzero(brightest <= 10) / brightest.size
        contrast = float(cv2.meanStdDev(green)[1].item()) / 255.0
        flat = contrast < self._thresholds.contrast
        return self._judge(saturated, dark, contrast, flat, frozen)

    def check_thermal(self, thermal: np.ndarray, stamp_ns: int | None = None) -> ModalityHealth:
        """Measure an h x w uint8, uint16, int16 or float image as the camera gave it.

        The bottom and top of the range are 0 and 255, 0 and the full scale of a 14 or 16-bit
        sensor, or -inf, NaN and fill values (see `missing_pixels`) and +inf for the others. A
        border of such pixels around the picture does not count at all.

        Raises:
            ValueError: another shape or type.
        """
        check_thermal(thermal)
        frozen = self._thermal.watch(sparse_view(thermal, HEALTH_SAMPLES), stamp_ns)
        sample = _as_read(sparse_view(thermal, HEALTH_SAMPLES))
        missing = missing_pixels(sample)
        if missing is None:
            missing = np.zeros(sample.shape, bool)
        elif surrounds(missing) and not missing.all():
            sample, missing = sample[~missing], np.zeros(np.count_nonzero(~missing), bool)
        if thermal.dtype == np.uint8:
            saturated, dark = float(np.mean(sample >= 254)), float(np.mean(sample <= 1))
            contrast = float(np.std(sample, dtype=np.float32)) / 255.0
            flat = contrast < self._thresholds.contrast
            return self._judge(saturated, dark, contrast, flat, frozen)
        if thermal.dtype == np.uint16:
            if self._full_scale == 16383 and int(sample.max()) > 16383:
                self._full_scale = 65535
            top, span = sample >= self._full_scale, float(self._full_scale)
            bottom = sample == 0
        else:
            top, span = sample == np.inf, _FLOAT_RANGE
            bottom = missing & ~top
        alive = sample[~(top | bottom)]
        deviation = float(np.std(alive, dtype=np.float64)) if alive.size else 0.0
        least = max(_noise(thermal) * self._thresholds.contrast_to_noise, 1e-9)
        return self._judge(
            float(np.mean(top)),
            float(np.mean(bottom)),
            min(1.0, deviation / span),
            deviation < least,
            frozen,
        )

    def _judge(
        self, saturated: float, dark: float, contrast: float, flat: bool, frozen: str
    ) -> ModalityHealth:
        complaints = [frozen] if frozen else []
        if saturated > self._thresholds.saturated:
            complaints.append(f"{saturated:.0%} of the image is saturated (glare, overexposure)")
        if dark > self._thresholds.dark:
            complaints.append(f"{dark:.0%} of the image is dark (night, a covered or dead camera)")
        elif flat and saturated <= self._thresholds.saturated:
            complaints.append("the image has no contrast (fog, a covered or unfocused camera)")
        status = HealthStatus.OK
        if complaints:
            status = HealthStatus.FROZEN if frozen else HealthStatus.DEGRADED
        return ModalityHealth(
            status, "; ".join(complaints), saturated, dark, contrast, bool(frozen)
        )


class _Repetition:
    """Notices that a stream gives the same image again and again."""

    def __init__(self, thresholds: HealthThresholds) -> None:
        self._thresholds = thresholds
        self._content = b""
        self._first_stamp: int | None = None
        self._last_stamp: int | None = None
        self._repetitions = 0

    def watch(self, sample: np.ndarray, stamp_ns: int | None) -> str:
        """Return a sentence when the stream is frozen, else an empty string."""
        content = sample.tobytes()
        went_back = (
            stamp_ns is not None and self._last_stamp is not None and stamp_ns < self._last_stamp
        )
        if content != self._content or went_back:
            self._content = content
            self._first_stamp = stamp_ns
            self._repetitions = 0
        elif stamp_ns is None or stamp_ns != self._last_stamp:
            self._repetitions += 1
        self._last_stamp = stamp_ns
        if stamp_ns is not None and self._first_stamp is not None:
            seconds = (stamp_ns - self._first_stamp) * 1e-9
            if self._repetitions and seconds >= self._thresholds.frozen_seconds:
                return f"the same image for {seconds:.1f} s (shutter or a stuck driver)"
        elif self._repetitions >= self._thresholds.frozen_frames:
            return f"the same image {self._repetitions + 1} times (shutter or a stuck driver)"
        return ""


def _as_read(thermal: np.ndarray) -> np.ndarray:
    """Return an image as uint8, uint16 or float32, where 1e300 is infinite."""
    if thermal.dtype in (np.uint8, np.uint16):
        return thermal
    with np.errstate(over="ignore"):
        return thermal.astype(np.float32, copy=False)


def _noise(thermal: np.ndarray) -> float:
    """Estimate the pixel noise (standard deviation) from neighbours' differences in a few rows."""
    rows = _as_read(thermal[:: max(1, thermal.shape[0] // _NOISE_ROWS)])
    missing = missing_pixels(rows)
    rows = rows.astype(np.float32)
    if missing is not None:
        rows[missing] = np.nan
    with np.errstate(over="ignore", invalid="ignore"):
        differences = np.abs(rows[:, 1:] - rows[:, :-1])
    differences = differences[np.isfinite(differences)]
    if differences.size == 0:
        return 0.0
    middle = differences.size // 2
    median = float(np.partition(differences.reshape(-1), middle)[middle])
    return median / _MEDIAN_DIFFERENCE_OF_UNIT_NOISE
