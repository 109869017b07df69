"""Light on a street by day and night, and the effects of glare and smoke."""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np

_LAMP_SPACING = 14.0
_LAMP_STRENGTH = 0.30
_LAMP_RADIUS = 2.6
_HEADLIGHT_REACH = 7.0
_THICKEST = 60.0  # largest depth of smoke, metres


@dataclass(frozen=True)
class Illumination:
    """The light of one scene.

    Attributes:
        condition: "day", "night", "glare" or "smoke".
        ambient: light of the sky on everything, 1 = a bright day.
        tint: its colour.
        lamp_side: x of the street lamps, metres; lamp_offset: z of the first one.
        headlights: strength of the robot's own lamps at night.
        sun: position in the image, shares of width and height, for glare.
        smoke_density: extinction per metre.
    """

    condition: str
    ambient: float
    tint: tuple[float, float, float]
    lamp_side: float
    lamp_offset: float
    headlights: float
    sun: tuple[float, float]
    smoke_density: float

    @staticmethod
    def draw(random: np.random.Generator, condition: str) -> Illumination:
        """Return a random light for a scene."""
        night = condition == "night"
        ambient = random.uniform(0.004, 0.02) if night else random.uniform(0.6, 1.0)
        warm = random.uniform(-0.08, 0.08)
        return Illumination(
            condition=condition,
            ambient=float(ambient),
            tint=(float(1 + warm), 1.0, float(1 - warm)),
            lamp_side=float(random.choice([-1, 1]) * random.uniform(3.5, 5.5)),
            lamp_offset=float(random.uniform(0, _LAMP_SPACING)),
            headlights=float(random.choice([0.0, 0.25, 0.6])),
            sun=(float(random.uniform(0.2, 0.8)), float(random.uniform(0.08, 0.36))),
            smoke_density=float(random.uniform(0.04, 0.11)),
        )

    def lamp_light_at(self, x: float, z: float) -> float:
        """Return the lamp light at a point of the ground, 1 = daylight; 0 by day."""
        if self.condition != "night":
            return 0.0
        along = (z - self.lamp_offset + _LAMP_SPACING / 2) % _LAMP_SPACING - _LAMP_SPACING / 2
        square = (x - self.lamp_side) ** 2 + along**2
        return _LAMP_STRENGTH * math.exp(-square / (2 * _LAMP_RADIUS**2))

    def lamp_light(self, x: np.ndarray, z: np.ndarray) -> np.ndarray:
        """Return the lamp light at night, R x W float32 (x: R x W, z: R x 1, float32 metres)."""
        along = (z - self.lamp_offset + _LAMP_SPACING / 2) % _LAMP_SPACING - _LAMP_SPACING / 2
        factor = np.float32(-1 / (2 * _LAMP_RADIUS**2))
        across = x - np.float32(self.lamp_side)
        across *= across
        across *= factor
        light = cv2.exp(across)
        light *= np.float32(_LAMP_STRENGTH) * np.exp(factor * along * along)
        return light

    def headlight(self, depth: np.ndarray) -> np.ndarray:
        """Light of the robot's own lamps on surfaces at a depth in metres, both H x W float32."""
        width = depth.shape[1]
        column = (np.arange(width, dtype=np.float32) - 0.55 * width) / (0.30 * width)
        reach = cv2.exp(np.minimum(depth, 1e3) * np.float32(-1 / _HEADLIGHT_REACH))
        reach *= (self.headlights * np.exp(-0.5 * column**2)).astype(np.float32)
        return reach

    def sun_veil(self, size: tuple[int, int]) -> np.ndarray:
        """The sun's disc and its light scattered in lens and air, H x W float32."""
        height, width = size
        x = (np.arange(width, dtype=np.float32) / width - self.sun[0])[None, :] * (width / height)
        y = (np.arange(height, dtype=np.float32) / height - self.sun[1])[:, None]
        distance = cv2.sqrt((x * x + y * y).astype(np.float32))
        veil = cv2.exp(distance * np.float32(-1 / 0.06))
        veil *= 6.0
        veil += 0.9 * cv2.exp(distance * np.float32(-1 / 0.30))
        veil += 0.06
        return veil

    def smoke(self, depth: np.ndarray, density: np.ndarray) -> np.ndarray:
        """Return the share of visible light that passes the smoke.

        Args:
            depth: H x W float32, metres, infinite for the sky.
            density: H x W float32 in [0, 1], the pattern of the smoke.
        """
        way = np.minimum(depth, np.float32(_THICKEST))
        way *= density + np.float32(0.5)
        way *= np.float32(-self.smoke_density)
        return cv2.exp(way)


def bloom(radiance: np.ndarray, emission: np.ndarray, strength: float) -> np.ndarray:
    """Add light of bright lamps scattered in the lens (radiance H x W x 3, emission H x W)."""
    lamps = emission > 0.3
    if not lamps.any():
        return radiance
    height, width = emission.shape
    small = cv2.resize(
        radiance * lamps[..., None], (width // 4, height // 4), interpolation=cv2.INTER_AREA
    )
    halo = cv2.GaussianBlur(small, (0, 0), max(width / 120, 1.0))
    halo *= np.float32(strength)
    return radiance + cv2.resize(halo, (width, height))
