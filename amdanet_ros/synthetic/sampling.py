"""Single labelled pairs for training: a random time of a random scene."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from .cameras import RgbCamera, ThermalCamera
from .scene import StreetScene
from .surfaces import CONDITIONS

_LONGEST = 6.0  # seconds into a scene


class Sample(NamedTuple):
    """A labelled pair.

    Attributes:
        rgb: H x W x 3 uint8.
        thermal: H x W uint16, hundredths of a kelvin, the same field of view and size.
        labels: H x W uint8, index into ``classes.DEMO``.
        condition: "day", "night", "glare" or "smoke".
    """

    rgb: np.ndarray
    thermal: np.ndarray
    labels: np.ndarray
    condition: str


def sample(seed: int, size: tuple[int, int] = (240, 320), condition: str | None = None) -> Sample:
    """Draw a labelled pair; the same arguments give the same pair to the bit.

    Args:
        seed: any integer from 0.
        size: (height, width).
        condition: None draws one, night as often as the other three together.
    """
    random = np.random.default_rng([seed, 3])
    drawn = str(random.choice(CONDITIONS, p=(0.25, 0.4, 0.175, 0.175)))
    condition = condition or drawn
    time = float(random.uniform(0, _LONGEST))
    frame = StreetScene(seed, condition, size, _LONGEST).render(time)
    rgb = RgbCamera(seed).capture(frame.radiance)
    thermal = ThermalCamera(seed).capture(frame.temperature)
    return Sample(rgb, thermal, frame.labels, condition)
