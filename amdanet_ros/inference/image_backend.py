"""Images to the network's input and its output to images: on the host, or on a GPU."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from torch import Tensor

from ..registration import PixelMap
from .output_images import confidence_of, labels_of, stretched
from .plain_engine import EngineOutput
from .thermal_normalization import NormalizedThermal


@dataclass(frozen=True, eq=False)
class OverlayStyle:
    """How classes are drawn over the fused image.

    Attributes:
        palette: K x 3 uint8 RGB.
        alpha: weight of the colours, 0 to 1.
        threshold: confidence, 0 to 1, below which a pixel has no class.
    """

    palette: np.ndarray
    alpha: float = 0.5
    threshold: float = 0.0


class InputGeometry(NamedTuple):
    """Where the images lie in the network's input.

    Attributes:
        rgb_size: (height, width) of the RGB image as it came, whose pixels `homography` means.
        size: (height, width) of the network's input.
        homography: 3 x 3, thermal pixels to RGB pixels; None: equal field of view.
        pixel_map: instead of a homography, or None.
    """

    rgb_size: tuple[int, int]
    size: tuple[int, int]
    homography: np.ndarray | None
    pixel_map: PixelMap | None = None


class ImageBackend(ABC):
    """What is done before and after the network; a backend resizes, draws and gives arrays."""

    @abstractmethod
    def rgb_input(self, rgb: np.ndarray, size: tuple[int, int]) -> Tensor:
        """H x W x 3 uint8 to 1 x 3 x height x width, float32 in [0, 1]."""

    @abstractmethod
    def thermal_input(self, thermal: NormalizedThermal, geometry: InputGeometry) -> Tensor:
        """An h x w image to 1 x 1 x height x width, float32 in [0, 1]."""

    def outputs(
        self, output: EngineOutput, size: tuple[int, int], confidence: bool, stretch: bool
    ) -> dict[str, Any]:
        """Bring the network's results to the RGB image's size, where this backend keeps them.

        Args:
            output: of the network.
            size: (height, width) of the results.
            confidence: whether "confidence" is needed beside "labels".
            stretch: the fused image from its darkest to its brightest, see `stretched`.

        Returns:
            "labels", "confidence" and "fused", as far as the network gave them.
        """
        found = {}
        if output.logits is not None:
            labels, best = labels_of(output.logits)
            found["labels"] = self.labels(labels, size)
            if confidence:
                found["confidence"] = self.confidence(confidence_of(output.logits, best), size)
        if output.fused is not None:
            fused = stretched(output.fused[0]) if stretch else output.fused[0]
            found["fused"] = self.fused(fused, size)
        return found

    @abstractmethod
    def labels(self, labels: Tensor, size: tuple[int, int]) -> Any:
        """Resize class indices, H x W uint8."""

    @abstractmethod
    def confidence(self, confidence: Tensor, size: tuple[int, int]) -> Any:
        """Resize confidences, H x W float32."""

    @abstractmethod
    def fused(self, fused: Tensor, size: tuple[int, int]) -> Any:
        """Resize a fused image, 3 x H x W in [0, 1], to height x width x 3 uint8."""

    @abstractmethod
    def mixed(self, share: Tensor, rgb: np.ndarray, thermal: Tensor, stretch: bool) -> Any:
        """Mix thermal's share into the luminance of an RGB image, at that image's size.

        Args:
            share: 1 x 1 x h x w in [0, 1].
            rgb: H x W x 3 uint8.
            thermal: 1 x 1 x H x W in [0, 1], by `thermal_input`.
            stretch: see `outputs`.

        Returns:
            H x W x 3 uint8.
        """

    @abstractmethod
    def draw(self, found: dict[str, Any], style: OverlayStyle) -> Any:
        """Draw the overlay from "labels", "fused" and, with a threshold, "confidence"."""

    @abstractmethod
    def arrays(self, found: dict[str, Any]) -> dict[str, np.ndarray]:
        """Return what ``outputs`` and ``draw`` made as arrays of the caller's own."""
