"""The fixed parts of a street: sky, ground, kerbs, road marks, buildings."""

from __future__ import annotations

import numpy as np

from .billboard import face
from .canvas import Canvas, Polygon, Surface
from .pinhole import NEAREST, Pinhole
from .surfaces import FACADES, LABELS, Climate, shade

_FAR = 400.0
_MARKS_SEEN = 22.0  # metres; beyond, a painted line is narrower than a pixel
_DASH_PERIOD = 4.5
_KERB = 0.18
_FACADE_LIGHT = 0.03  # light of street lamps on a wall at night


class Street:
    """The geometry and surfaces of one street, drawn at random.

    Attributes:
        half_width: of the road, metres; the sidewalks begin there.
        walk_width: of each sidewalk, metres.
        facade: distance of the buildings from the road's middle, metres, left and right.
    """

    def __init__(
        self, random: np.random.Generator, climate: Climate, length: float, night: bool
    ) -> None:
        self.half_width = float(random.uniform(3.8, 5.0))
        self.walk_width = float(random.uniform(2.6, 4.2))
        edge = self.half_width + self.walk_width
        self.facade = tuple(edge + float(random.uniform(1.0, 6.0)) for _ in range(2))
        self._length = length
        self._sky = Surface(
            (0.30, 0.48, 0.80) if random.random() < 0.6 else (0.62, 0.66, 0.72),
            climate.sky, LABELS["sky"], 0.06, 1.0, emission=0.012 if night else 0.0,
        )  # fmt: skip
        asphalt = shade(random, (0.105, 0.105, 0.11), 0.15)
        self._road = Surface(asphalt, climate.road, LABELS["road"], 0.12, 0.25)
        paving = shade(random, (0.36, 0.33, 0.30), 0.12)
        self._walk = Surface(paving, climate.sidewalk, LABELS["sidewalk"], 0.10, 0.2)
        self._kerb = Surface(
            (0.48, 0.47, 0.46), climate.sidewalk - 0.5, LABELS["sidewalk"], 0.05, 0.1
        )
        grass = shade(random, (0.12, 0.24, 0.06), 0.2)
        self._grass = Surface(grass, climate.vegetation, LABELS["vegetation"], 0.4, 0.4)
        self._mark = Surface(
            (0.80, 0.80, 0.76), climate.road, LABELS["road_mark"], 0.05, only_visible=True
        )
        self._crossings = np.cumsum(random.uniform(9, 20, int(length / 9) + 2)) - 6.0
        self._arrows = [z + 5.0 for z in self._crossings if random.random() < 0.7]
        self._dash_offset = float(random.uniform(0, _DASH_PERIOD))
        self._edge_lines = bool(random.random() < 0.8)
        self._buildings = [
            building for side in (-1, 1) for building in self._row(random, climate, side, night)
        ]

    def _row(
        self, random: np.random.Generator, climate: Climate, side: int, night: bool
    ) -> list[tuple[float, float, float, float, Surface, Surface, list[bool], Surface]]:
        """Buildings of one side in a row: (x, z0, z1, height, wall, window, lit, lamp)."""
        row = []
        z = float(random.uniform(-10, 4))
        x = side * self.facade[0 if side < 0 else 1]
        while z < self._length + 90:
            depth = float(random.uniform(7, 16))
            height = float(random.uniform(4.5, 13))
            wall = Surface(
                shade(random, FACADES[random.integers(len(FACADES))], 0.2),
                climate.building + random.normal(0, 0.5), LABELS["building"], 0.15, 0.3,
            )  # fmt: skip
            window = Surface(
                (0.05, 0.07, 0.09), climate.building - 2.5, LABELS["building"], 0.05, 0.2
            )
            lamp = Surface(
                (0.75, 0.60, 0.35), climate.building + 1.0, LABELS["building"], 0.05,
                emission=0.22 if night else 0.0,
            )  # fmt: skip
            lit = (random.random(64) < 0.3).tolist()
            row.append((x, z, z + depth, height, wall, window, lit, lamp))
            z += depth + (float(random.uniform(2, 14)) if random.random() < 0.6 else 0.0)
        return row

    def draw(self, canvas: Canvas, camera: Pinhole) -> None:
        """Draw sky, ground, buildings and marks."""
        height, width = canvas.size
        frame = np.array([[-1, -1], [width, -1], [width, height], [-1, height]], dtype=np.float64)
        anchor = (0.0, camera.horizon, 0.03 * width)
        canvas.polygons.append(Polygon(frame, self._sky, np.inf, anchor=anchor))
        for building in sorted(self._buildings, key=lambda item: -item[1]):
            self._draw_building(canvas, camera, building)
        near = camera.position[2] + NEAREST
        self._draw_ground(canvas, camera, self._grass, -60, 60, near, _FAR)
        for side in (-1, 1):
            inner, outer = side * self.half_width, side * (self.half_width + self.walk_width)
            self._draw_ground(canvas, camera, self._walk, inner, outer, near, _FAR)
        self._draw_ground(canvas, camera, self._road, -self.half_width, self.half_width, near, _FAR)
        for side in (-1, 1):
            kerb = side * self.half_width
            self._draw_ground(
                canvas, camera, self._kerb, kerb, kerb + side * _KERB, near, 60 + near
            )
        self._draw_marks(canvas, camera, near)

    def _draw_ground(
        self, canvas: Canvas, camera: Pinhole, surface: Surface,
        x0: float, x1: float, z0: float, z1: float,
    ) -> None:  # fmt: skip
        near, far = max(z0, camera.position[2] + NEAREST), min(z1, camera.position[2] + _FAR)
        if far <= near:
            return
        corners = np.array([[x0, 0, near], [x1, 0, near], [x1, 0, far], [x0, 0, far]])
        canvas.polygons.append(Polygon(camera.project(corners), surface, np.nan))

    def _draw_marks(self, canvas: Canvas, camera: Pinhole, near: float) -> None:
        far = near + _MARKS_SEEN
        if self._edge_lines:
            for side in (-1, 1):
                x = side * (self.half_width - 0.35)
                self._draw_ground(canvas, camera, self._mark, x - 0.11, x + 0.11, near, far)
        passed = np.floor((near - self._dash_offset) / _DASH_PERIOD)
        first = passed * _DASH_PERIOD + self._dash_offset
        for z in np.arange(first, far, _DASH_PERIOD):
            self._draw_ground(canvas, camera, self._mark, -0.13, 0.13, z, min(z + 2.4, far))
        for z in self._crossings:
            if near - 3 < z < far:
                for x in np.arange(-self.half_width + 0.5, self.half_width - 0.7, 1.05):
                    self._draw_ground(canvas, camera, self._mark, x, x + 0.55, z, min(z + 2.8, far))
        for z in self._arrows:
            if near < z < far - 3:
                x = 0.5 * self.half_width
                self._draw_ground(canvas, camera, self._mark, x - 0.12, x + 0.12, z, z + 1.8)
                head = np.array([[x - 0.45, 0, z + 1.7], [x + 0.45, 0, z + 1.7], [x, 0, z + 3.0]])
                canvas.polygons.append(Polygon(camera.project(head), self._mark, np.nan))

    def _draw_building(self, canvas: Canvas, camera: Pinhole, building: tuple) -> None:
        x, z0, z1, height, wall, window, lit, lamp = building
        near = camera.position[2] + NEAREST
        if z1 <= near + 0.2 or z0 > camera.position[2] + 80:
            return
        depth = max(z0, near) - camera.position[2] + 0.4 * (z1 - max(z0, near))
        outer = x + (12 if x > 0 else -12)

        def paint(surface: Surface, corners: list[tuple[float, float, float]]) -> None:
            canvas.polygons.append(face(camera, surface, corners, depth, light=_FACADE_LIGHT))

        front = max(z0, near)
        if z0 > near:
            paint(wall, [(x, 0, z0), (outer, 0, z0), (outer, height, z0), (x, height, z0)])
        paint(wall, [(x, 0, front), (x, 0, z1), (x, height, z1), (x, height, front)])
        if front - camera.position[2] > 35:
            return
        count = 0
        for y in np.arange(1.2, height - 1.6, 2.8):
            for z in np.arange(z0 + 1.0, z1 - 1.4, 2.6):
                if z > near:
                    pane = lamp if lit[count % len(lit)] else window
                    top = y + 1.4
                    paint(pane, [(x, y, z), (x, y, z + 1.3), (x, top, z + 1.3), (x, top, z)])
                count += 1
