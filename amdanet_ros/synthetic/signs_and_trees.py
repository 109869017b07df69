"""Signs, which only RGB shows, and trees and bushes."""

from __future__ import annotations

import numpy as np

from .billboard import Part, box, ellipse, limb
from .canvas import Surface
from .surfaces import LABELS, SIGN_PAINTS, Climate, shade


class Sign:
    """A street sign on a post: a painted plate at the temperature of its surroundings.

    Attributes:
        height: of its upper edge, metres.
        temperature: kelvin; not used, because the heat image does not show signs.
    """

    def __init__(self, random: np.random.Generator, climate: Climate) -> None:
        ground, print_color = SIGN_PAINTS[random.integers(len(SIGN_PAINTS))]
        label = LABELS["sign"]
        self.temperature = climate.air
        paint = shade(random, ground, 0.1)
        self._plate = Surface(paint, climate.air, label, 0.02, only_visible=True)
        self._print = Surface(print_color, climate.air, label, 0.0, only_visible=True)
        self._post = Surface((0.30, 0.30, 0.30), climate.air, label, 0.05, only_visible=True)
        self._shape = int(random.integers(4))
        self._symbol = int(random.integers(4))
        self._radius = float(random.uniform(0.45, 0.70))
        self._post_height = float(random.uniform(1.5, 2.1))
        self.height = self._post_height + 2 * self._radius

    def parts(self, time: float, facing: float) -> list[Part]:
        """Polygons; a sign neither moves nor turns."""
        r, y = self._radius, self._post_height + self._radius
        plate = (
            ellipse(0, y, r, r, 20),
            np.array([[-r, y - 0.8 * r], [r, y - 0.8 * r], [0, y + r]]),
            box(-r, y - r, r, y + r),
            np.array([[-r, y], [0, y - r], [r, y], [0, y + r]]),
        )[self._shape]
        s = 0.55 * r if self._shape in (0, 2) else 0.38 * r
        low = y - 0.25 * r if self._shape == 1 else y
        symbol = (
            [box(-s, low - 0.3 * s, s, low + 0.3 * s)],
            [box(-0.2 * s, low - s, 0.2 * s, low + 0.2 * s),
             np.array([[-0.8 * s, low + 0.1 * s], [0.8 * s, low + 0.1 * s], [0, low + s]])],
            [limb(-s, low - s, s, low + s, 0.4 * s), limb(-s, low + s, s, low - s, 0.4 * s)],
            [box(-0.2 * s, low - 0.2 * s, 0.2 * s, low + s),
             ellipse(0, low - 0.7 * s, 0.25 * s, 0.25 * s, 8)],
        )[self._symbol]  # fmt: skip
        parts = [Part(box(-0.06, 0, 0.06, self._post_height), self._post), Part(plate, self._plate)]
        return parts + [Part(polygon, self._print) for polygon in symbol]


_CORNERS = 22
_CIRCLE = ellipse(0.0, 0.0, 1.0, 1.0, _CORNERS)


class Tree:
    """A tree or a bush: leaves are at the air's temperature, a trunk a little above.

    Attributes:
        height: metres.
        temperature: of the leaves, kelvin.
    """

    def __init__(self, random: np.random.Generator, climate: Climate, bush: bool) -> None:
        label = LABELS["vegetation"]
        self.temperature = climate.vegetation
        leaf = shade(random, (0.10, 0.22, 0.05), 0.3)
        bark = shade(random, (0.16, 0.10, 0.06), 0.2)
        self._trunk = Surface(bark, climate.vegetation + 0.6, label, 0.2)
        self.height = float(random.uniform(0.8, 1.6) if bush else random.uniform(4.0, 8.0))
        self._bush = bush
        blobs = []
        width = self.height * float(random.uniform(0.32, 0.5))
        centre, radius = (0.45, 0.5) if bush else (0.68, 0.32)
        for _ in range(4):
            x = random.normal(0, 0.35) * width
            y = self.height * (centre + random.normal(0, 0.07))
            ragged = 1 + random.normal(0, 0.10, _CORNERS)
            blob = _CIRCLE * ragged[:, None] * (width, radius * self.height) + (x, y)
            np.maximum(blob[:, 1], 0.0, out=blob[:, 1])
            color = shade(random, leaf, 0.15)
            warmth = climate.vegetation + random.normal(0, 0.3)
            blobs.append(Part(blob, Surface(color, warmth, label, 0.5, 0.4)))
        self._blobs = blobs

    def parts(self, time: float, facing: float) -> list[Part]:
        """Polygons; leaves do not move."""
        if self._bush:
            return self._blobs
        width = 0.05 * self.height
        return [Part(box(-width, 0, width, 0.5 * self.height), self._trunk), *self._blobs]
