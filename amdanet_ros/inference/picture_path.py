"""What leads pictures to the network and from it: on the host, or on the network's device."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from torch import Tensor

from .plain_engine import EngineOutput
from .thermal_normalization import ThermalNormalizer


@dataclass(frozen=True, eq=False)
class OverlayStyle:
    """How classes are drawn over the fused picture.

    Attributes:
        palette: K x 3 uint8 RGB.
        alpha: weight of the colours, 0 to 1.
        threshold: confidence, 0 to 1, below which a pixel has no class.
    """

    palette: np.ndarray
    alpha: float = 0.5
    threshold: float = 0.0


class PicturePath(Protocol):
    """Both ends of the predictor."""

    def inputs(
        self,
        rgb: np.ndarray,
        thermal: np.ndarray,
        normalizer: ThermalNormalizer,
        size: tuple[int, int],
        homography: np.ndarray | None,
    ) -> tuple[Tensor, Tensor]:
        """Give both pictures to the network.

        Args:
            rgb: H x W x 3 uint8.
            thermal: h x w uint8, uint16 or float.
            normalizer: of the thermal picture; its running bounds move.
            size: (height, width) of the network's input.
            homography: 3 x 3, thermal pixels to RGB pixels; None: equal field of view.

        Returns:
            (rgb 1 x 3 x height x width, thermal 1 x 1 x height x width), float32 in [0, 1].
        """

    def outputs(
        self, output: EngineOutput, size: tuple[int, int], confidence: bool, stretch: bool
    ) -> dict[str, Any]:
        """Bring the network's results to the RGB picture's size, where this path keeps them.

        Args:
            output: of the network.
            size: (height, width) of the results.
            confidence: whether "confidence" is needed beside "labels".
            stretch: the fused picture from its darkest to its brightest, see `stretched`.

        Returns:
            "labels", "confidence" and "fused", as far as the network gave them.
        """

    def draw(self, found: dict[str, Any], style: OverlayStyle) -> Any:
        """Draw the overlay from "labels", "fused" and, with a threshold, "confidence"."""

    def arrays(self, found: dict[str, Any]) -> dict[str, np.ndarray]:
        """Return what ``outputs`` and ``draw`` made as arrays of the caller's own."""
