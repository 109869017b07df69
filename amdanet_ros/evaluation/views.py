"""One pair as other cameras would have given it: a lost camera, raw counts, kelvin.

Made from 8-bit thermal images whose contrast was enhanced, as MSRS's are: the camera's own 8 bits
are 0.79 x + 52.6. Counts and kelvin rise linearly with these, with the noise of a sensor, so that
`ThermalNormalizer` sees what it sees with such a camera.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Protocol

import cv2
import numpy as np

from .scoring import Pair

MSRS_GAIN, MSRS_OFFSET = 0.79, 52.6
"""MSRS's 8-bit thermal images are MFNet's, enhanced: original = 0.79 x + 52.6."""

COUNTS = (7200.0, 4.0, 3.0)
"""14-bit counts of the camera's 8 bits: at 0, for each level, standard deviation of the noise."""
TLINEAR = (27_800.0, 14.0, 5.0)
"""The same in hundredths of a kelvin: 278.0 K to 313.7 K."""


class ReplaceablePair(Pair, Protocol):
    """A pair that is a named tuple, such as the training's `LabelledPair`."""

    name: str

    def _replace(self, **values: Any) -> ReplaceablePair:
        """Return one with other values."""


View = Callable[[ReplaceablePair], ReplaceablePair]


def as_it_is(pair: ReplaceablePair) -> ReplaceablePair:
    """Leave it alone."""
    return pair


def rgb_black(pair: ReplaceablePair) -> ReplaceablePair:
    """Lose RGB: black."""
    return pair._replace(rgb=np.zeros_like(pair.rgb))


def thermal_lost(pair: ReplaceablePair) -> ReplaceablePair:
    """Lose thermal: the grey of RGB in its place, as `pipeline.substitution` has it."""
    return pair._replace(thermal=cv2.cvtColor(pair.rgb, cv2.COLOR_RGB2GRAY), lost="thermal")


def video(pair: ReplaceablePair) -> ReplaceablePair:
    """Give the camera's own 8 bits."""
    return pair._replace(thermal=np.rint(_own_bits(pair)).astype(np.uint8))


def counts(pair: ReplaceablePair) -> ReplaceablePair:
    """Give 14-bit raw counts."""
    return _sixteen_bits(pair, COUNTS)


def tlinear(pair: ReplaceablePair) -> ReplaceablePair:
    """Give hundredths of a kelvin."""
    return _sixteen_bits(pair, TLINEAR)


VIEWS: dict[str, View] = {
    "as it is": as_it_is,
    "RGB black": rgb_black,
    "thermal lost": thermal_lost,
    "own 8 bits": video,
    "14-bit counts": counts,
    "TLinear": tlinear,
}
"""Every view by its name."""


class ViewedPairs(Sequence):
    """The pairs of a data source in one view.

    Args:
        pairs: the source.
        view: a value of `VIEWS`.
    """

    def __init__(self, pairs: Sequence[ReplaceablePair], view: View) -> None:
        self.pairs, self.view = pairs, view

    def __len__(self) -> int:
        return len(self.pairs)

    def __getitem__(self, index: int) -> ReplaceablePair:
        return self.view(self.pairs[index])

    def __iter__(self) -> Iterator[Any]:
        return (self[index] for index in range(len(self)))


def _own_bits(pair: ReplaceablePair) -> np.ndarray:
    if pair.thermal.dtype != np.uint8:
        raise ValueError(
            f"{pair.name}: this view is made from 8-bit thermal images, not {pair.thermal.dtype}"
        )
    return MSRS_GAIN * pair.thermal + MSRS_OFFSET


def _sixteen_bits(pair: ReplaceablePair, unit: tuple[float, float, float]) -> ReplaceablePair:
    at_zero, step, noise = unit
    random = np.random.default_rng(zlib.crc32(pair.name.encode()))
    values = at_zero + step * _own_bits(pair) + random.normal(0.0, noise, pair.thermal.shape)
    return pair._replace(thermal=np.rint(values).astype(np.uint16))
