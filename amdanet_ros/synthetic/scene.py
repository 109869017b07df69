"""A moving street scene: positions of its objects at a time, its radiance and temperature."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .billboard import draw_figure
from .canvas import Canvas
from .car import Car
from .illumination import Illumination
from .people_and_animals import Animal, Person
from .pinhole import Pinhole
from .shading import shade_canvas
from .signs_and_trees import Sign, Tree
from .street import Street
from .surfaces import CONDITIONS, Climate

_CAMERA_HEIGHT = 1.45
_SEEN = {"person": 19.0, "animal": 13.0, "sign": 17.0, "car": 30.0, "tree": 60.0}
"""Metres; objects farther away would be too small and are left out of images and labels."""


@dataclass(frozen=True)
class SceneObject:
    """A person, animal, car or sign of a scene.

    Attributes:
        instance: its number in ``Frame.instances``.
        kind: "person", "animal", "car" or "sign".
        temperature: mean over its surface, kelvin.
        light: lamp light on it at night, 0 = none.
        distance: from the camera, metres.
        x, z: its position in the street, metres.
    """

    instance: int
    kind: str
    temperature: float
    light: float
    distance: float
    x: float
    z: float


@dataclass(frozen=True, eq=False)
class Frame:
    """A scene at one time, without effects of a camera.

    Attributes:
        radiance: H x W x 3 float32, linear, 1 = a white surface on a bright day.
        temperature: H x W float32, kelvin.
        labels: H x W uint8, index into ``classes.DEMO``.
        instances: H x W uint16, number of the object, 0 = none.
        objects: the drawn objects, nearest last; an object may hide earlier ones.
    """

    radiance: np.ndarray
    temperature: np.ndarray
    labels: np.ndarray
    instances: np.ndarray
    objects: tuple[SceneObject, ...]


@dataclass
class _Actor:
    """A figure or car with its path through the street."""

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
        """Return (x, z, facing) at a time; objects that cross turn round at the other side."""
        z = self.z + self.speed_z * time
        if not self.speed_x:
            return self.x, z, 1.0 if self.instance % 2 else -1.0
        way = (self.x + self.span + self.speed_x * time) % (4 * self.span)
        facing = 1.0 if self.speed_x > 0 else -1.0
        if way < 2 * self.span:
            return way - self.span, z, facing
        return 3 * self.span - way, z, -facing


class StreetScene:
    """A street, its light and its moving objects, all drawn from one seed.

    Args:
        seed: any integer from 0; the same seed gives the same scene to the bit.
        condition: "day", "night", "glare" or "smoke".
        size: (height, width) of the image.
        duration: seconds; decides the length of the street.

    Raises:
        ValueError: no such condition, a negative seed, or an image smaller than 32 x 32.
    """

    def __init__(
        self, seed: int, condition: str, size: tuple[int, int] = (480, 640), duration: float = 10.0
    ) -> None:
        if condition not in CONDITIONS:
            raise ValueError(f"condition must be one of {', '.join(CONDITIONS)}, not {condition!r}")
        if min(size) < 32:
            raise ValueError(f"a scene needs at least 32 x 32 pixels, not {size[0]} x {size[1]}")
        if seed < 0:
            raise ValueError(f"a scene's seed must be 0 or more, not {seed}")
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
            speed = float(random.uniform(-4, -1))
            actors.append(_Actor("car", car, x, z + 10, 0, speed, towards=True))
        for side in (-1.0, 1.0):
            for z in _spread(random, 3.0, length + 60, 6.0):
                x = side * (edge + float(random.uniform(0.3, 3.5)))
                tree = Tree(random, climate, bool(random.random() < 0.5))
                actors.append(_Actor("tree", tree, x, z))
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
        return Frame(*shade_canvas(canvas, camera, self.illumination, time), objects)

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
            light = self.illumination.lamp_light_at(x, z)
            instance = actor.instance if actor.kind != "tree" else 0
            if isinstance(actor.body, Car):
                actor.body.draw(canvas, camera, x, z, actor.towards, instance, light)
            else:
                parts = actor.body.parts(time, facing)
                draw_figure(canvas, camera, (x, 0.0, z), parts, instance, light)
            if instance:
                warmth = actor.body.temperature
                objects.append(SceneObject(instance, actor.kind, warmth, light, distance, x, z))
        return tuple(objects)


def _spread(random: np.random.Generator, first: float, last: float, spacing: float) -> list[float]:
    """Return positions along the street at random distances of about ``spacing`` metres."""
    places = []
    z = first + float(random.uniform(-0.5, 0.5)) * spacing
    while z < last:
        places.append(z)
        z += spacing * float(random.uniform(0.5, 1.5))
    return places


def _within(random: np.random.Generator, span: float) -> float:
    return float(random.uniform(-span, span))
