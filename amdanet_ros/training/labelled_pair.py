"""A labelled RGB-thermal pair, as every data source returns it."""

from __future__ import annotations

from typing import NamedTuple, Protocol

import numpy as np

from ..inference.thermal_normalization import ThermalNormalizer


class DataError(ValueError):
    """A data set cannot be used; the message names file, cause and fix."""


class LabelledPair(NamedTuple):
    """A labelled pair of images of the same size.

    Attributes:
        name: of the image, for messages and tables.
        rgb: H x W x 3 uint8.
        thermal: H x W uint8 or uint16, not normalised.
        labels: H x W uint8 class index; 255 = no label.
        condition: "day", "night", ... or "" if the data set does not name it.
        lost: "thermal" if there was no thermal camera: `thermal` is then the grey of `rgb`.
    """

    name: str
    rgb: np.ndarray
    thermal: np.ndarray
    labels: np.ndarray
    condition: str = ""
    lost: str = ""


class LabelledPairs(Protocol):
    """A data source: a sequence of labelled pairs; several processes may read it."""

    def __len__(self) -> int:
        """Return the number of pairs."""

    def __getitem__(self, index: int) -> LabelledPair:
        """Return one pair; the same index gives the same pair.

        Raises:
            IndexError: no such pair; this ends a loop over all pairs.
        """


def thermal_values(thermal: np.ndarray) -> np.ndarray:
    """Return h x w float32 in [0, 1] of a single image, normalised as in inference.

    8-bit images are divided by 255, 16-bit ones stretched between percentiles of the image.
    """
    return ThermalNormalizer(smoothing=0.0)(thermal)
