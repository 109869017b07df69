"""Damage to one image of a pair, as a camera causes it: wrong exposure, low contrast, loss.

Thermal images are damaged in the camera's own unit, before normalisation, and keep sensor noise.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from amdanet_ros.evaluation.exposure import exposed

SENSOR_NOISE = 5.0
"""Standard deviation, hundredths of a kelvin: the NETD of an uncooled microbolometer."""


def faded(thermal: np.ndarray, contrast: float, seed: int) -> np.ndarray:
    """Return a thermal image with less contrast and new sensor noise.

    Args:
        thermal: h x w uint16, hundredths of a kelvin.
        contrast: share of each deviation from the mean that is left, 0 to 1.
        seed: of the noise.
    """
    mean = thermal.mean(dtype=np.float64)
    noise = np.random.default_rng(seed).normal(0.0, SENSOR_NOISE, thermal.shape)
    values = mean + contrast * (thermal - mean) + noise
    return np.clip(np.rint(values), 0, 65535).astype(np.uint16)


class DamagedPair(NamedTuple):
    """A pair to score, see `amdanet_ros.evaluation.scoring.Pair`."""

    rgb: np.ndarray
    thermal: np.ndarray
    labels: np.ndarray
    condition: str


@dataclass(frozen=True)
class Damage:
    """One kind of damage at one strength.

    Attributes:
        kind: "clean", or which modality and what is wrong with it.
        strength: for tables.
        lost: the image holds nothing of the scene any more.
        rgb: function from an image to the damaged one.
        thermal: function from an image and a seed to the damaged one.
    """

    kind: str
    strength: str
    lost: bool = False
    rgb: Callable[[np.ndarray], np.ndarray] = lambda image: image
    thermal: Callable[[np.ndarray, int], np.ndarray] = lambda image, seed: image

    @property
    def name(self) -> str:
        """Kind and strength."""
        return f"{self.kind}, {self.strength}" if self.strength else self.kind


CLEAN = Damage("clean", "")
DAMAGES: tuple[Damage, ...] = (
    *(
        Damage("RGB overexposed", f"+{stops} stops", rgb=lambda p, s=stops: exposed(p, s))
        for stops in (2, 4, 6)
    ),
    Damage("RGB overexposed", "white", True, rgb=lambda p: np.full_like(p, 255)),
    *(
        Damage("RGB dark", f"-{stops} stops", rgb=lambda p, s=stops: exposed(p, -s))
        for stops in (4, 8)
    ),
    Damage("RGB dark", "black", True, rgb=np.zeros_like),
    *(
        Damage(
            "thermal flat", f"contrast 1/{n}", thermal=lambda p, seed, n=n: faded(p, 1 / n, seed)
        )
        for n in (16, 64)
    ),
    Damage("thermal flat", "noise alone", True, thermal=lambda p, seed: faded(p, 0.0, seed)),
    Damage("thermal flat", "one value", True, thermal=lambda p, _: np.full_like(p, p.mean())),
)
"""The lines of the table in docs/adaptive_weighting.md."""


class Damaged(Sequence):
    """Pairs with one kind of damage each; the same index gives the same pair.

    Args:
        pairs: each with rgb, thermal (uint16), labels and condition.
        damage: of all of them.
    """

    def __init__(self, pairs: Sequence[Any], damage: Damage) -> None:
        self.pairs, self.damage = pairs, damage

    def __len__(self) -> int:
        return len(self.pairs)

    def __getitem__(self, index: int) -> DamagedPair:
        pair = self.pairs[index]
        return DamagedPair(
            self.damage.rgb(pair.rgb),
            self.damage.thermal(pair.thermal, index),
            pair.labels,
            pair.condition,
        )

    def __iter__(self) -> Iterator[DamagedPair]:
        return (self[index] for index in range(len(self)))


def recovered_share(clean: float, plain: float, adaptive: float) -> float:
    """Return which share of the plain network's loss of score the adaptive network avoids.

    Args:
        clean: the plain network's score on undamaged pairs.
        plain: its score on damaged ones.
        adaptive: the adaptive network's score on damaged ones.

    Returns:
        1 where it reaches the clean score, 0 where it is no better than the plain network, NaN
        where the plain network loses less than 0.01.
    """
    loss = clean - plain
    return (adaptive - plain) / loss if loss >= 0.01 else float("nan")
