"""Light: from reflectance and depth to the radiance that reaches the camera, by day, by night, in glare and in smoke."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

_LAMP_SPACING = 14.0


@dataclass(frozen=True)
class Illumination:
    """The light of one scene.

    Attributes:
        condition: "day", "night", "glare" or "smoke".
        ambient: light of the sky on everything, 1 = a bright day.
        tint: its colour.
        lamp_side: x of the street lamps, metres; lamp_offset: z of the first one.
        headlights: strength of the robot's own lamps at night.
        sun: position in the picture, shares of width and height, for glare.
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
        """Draw the light of a scene."""
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

    def lamp_light(self, x: np.ndarray | float, z: np.ndarray | float) -> np.ndarray:
        """Lamp light at a place on the ground at night: pools under the street lamps (float32, 1 = daylight)."""
        if self.condition != "night":
            return np.zeros_like(np.asarray(x, dtype=np.float32))
        along = (np.asarray(z) - self.lamp_offset + _LAMP_SPACING / 2) % _LAMP_SPACING
        along = along - _LAMP_SPACING / 2
        distance = (np.asarray(x) - self.lamp_side) ** 2 + along**2
        return (0.30 * np.exp(-distance / (2 * 2.6**2))).astype(np.float32)

    def shine(
        self, reflectance: np.ndarray, emission: np.ndarray, lamp: np.ndarray, depth: np.ndarray,
        veil: np.ndarray,
    ) -> np.ndarray:  # fmt: skip
        """Radiance that reaches the camera.

        Args:
            reflectance: H x W x 3 float32.
            emission: H x W float32, light of its own, coloured as its reflectance.
            lamp: H x W float32, lamp light on each pixel's surface.
            depth: H x W float32, metres, infinite for the sky.
            veil: H x W float32 in [0, 1], the smoke's drifting density.

        Returns:
            H x W x 3 float32, 1 = a white surface on a bright day.
        """
        light = np.full(depth.shape, self.ambient, np.float32)
        if self.condition == "night":
            light += lamp
            if self.headlights:
                height, width = depth.shape
                column = (np.arange(width, dtype=np.float32) - 0.55 * width) / (0.30 * width)
                reach = self.headlights * np.exp(-np.minimum(depth, 1e3) / 7.0)
                light += reach * np.exp(-0.5 * column**2)[None, :]
        tint = np.array(self.tint, dtype=np.float32)
        radiance = reflectance * (light + emission)[..., None] * tint
        if self.condition == "night":
            radiance = _bloom(radiance, emission, 0.5)
        elif self.condition == "glare":
            radiance = radiance + self._sun_veil(depth.shape)[..., None]
        elif self.condition == "smoke":
            clear = np.exp(-self.smoke_density * (0.5 + veil) * np.minimum(depth, 60.0))[..., None]
            radiance = radiance * clear + 0.55 * self.ambient * (1 - clear)
        return radiance.astype(np.float32)

    def _sun_veil(self, size: tuple[int, int]) -> np.ndarray:
        height, width = size
        x = (np.arange(width, dtype=np.float32) / width - self.sun[0])[None, :] * width / height
        y = (np.arange(height, dtype=np.float32) / height - self.sun[1])[:, None]
        distance = np.sqrt(x * x + y * y)
        return 6.0 * np.exp(-distance / 0.06) + 0.9 * np.exp(-distance / 0.30) + 0.06


def _bloom(radiance: np.ndarray, emission: np.ndarray, strength: float) -> np.ndarray:
    """Light of bright lamps scattered in the lens."""
    if emission.max() < 0.3:
        return radiance
    height, width = emission.shape
    small = cv2.resize(
        radiance * (emission > 0.3)[..., None],
        (width // 4, height // 4),
        interpolation=cv2.INTER_AREA,
    )
    halo = cv2.GaussianBlur(small, (0, 0), max(width / 120, 1.0))
    return radiance + strength * cv2.resize(halo, (width, height))
