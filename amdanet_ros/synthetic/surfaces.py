"""Colours and temperatures of the things in a street, drawn at random for each scene."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from ..classes import DEMO

CONDITIONS = ("day", "night", "glare", "smoke")
LABELS = {name: index for index, name in enumerate(DEMO.names)}


@dataclass(frozen=True)
class Climate:
    """Temperatures of one scene, kelvin."""

    air: float
    road: float
    sidewalk: float
    building: float
    vegetation: float
    sky: float

    @staticmethod
    def draw(random: np.random.Generator, condition: str) -> Climate:
        """By day asphalt is warmest; at night stone is warm and leaves are cool."""
        if condition == "night":
            air = random.uniform(274, 290)
            stone = random.uniform(1.5, 4.0)
        else:
            air = random.uniform(278, 293)
            stone = random.uniform(1.5, 5.5)
        return Climate(
            air=air,
            road=air + stone,
            sidewalk=air + 0.55 * stone + random.uniform(-0.3, 0.3),
            building=air + random.uniform(0.5, 3.0),
            vegetation=air - random.uniform(0.3, 1.5),
            sky=air - random.uniform(18, 32),
        )


def shade(
    random: np.random.Generator, color: tuple[float, float, float], spread: float
) -> tuple[float, float, float]:
    """A colour near the given one: brightness and hue varied by about ``spread``."""
    brightness = random.normal(0, spread)
    red, green, blue = (
        min(max(part * math.exp(brightness + hue), 0.01), 0.95)
        for part, hue in zip(color, random.normal(0, 0.3 * spread, 3).tolist(), strict=True)
    )
    return red, green, blue


CLOTHES = (
    (0.55, 0.06, 0.06), (0.08, 0.10, 0.40), (0.05, 0.05, 0.05), (0.60, 0.50, 0.10),
    (0.12, 0.30, 0.14), (0.45, 0.42, 0.40), (0.30, 0.10, 0.35), (0.65, 0.30, 0.08),
)  # fmt: skip
CAR_PAINTS = (
    (0.55, 0.05, 0.05), (0.06, 0.12, 0.45), (0.75, 0.75, 0.75), (0.03, 0.03, 0.04),
    (0.30, 0.32, 0.34),     (0.70, 0.55, 0.08), (0.10, 0.35, 0.25),
)  # fmt: skip
FACADES = (
    (0.42, 0.20, 0.13), (0.50, 0.40, 0.28), (0.38, 0.34, 0.32), (0.55, 0.50, 0.42),
    (0.32, 0.17, 0.12),
)  # fmt: skip
SIGN_PAINTS = (
    ((0.70, 0.04, 0.04), (0.90, 0.90, 0.90)),
    ((0.05, 0.15, 0.65), (0.90, 0.90, 0.90)),
    ((0.85, 0.62, 0.05), (0.03, 0.03, 0.03)),
    ((0.90, 0.90, 0.90), (0.70, 0.04, 0.04)),
)
