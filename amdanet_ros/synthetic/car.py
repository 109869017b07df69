"""Cars: boxes with a cabin, wheels and lamps; a running engine warms bonnet, wheels and exhaust."""

from __future__ import annotations

import numpy as np

from .billboard import ellipse, face
from .canvas import Canvas, Surface
from .pinhole import NEAREST, Pinhole
from .surfaces import CAR_PAINTS, LABELS, Climate, shade

_Corners = list[tuple[float, float, float]]

_WIDTH, _LENGTH, _WAIST, _ROOF = 1.8, 4.2, 0.85, 1.45


class Car:
    """A parked or moving car along the road.

    Attributes:
        height: metres.
        running: its engine is hot.
        temperature: of the body, kelvin.
    """

    height = _ROOF

    def __init__(self, random: np.random.Generator, climate: Climate, night: bool) -> None:
        self.running = bool(random.random() < 0.75)
        self.temperature = float(climate.air + random.uniform(-1.0, 2.0) + 3.0 * self.running)
        label = LABELS["car"]
        paint = shade(random, CAR_PAINTS[random.integers(len(CAR_PAINTS))], 0.15)
        dark = tuple(0.7 * part for part in paint)
        hot = float(random.uniform(309, 318)) if self.running else self.temperature
        lit = (0.9 if night else 0.3) if self.running else 0.0
        self._side = Surface(paint, self.temperature, label, 0.03, 0.2)
        self._end = Surface(dark, self.temperature + 0.5, label, 0.03, 0.2)
        self._bonnet = Surface(paint, hot, label, 0.03, 0.5)
        self._grille = Surface((0.05, 0.05, 0.05), hot + 2.0 * self.running, label, 0.1, 0.5)
        self._glass = Surface((0.06, 0.08, 0.10), climate.air - 5.0, label, 0.03, 0.2)
        self._wheel = Surface((0.03, 0.03, 0.03), hot - 4.0 * self.running, label, 0.1, 0.3)
        self._exhaust = Surface((0.04, 0.04, 0.04), hot + 12.0 * self.running, label)
        self._tail = Surface(
            (0.60, 0.03, 0.03), self.temperature + 2.0, label, 0.0, emission=0.25 * lit
        )
        self._head = Surface(
            (0.90, 0.88, 0.80), self.temperature + 4.0, label, 0.0, emission=2.0 * lit
        )

    def draw(
        self,
        canvas: Canvas,
        camera: Pinhole,
        x: float,
        z: float,
        towards: bool,
        instance: int,
        light: float,
    ) -> None:
        """Draw the car with its middle at x and its nearer end at z; ``towards``: front first."""
        depth = z - camera.position[2]
        if depth <= NEAREST:
            return
        left, right, far = x - _WIDTH / 2, x + _WIDTH / 2, z + _LENGTH
        side = left if camera.position[0] < left else right
        seen_side = camera.position[0] < left or camera.position[0] > right

        def paint(surface: Surface, corners: _Corners) -> None:
            canvas.polygons.append(face(camera, surface, corners, depth, instance, light))

        def upright(at: float, x0: float, y0: float, x1: float, y1: float) -> _Corners:
            return [(x0, y0, at), (x1, y0, at), (x1, y1, at), (x0, y1, at)]

        def lengthwise(y0: float, z0: float, y1: float, z1: float) -> _Corners:
            return [(side, y0, z0), (side, y0, z1), (side, y1, z1), (side, y1, z0)]

        if seen_side:
            paint(self._side, lengthwise(0.25, z, _WAIST, far))
            paint(self._side, lengthwise(_WAIST, z + 0.9, _ROOF, far - 0.7))
            paint(self._glass, lengthwise(_WAIST + 0.08, z + 1.1, _ROOF - 0.1, far - 0.9))
            for at in (z + 0.8, far - 0.8):
                rim = ellipse(at, 0.32, 0.33, 0.32)
                paint(self._wheel, [(side, y, along) for along, y in rim])
        cabin = z + 0.7
        paint(self._side, upright(cabin, left + 0.15, _WAIST, right - 0.15, _ROOF))
        paint(self._glass, upright(cabin, left + 0.25, _WAIST + 0.08, right - 0.25, _ROOF - 0.08))
        lid = [(left, _WAIST, z), (right, _WAIST, z)]
        lid += [(right - 0.1, _WAIST, cabin), (left + 0.1, _WAIST, cabin)]
        paint(self._bonnet if towards else self._end, lid)
        paint(self._end, upright(z, left, 0.25, right, _WAIST))
        for wheel in (left, right - 0.25):
            paint(self._wheel, upright(z, wheel, 0.0, wheel + 0.25, 0.35))
        lamp = self._head if towards else self._tail
        for at in (left + 0.1, right - 0.45):
            paint(lamp, upright(z, at, 0.58, at + 0.35, 0.75))
        if towards:
            paint(self._grille, upright(z, x - 0.4, 0.40, x + 0.4, 0.68))
        else:
            paint(self._exhaust, upright(z, left + 0.35, 0.22, left + 0.6, 0.34))
