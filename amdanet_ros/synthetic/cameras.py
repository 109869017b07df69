"""The two cameras: from radiance to 8-bit RGB, from temperature to 16-bit counts, with the faults that cameras have."""

from __future__ import annotations

import cv2
import numpy as np

COUNTS_PER_KELVIN = 100.0
"""TLinear: a count is a hundredth of a kelvin."""


class RgbCamera:
    """A colour camera: lens blur, fixed exposure chosen on the first frame, shot and read noise, gamma, 8 bits.

    Args:
        seed: of the noise.
        blur: standard deviation of the lens, pixels of a picture 640 wide.
        noise: full-well noise level at full exposure (shot noise grows with the gain that the dark asks for).
    """

    _LARGEST_GAIN = 14.0

    def __init__(self, seed: int, blur: float = 0.9, noise: float = 0.008) -> None:
        self._random = np.random.default_rng([seed, 1])
        self._blur = blur
        self._noise = noise
        self._gain: float | None = None

    def capture(self, radiance: np.ndarray) -> np.ndarray:
        """H x W x 3 float32 radiance to H x W x 3 uint8 RGB."""
        if self._gain is None:
            grey = float(np.mean(np.minimum(radiance[::4, ::4], 1.5)))
            self._gain = min(0.26 / max(grey, 1e-6), self._LARGEST_GAIN)
        sigma = max(0.35, self._blur * radiance.shape[1] / 640)
        exposed = self._gain * cv2.GaussianBlur(radiance, (0, 0), sigma)
        deviation = self._noise * np.sqrt(self._gain) * np.sqrt(0.02 + np.clip(exposed, 0, 1))
        exposed += deviation * self._random.standard_normal(exposed.shape, dtype=np.float32)
        levels = (np.clip(exposed, 0, 1) * 1023).astype(np.uint16)
        return _GAMMA[levels]


_GAMMA = np.round(255 * (np.arange(1024) / 1023) ** (1 / 2.2)).astype(np.uint8)


class ThermalCamera:
    """An uncooled thermal camera: its own resolution, softer lens, noise of 50 mK, column pattern, slow drift.

    Args:
        seed: of noise and pattern.
        size: (height, width) of its picture; None = the scene's.
        blur: standard deviation of the lens, pixels of its own picture 320 wide.
        netd: noise, kelvin.
        thermal_to_rgb: 3 x 3 homography, its pixels to the scene's pixels; None = equal fields of view.
    """

    def __init__(
        self,
        seed: int,
        size: tuple[int, int] | None = None,
        blur: float = 0.9,
        netd: float = 0.05,
        thermal_to_rgb: np.ndarray | None = None,
    ) -> None:
        self._random = np.random.default_rng([seed, 2])
        self._size = size
        self._blur = blur
        self._netd = netd
        self._homography = thermal_to_rgb
        self._columns: np.ndarray | None = None
        self._drift = float(self._random.normal(0, 0.2))

    def capture(self, temperature: np.ndarray) -> np.ndarray:
        """H x W float32 kelvin to h x w uint16, hundredths of a kelvin."""
        height, width = self._size or temperature.shape
        if self._homography is not None:
            flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
            picture = cv2.warpPerspective(
                temperature,
                self._homography,
                (width, height),
                flags=flags,
                borderMode=cv2.BORDER_REPLICATE,
            )
        elif (height, width) != temperature.shape:
            picture = cv2.resize(temperature, (width, height), interpolation=cv2.INTER_AREA)
        else:
            picture = temperature
        picture = cv2.GaussianBlur(picture, (0, 0), max(0.4, self._blur * width / 320))
        if self._columns is None:
            self._columns = self._random.normal(0, 0.6 * self._netd, width).astype(np.float32)
        self._drift += float(self._random.normal(0, 0.01))
        noise = self._netd * self._random.standard_normal(picture.shape, dtype=np.float32)
        counts = COUNTS_PER_KELVIN * (picture + noise + self._columns + self._drift)
        return np.clip(np.round(counts), 0, 65535).astype(np.uint16)
