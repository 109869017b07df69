"""A street scene in motion: what is where at a time, and how it looks in visible light and in heat."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np

from amdanet_ros.synthetic.billboard import draw_figure
from amdanet_ros.synthetic.canvas import Canvas
from amdanet_ros.synthetic.car import Car
from amdanet_ros.synthetic.illumination import Illumination
from amdanet_ros.synthetic.people_and_animals import Animal, Person
from amdanet_ros.synthetic.pinhole import Pinhole
from amdanet_ros.synthetic.signs_and_trees import Sign, Tree
from amdanet_ros.synthetic.street import Street
from amdanet_ros.synthetic.surfaces import CONDITIONS, LABELS, Climate

_CAMERA_HEIGHT = 1.45
_SEEN = {"person": 19.0, "animal": 13.0, "sign": 17.0, "car": 30.0, "tree": 60.0}
"""Metres: what is farther away is left out of picture and label alike, too small to be told."""
_NOISE_SIZE = 256
_NOISE_DETAIL = 24  # noise pixels a metre


@dataclass(frozen=True)
class SceneObject:
    """A person, animal, car or sign of a scene.

    Attributes:
        instance: its number in ``Frame.instances``.
        kind: "person", "animal", "car" or "sign".
        temperature: mean over its surface, kelvin.
        light: lamp light on it at night, 0 = it stands in the dark.
        distance: from the camera, metres.
    """

    instance: int
    kind: str
    temperature: float
    light: float
    distance: float


@dataclass(frozen=True, eq=False)
class Frame:
    """A scene at one instant, before any camera.

    Attributes:
        radiance: H x W x 3 float32, linear, 1 = a white surface on a bright day.
        temperature: H x W float32, kelvin.
        labels: H x W uint8, index into ``classes.DEMO``.
        instances: H x W uint16, number of the object, 0 = none.
        objects: those drawn, nearest last.
    """

    radiance: np.ndarray
    temperature: np.ndarray
    labels: np.ndarray
    instances: np.ndarray
    objects: tuple[SceneObject, ...]


@dataclass
class _Actor:
    """A figure or car with its way through the street."""

    kind: str
    body: Person | Animal | Sign | Tree | Car
    x: float
    z: float
    speed_x: float = 0.0
    speed_z: float = 0.0
    span: float = 0.0
    towards: bool = False
    instance: int = 0

    def place(self, time: float) -> tuple[float, float, float]:
        """(x, z, facing) at a time: whoever crosses turns round at the other side."""
        z = self.z + self.speed_z * time
        if not self.speed_x:
            return self.x, z, 1.0 if self.instance % 2 else -1.0
        way = (self.x + self.span + self.speed_x * time) % (4 * self.span)
        facing = 1.0 if self.speed_x > 0 else -1.0
        if way < 2 * self.span:
            return way - self.span, z, facing
        return 3 * self.span - way, z, -facing


class StreetScene:
    """A street, the light in it, and who moves through it, all drawn from one seed.

    Args:
        seed: any integer from 0; the same seed gives the same scene to the bit.
        condition: "day", "night", "glare" or "smoke".
        size: (height, width) of the picture.
        duration: seconds that the scene must last; the street is made long enough.

    Raises:
        ValueError: no such condition, or a picture smaller than 32 x 32.
    """

    def __init__(
        self, seed: int, condition: str, size: tuple[int, int] = (480, 640), duration: float = 10.0
    ) -> None:
        if condition not in CONDITIONS:
            raise ValueError(f"condition must be one of {', '.join(CONDITIONS)}, not {condition!r}")
        if min(size) < 32:
            raise ValueError(f"a scene needs at least 32 x 32 pixels, not {size[0]} x {size[1]}")
        self.size = (int(size[0]), int(size[1]))
        self.condition = condition
        random = np.random.default_rng([seed, CONDITIONS.index(condition)])
        self.climate = Climate.draw(random, condition)
        self.illumination = Illumination.draw(random, condition)
        self._speed = float(random.uniform(1.0, 3.0))
        length = self._speed * duration
        self.street = Street(random, self.climate, length, condition == "night")
        self._camera_x = float(random.uniform(0.0, 0.35)) * self.street.half_width
        self._actors = self._populate(random, length)
        self._noise, self._drift = _noise_tiles()

    def _populate(self, random: np.random.Generator, length: float) -> list[_Actor]:
        """Place people, animals, cars, signs and trees along the street."""
        night = self.condition == "night"
        street, climate = self.street, self.climate
        edge = street.half_width + street.walk_width
        actors: list[_Actor] = []
        for z in _spread(random, 4.0, length + 20, 3.4):
            person = Person(random, climate)
            if random.random() < 0.45:
                span = float(random.uniform(1.5, edge))
                speed = float(random.choice([-1, 1]) * random.uniform(0.7, 1.5))
                actors.append(_Actor("person", person, _within(random, span), z, speed, 0, span))
            else:
                side = float(random.choice([-1, 1]))
                x = side * float(random.uniform(street.half_width + 0.3, edge - 0.3))
                actors.append(_Actor("person", person, x, z, 0, float(random.normal(0, 0.8))))
        for z in _spread(random, 4.0, length + 14, 6.5):
            span = float(random.uniform(1.5, edge + 1))
            speed = float(random.choice([-1, 1]) * random.uniform(0.4, 1.6))
            animal = Animal(random, climate)
            actors.append(_Actor("animal", animal, _within(random, span), z, speed, 0, span))
        for z in _spread(random, 5.0, length + 30, 8.0):
            side = float(random.choice([-1, 1]))
            x = side * (street.half_width + float(random.uniform(0.3, 0.9)))
            actors.append(_Actor("sign", Sign(random, climate), x, z))
        for side in (-1.0, 1.0):
            for z in _spread(random, 6.0, length + 40, 15.0):
                x = side * (street.half_width - 1.0)
                car = Car(random, climate, night)
                actors.append(_Actor("car", car, x, z, towards=side < 0))
        for z in _spread(random, 14.0, length + 60, 25.0):
            car = Car(random, climate, night)
            x = -0.45 * street.half_width
            actors.append(
                _Actor("car", car, x, z + 10, 0, float(random.uniform(-4, -1)), towards=True)
            )
        for side in (-1.0, 1.0):
            for z in _spread(random, 3.0, length + 60, 6.0):
                x = side * (edge + float(random.uniform(0.3, 3.5)))
                actors.append(
                    _Actor("tree", Tree(random, climate, bool(random.random() < 0.5)), x, z)
                )
        for instance, actor in enumerate(actors, start=1):
            actor.instance = instance
        return actors

    def camera(self, time: float) -> Pinhole:
        """The robot's camera at a time in seconds."""
        return Pinhole(self.size, (self._camera_x, _CAMERA_HEIGHT, self._speed * time))

    def render(self, time: float) -> Frame:
        """The scene at a time in seconds from its start (at least 0)."""
        camera = self.camera(time)
        canvas = Canvas(self.size)
        self.street.draw(canvas, camera)
        objects = self._draw_actors(canvas, camera, time)
        return self._shade(canvas, camera, time, objects)

    def _draw_actors(self, canvas: Canvas, camera: Pinhole, time: float) -> tuple[SceneObject, ...]:
        seen = []
        for actor in self._actors:
            x, z, facing = actor.place(time)
            distance = z - camera.position[2]
            if 1.8 < distance < _SEEN[actor.kind]:
                seen.append((distance, x, z, facing, actor))
        seen.sort(key=lambda item: -item[0])
        objects = []
        for distance, x, z, facing, actor in seen:
            light = float(self.illumination.lamp_light(x, z))
            instance = actor.instance if actor.kind != "tree" else 0
            if isinstance(actor.body, Car):
                actor.body.draw(canvas, camera, x, z, actor.towards, instance, light)
            else:
                parts = actor.body.parts(time, facing)
                draw_figure(canvas, camera, (x, 0.0, z), parts, instance, light)
            if instance:
                temperature = actor.body.temperature
                objects.append(SceneObject(instance, actor.kind, temperature, light, distance))
        return tuple(objects)

    def _shade(
        self, canvas: Canvas, camera: Pinhole, time: float, objects: tuple[SceneObject, ...]
    ) -> Frame:
        """From indices to radiance, temperature, labels and instances."""
        surfaces = canvas.surfaces
        color = np.array([s.color for s in surfaces], np.float32)
        heat = np.array([s.temperature for s in surfaces], np.float32)
        label = np.array([s.label for s in surfaces], np.uint8)
        texture = np.array([s.texture for s in surfaces], np.float32)
        heat_texture = np.array([s.heat_texture for s in surfaces], np.float32)
        emission = np.array([s.emission for s in surfaces], np.float32)
        depths = np.array(canvas.depths, np.float32)
        visible, warm = canvas.visible, canvas.heat

        x, z, ground_depth = camera.ground()
        depth = depths[visible]
        on_ground = np.isnan(depth)
        depth = np.where(on_ground, ground_depth, depth)
        noise = self._pattern(canvas, camera, on_ground, x, z)
        reflectance = color[visible] * np.maximum(1 + texture[visible] * noise, 0.1)[..., None]
        lamp = np.array(canvas.lights, np.float32)[visible]
        lamp = np.where(on_ground, self.illumination.lamp_light(x, z), lamp)
        rows = np.arange(self.size[0], dtype=np.float32) / self.size[0]
        veil = self._drift[
            (np.arange(self.size[0]) * 256 // self.size[0])[:, None] % _NOISE_SIZE,
            (np.arange(self.size[1]) * 256 // self.size[1] + int(12 * time))[None, :] % _NOISE_SIZE,
        ]
        radiance = self.illumination.shine(reflectance, emission[visible], lamp, depth, veil)
        temperature = heat[warm] + heat_texture[warm] * noise
        # The sky is warmer near the horizon, where one looks through more air.
        sky = label[warm] == LABELS["sky"]
        temperature = np.where(sky, temperature + (22.0 * rows)[:, None], temperature)
        instances = np.array(canvas.instances, np.uint16)[visible]
        return Frame(radiance, temperature.astype(np.float32), label[visible], instances, objects)

    def _pattern(
        self, canvas: Canvas, camera: Pinhole, on_ground: np.ndarray, x: np.ndarray, z: np.ndarray
    ) -> np.ndarray:
        """Random pattern fixed to the surfaces: to the road in world metres, to others in metres from their anchor."""
        anchors = np.array(canvas.anchors, np.float32)[canvas.visible]
        columns = np.arange(self.size[1], dtype=np.float32)[None, :]
        rows = np.arange(self.size[0], dtype=np.float32)[:, None]
        u = np.where(on_ground, x, (columns - anchors[..., 0]) / anchors[..., 2])
        v = np.where(on_ground, z, (rows - anchors[..., 1]) / anchors[..., 2])
        u = (u * _NOISE_DETAIL).astype(np.int32) & (_NOISE_SIZE - 1)
        v = (v * _NOISE_DETAIL).astype(np.int32) & (_NOISE_SIZE - 1)
        return self._noise[v, u]


def _spread(random: np.random.Generator, first: float, last: float, spacing: float) -> list[float]:
    """Places along the street at random distances of about ``spacing`` metres."""
    places = []
    z = first + float(random.uniform(-0.5, 0.5)) * spacing
    while z < last:
        places.append(z)
        z += spacing * float(random.uniform(0.5, 1.5))
    return places


@lru_cache(maxsize=1)
def _noise_tiles() -> tuple[np.ndarray, np.ndarray]:
    """The pattern of surfaces (standard deviation about 1) and of drifting smoke (0 to 1): tiles that all scenes share."""
    noise = np.random.default_rng(0).standard_normal((_NOISE_SIZE, _NOISE_SIZE)).astype(np.float32)
    coarse = _blurred(noise, 2.5)
    pattern = np.clip(0.5 * noise + 0.5 * coarse / coarse.std(), -2, 2)
    return pattern, cv2.normalize(_blurred(noise, 20.0), None, 0.0, 1.0, cv2.NORM_MINMAX)


def _blurred(noise: np.ndarray, sigma: float) -> np.ndarray:
    """Blur a tile so that it still repeats without a seam."""
    rim = int(3 * sigma)
    blurred = cv2.GaussianBlur(np.pad(noise, rim, mode="wrap"), (0, 0), sigma)
    return blurred[rim:-rim, rim:-rim]


def _within(random: np.random.Generator, span: float) -> float:
    return float(random.uniform(-span, span))
