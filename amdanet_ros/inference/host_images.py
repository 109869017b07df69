"""The way of the pictures on the CPU: OpenCV before the network and after it."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from ..visualization.overlay import overlay
from .image_path import InputGeometry, OverlayStyle, PicturePath
from .input_images import prepare_rgb, prepare_thermal
from .output_images import eight_bits, mask_of, resize_labels, resize_smooth
from .thermal_normalization import ThermalNormalizer


class HostPictures(PicturePath):
    """Pictures are resized as uint8 and shared with torch, not copied."""

    def rgb_input(self, rgb: np.ndarray, size: tuple[int, int]) -> Tensor:
        """Areas when shrinking, else bilinear."""
        picture = torch.from_numpy(prepare_rgb(rgb, size))
        return picture.permute(2, 0, 1)[None].float() / 255.0

    def thermal_input(
        self, thermal: np.ndarray, normalizer: ThermalNormalizer, geometry: InputGeometry
    ) -> Tensor:
        """Normalised, then resized or warped."""
        return torch.from_numpy(prepare_thermal(thermal, normalizer, *geometry))[None, None]

    def labels(self, labels: Tensor, size: tuple[int, int]) -> np.ndarray:
        """The nearest ones."""
        return resize_labels(labels.numpy(), size)

    def confidence(self, confidence: Tensor, size: tuple[int, int]) -> np.ndarray:
        """Areas when shrinking, else bilinear."""
        return resize_smooth(confidence.numpy(), size)

    def fused(self, fused: Tensor, size: tuple[int, int]) -> np.ndarray:
        """As 8 bits: a quarter of the bytes to resize."""
        return resize_smooth(eight_bits(fused).numpy(), size)

    def draw(self, found: dict[str, np.ndarray], style: OverlayStyle) -> np.ndarray:
        """As `visualization.overlay` does."""
        mask = mask_of(found["labels"], found.get("confidence"), style.threshold)
        return overlay(found["fused"], mask, style.palette, style.alpha)

    def arrays(self, found: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
        """They are arrays already."""
        return found
