"""Models of the two cameras with their faults: radiance to 8-bit RGB, temperature to 16 bits."""

from __future__ import annotations

import math

import cv2
import numpy as np

from .pattern import camera_noise

COUNTS_PER_KELVIN = 100.0
"""Counts a kelvin (TLinear: a count is a hundredth of a kelvin)."""

_GREY = 0.26  # mean of the first frame after exposure, 1 = full well
_LEVELS = 1024
_GAMMA = np.round(255 * (np.arange(_LEVELS) / (_LEVELS - 1)) ** (1 / 2.2)).astype(np.uint8)


class RgbCamera:
    """A colour camera: lens blur, exposure fixed on the first frame, noise, gamma, 8 bits.

    Args:
        seed: of the noise.
        blur: standard deviation of the lens, pixels of an image 640 wide.
        noise: standard deviation at gain 1, share of full well; it grows with the gain.
        motion_blur: pixels along the rows, from a turn of the camera during exposure; 0 = none.
    """

    _LARGEST_GAIN = 14.0

    def __init__(
        self, seed: int, blur: float = 0.9, noise: float = 0.008, motion_blur: int = 0
    ) -> None:
        self._random = np.random.default_rng([seed, 1])
        self._blur = blur
        self._noise = noise
        self._motion_blur = motion_blur
        self._gain: float | None = None

    def capture(self, radiance: np.ndarray) -> np.ndarray:
        """H x W x 3 float32 radiance to H x W x 3 uint8 RGB."""
        if self._gain is None:
            mean = float(np.mean(np.minimum(radiance[::4, ::4], 1.5)))
            self._gain = min(_GREY / max(mean, 1e-6), self._LARGEST_GAIN)
        sigma = max(0.35, self._blur * radiance.shape[1] / 640)
        exposed = cv2.GaussianBlur(radiance, (0, 0), sigma)
        if self._motion_blur > 1:
            exposed = cv2.blur(exposed, (self._motion_blur, 1))
        exposed *= np.float32(self._gain)
        np.minimum(exposed, 1.0, out=exposed)
        deviation = exposed + np.float32(0.02)
        cv2.sqrt(deviation, deviation)
        deviation *= np.float32(self._noise * math.sqrt(self._gain))
        deviation *= camera_noise(exposed.shape, self._random)
        exposed += deviation
        np.clip(exposed, 0.0, 1.0, out=exposed)
        exposed *= np.float32(_LEVELS - 1)
        return _GAMMA.take(exposed.astype(np.uint16))


class ThermalCamera:
    """An uncooled thermal camera: softer lens, noise, column pattern, slow drift, shutter.

    Args:
        seed: of noise and pattern.
        size: (height, width) of its image; None = the scene's.
        blur: standard deviation of the lens, pixels of its own image 320 wide.
        netd: noise, kelvin.
        thermal_to_rgb: 3 x 3 homography from its pixels to the scene's; None = equal views.
        shutter_period: seconds between flat-field corrections (they undo the drift); 0 = none.
        shutter_duration: seconds that the image is frozen in one.
    """

    def __init__(
        self,
        seed: int,
        size: tuple[int, int] | None = None,
        blur: float = 0.9,
        netd: float = 0.05,
        thermal_to_rgb: np.ndarray | None = None,
        shutter_period: float = 0.0,
        shutter_duration: float = 0.4,
    ) -> None:
        self._random = np.random.default_rng([seed, 2])
        self._size = size
        self._blur = blur
        self._netd = netd
        self._homography = thermal_to_rgb
        self._columns: np.ndarray | None = None
        self._drift = float(self._random.normal(0, 0.2))
        self._shutter = (shutter_period, shutter_duration)
        self._last: np.ndarray | None = None

    def capture(self, temperature: np.ndarray, time: float = 0.0) -> np.ndarray:
        """H x W float32 kelvin to h x w uint16, hundredths of a kelvin; ``time`` in seconds."""
        period, duration = self._shutter
        if period > 0 and self._last is not None and time >= period and time % period < duration:
            self._drift = 0.0
            return self._last.copy()
        image = self._seen(temperature)
        image = cv2.GaussianBlur(image, (0, 0), max(0.4, self._blur * image.shape[1] / 320))
        if self._columns is None:
            columns = self._random.normal(0, 0.6 * self._netd, image.shape[1])
            self._columns = columns.astype(np.float32)
        self._drift += float(self._random.normal(0, 0.01))
        image += self._columns + np.float32(self._drift)
        image += np.float32(self._netd) * camera_noise(image.shape, self._random)
        image *= np.float32(COUNTS_PER_KELVIN)
        np.clip(image, 0, 65535, out=image)
        self._last = np.rint(image).astype(np.uint16)
        return self._last.copy()

    def _seen(self, temperature: np.ndarray) -> np.ndarray:
        """Resample the scene to the camera's own pixels."""
        height, width = self._size or temperature.shape
        if self._homography is not None:
            return cv2.warpPerspective(
                temperature,
                self._homography,
                (width, height),
                flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
                borderMode=cv2.BORDER_REPLICATE,
            )
        if (height, width) != temperature.shape:
            return cv2.resize(temperature, (width, height), interpolation=cv2.INTER_AREA)
        return temperature
