"""Images before and after the network on the CPU, by OpenCV."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from ..images.nearest import resize_nearest
from ..visualization.overlay import overlay
from .image_backend import ImageBackend, InputGeometry, OverlayStyle
from .input_images import prepare_thermal
from .luminance_share import mixed_image
from .output_images import eight_bits, mask_of, resize_smooth
from .thermal_normalization import NormalizedThermal


class HostImages(ImageBackend):
    """Images are resized as uint8 and shared with torch, not copied."""

    def rgb_input(self, rgb: np.ndarray, size: tuple[int, int]) -> Tensor:
        """Areas when shrinking, else bilinear."""
        image = np.ascontiguousarray(resize_smooth(rgb, size))
        if not image.flags.writeable:  # images of a bag; torch warns of sharing their memory
            image = image.copy()
        return torch.from_numpy(image).permute(2, 0, 1)[None].float() / 255.0

    def thermal_input(self, thermal: NormalizedThermal, geometry: InputGeometry) -> Tensor:
        """Scaled to [0, 1], then resized or warped."""
        return torch.from_numpy(prepare_thermal(thermal, *geometry))[None, None]

    def labels(self, labels: Tensor, size: tuple[int, int]) -> np.ndarray:
        """The nearest ones."""
        return resize_nearest(labels.numpy(), size)

    def confidence(self, confidence: Tensor, size: tuple[int, int]) -> np.ndarray:
        """Areas when shrinking, else bilinear."""
        return resize_smooth(confidence.numpy(), size)

    def fused(self, fused: Tensor, size: tuple[int, int]) -> np.ndarray:
        """As 8 bits: a quarter of the bytes to resize."""
        return resize_smooth(eight_bits(fused).numpy(), size)

    def mixed(self, share: Tensor, rgb: np.ndarray, thermal: Tensor, stretch: bool) -> np.ndarray:
        """By OpenCV: some 2 ms at 640 x 480."""
        return mixed_image(rgb, thermal[0, 0].numpy(), share[0, 0].numpy(), stretch)

    def draw(self, found: dict[str, np.ndarray], style: OverlayStyle) -> np.ndarray:
        """As `visualization.overlay` does."""
        mask = mask_of(found["labels"], found.get("confidence"), style.threshold)
        return overlay(found["fused"], mask, style.palette, style.alpha)

    def arrays(self, found: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
        """They are arrays already."""
        return found
