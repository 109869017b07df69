"""Walking people and animals: warm, and often dark to an RGB camera."""

from __future__ import annotations

import numpy as np

from .billboard import Part, box, ellipse, limb
from .canvas import Surface
from .surfaces import CLOTHES, LABELS, Climate, shade


class Person:
    """A walking person with swinging arms and legs, warm skin and clothes warmer than the air.

    Attributes:
        height: metres.
        temperature: mean over the body, kelvin.
    """

    def __init__(self, random: np.random.Generator, climate: Climate) -> None:
        self.height = float(random.uniform(1.6, 1.9))
        self._phase = float(random.uniform(0, 2 * np.pi))
        self._step = float(random.uniform(4.5, 6.5))
        skin = shade(random, (0.42, 0.26, 0.18), 0.35)
        coat = shade(random, CLOTHES[random.integers(len(CLOTHES))], 0.3)
        trousers = shade(random, CLOTHES[random.integers(len(CLOTHES))], 0.3)
        cloth = float(max(climate.air + 6.0, 299.0) + random.uniform(-1.5, 2.0))
        label = LABELS["person"]
        self._skin = Surface(skin, float(random.uniform(305, 307.5)), label, 0.05)
        self._coat = Surface(coat, cloth, label, 0.12, 0.4)
        self._trousers = Surface(trousers, cloth - 0.7, label, 0.12, 0.4)
        self._hair = Surface(shade(random, (0.08, 0.05, 0.04), 0.5), cloth + 1.0, label, 0.1)
        self.temperature = cloth + 1.0

    def parts(self, time: float, facing: float) -> list[Part]:
        """Polygons at a time in seconds; ``facing`` is -1 or 1, the side the person walks to."""
        h = self.height
        swing = np.sin(self._phase + self._step * time)
        hip, shoulder = 0.50 * h, 0.80 * h
        parts = []
        for sign in (-1.0, 1.0):
            knee = facing * 0.10 * h * swing * sign
            foot = knee * 1.7 - facing * 0.03 * h
            parts.append(Part(limb(0, hip, knee, 0.27 * h, 0.10 * h), self._trousers))
            parts.append(Part(limb(knee, 0.29 * h, foot, 0.02 * h, 0.085 * h), self._trousers))
        arm = facing * 0.09 * h * swing
        parts.append(Part(limb(0, shoulder, -arm, 0.50 * h, 0.07 * h), self._coat))
        torso = [[-0.10, 0.47], [0.10, 0.47], [0.125, 0.80]]
        torso += [[0.07, 0.845], [-0.07, 0.845], [-0.125, 0.80]]
        parts.append(Part(np.array(torso) * h, self._coat))
        parts.append(Part(limb(0.02 * h, shoulder, arm, 0.50 * h, 0.07 * h), self._coat))
        parts.append(Part(ellipse(arm, 0.48 * h, 0.03 * h, 0.03 * h, 8), self._skin))
        parts.append(Part(ellipse(0, 0.925 * h, 0.065 * h, 0.075 * h), self._skin))
        hair = ellipse(-facing * 0.01 * h, 0.965 * h, 0.062 * h, 0.035 * h, 10)
        return [*parts, Part(hair, self._hair)]


class Animal:
    """A dog or a deer, seen from the side, trotting.

    Attributes:
        height: of the back, metres.
        temperature: mean over the body, kelvin.
    """

    def __init__(self, random: np.random.Generator, climate: Climate) -> None:
        self.height = float(random.uniform(0.75, 1.25))
        self._phase = float(random.uniform(0, 2 * np.pi))
        self._antlers = bool(self.height > 1.0 and random.random() < 0.5)
        coat = shade(random, (0.20, 0.12, 0.06), 0.45)
        warmth = float(max(climate.air + 8.0, 302.0) + random.uniform(-1.0, 2.0))
        label = LABELS["animal"]
        self._coat = Surface(coat, warmth, label, 0.25, 0.4)
        self._legs = Surface(shade(random, coat, 0.1), warmth + 0.5, label, 0.1)
        self._face = Surface(shade(random, coat, 0.15), warmth + 2.5, label, 0.05)
        self.temperature = warmth

    def parts(self, time: float, facing: float) -> list[Part]:
        """Polygons at a time in seconds; ``facing`` is -1 or 1, the side of the head."""
        h, f = self.height, facing
        swing = 0.12 * h * np.sin(self._phase + 7.0 * time)
        parts = []
        for x, sign in ((-0.52, 1), (-0.40, -1), (0.38, 1), (0.50, -1)):
            leg = limb(f * x * h, 0.55 * h, f * x * h + sign * swing, 0.0, 0.11 * h)
            parts.append(Part(leg, self._legs))
        neck = limb(f * 0.50 * h, 0.80 * h, f * 0.78 * h, 1.16 * h, 0.22 * h)
        tail = limb(-f * 0.60 * h, 0.85 * h, -f * 0.86 * h, 1.02 * h, 0.08 * h)
        body = (ellipse(0, 0.73 * h, 0.66 * h, 0.27 * h, 14), neck, tail)
        ear = limb(f * 0.74 * h, 1.28 * h, f * 0.70 * h, 1.42 * h, 0.08 * h)
        head = (ellipse(f * 0.86 * h, 1.20 * h, 0.20 * h, 0.12 * h), ear)
        parts += [Part(polygon, self._coat) for polygon in body]
        parts += [Part(polygon, self._face) for polygon in head]
        if self._antlers:
            beam = limb(f * 0.78 * h, 1.45 * h, f * 0.95 * h, 1.62 * h, 0.05 * h)
            antlers = (box(f * 0.76 * h, 1.28 * h, f * 0.80 * h, 1.60 * h), beam)
            parts += [Part(polygon, self._legs) for polygon in antlers]
        return parts
