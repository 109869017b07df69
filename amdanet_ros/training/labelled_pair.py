"""What every data source hands out: a labelled RGB-thermal pair."""

from __future__ import annotations

from typing import NamedTuple, Protocol

import numpy as np

from ..inference.thermal_normalization import ThermalNormalizer


class DataError(ValueError):
    """A data set cannot be used; the message names the file, the cause and the fix."""


class LabelledPair(NamedTuple):
    """One labelled pair of images of one size.

    Attributes:
        name: of the image, for messages and tables.
        rgb: H x W x 3 uint8.
        thermal: H x W uint8 or uint16, as the camera gave it.
        labels: H x W uint8 class index; 255 = no label.
        condition: "day", "night", ... or "" where the data set does not say.
    """

    name: str
    rgb: np.ndarray
    thermal: np.ndarray
    labels: np.ndarray
    condition: str = ""


class LabelledPairs(Protocol):
    """A data source: a sequence of labelled pairs that any process may read."""

    def __len__(self) -> int:
        """Return the number of pairs."""

    def __getitem__(self, index: int) -> LabelledPair:
        """Return one pair; the same index gives the same pair.

        Raises:
            IndexError: beyond the last pair; this ends a loop over them.
        """


def thermal_values(thermal: np.ndarray) -> np.ndarray:
    """Return h x w float32 in [0, 1]: an image alone, normalised as the node does it.

    8-bit images are divided by 255, 16-bit ones stretched between the frame's percentiles.
    """
    return ThermalNormalizer(smoothing=0.0)(thermal)
