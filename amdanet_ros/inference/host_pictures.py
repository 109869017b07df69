"""The way of the pictures on the CPU: OpenCV before the network and after it."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from ..visualization.overlay import overlay
from .input_pictures import prepare_rgb, prepare_thermal
from .output_pictures import (
    confidence_of,
    eight_bits,
    labels_of,
    mask_of,
    resize_labels,
    resize_smooth,
    stretched,
)
from .picture_path import OverlayStyle
from .plain_engine import EngineOutput
from .thermal_normalization import ThermalNormalizer


class HostPictures:
    """See `PicturePath`; pictures are resized as uint8 and shared with torch, not copied."""

    def inputs(
        self,
        rgb: np.ndarray,
        thermal: np.ndarray,
        normalizer: ThermalNormalizer,
        size: tuple[int, int],
        homography: np.ndarray | None,
    ) -> tuple[Tensor, Tensor]:
        """Give both pictures to the network."""
        picture = torch.from_numpy(prepare_rgb(rgb, size))
        heat = prepare_thermal(thermal, normalizer, rgb.shape[:2], size, homography)
        return picture.permute(2, 0, 1)[None].float() / 255.0, torch.from_numpy(heat)[None, None]

    def outputs(
        self, output: EngineOutput, size: tuple[int, int], confidence: bool, stretch: bool
    ) -> dict[str, np.ndarray]:
        """Return the network's results at the RGB picture's size."""
        found = {}
        if output.logits is not None:
            labels, best = labels_of(output.logits)
            found["labels"] = resize_labels(labels.numpy(), size)
            if confidence:
                share = confidence_of(output.logits, best).numpy()
                found["confidence"] = resize_smooth(share, size)
        if output.fused is not None:
            fused = stretched(output.fused[0]) if stretch else output.fused[0]
            found["fused"] = resize_smooth(eight_bits(fused).numpy(), size)
        return found

    def draw(self, found: dict[str, np.ndarray], style: OverlayStyle) -> np.ndarray:
        """Return the overlay."""
        mask = mask_of(found["labels"], found.get("confidence"), style.threshold)
        return overlay(found["fused"], mask, style.palette, style.alpha)

    def arrays(self, found: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
        """Return them as they are."""
        return found
