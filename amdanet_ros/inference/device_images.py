"""Images before and after the network on a GPU: bytes are uploaded as the cameras gave them."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from ..classes import UNLABELED
from ..network.luminance_mixing import with_share
from ..registration import resize_homography
from .image_backend import ImageBackend, InputGeometry, OverlayStyle
from .input_images import prepare_thermal
from .output_images import eight_bits, stretched
from .resampling import Resampler
from .thermal_normalization import DARKEST, NormalizedThermal
from .transfer import Transfer


class DeviceImages(ImageBackend):
    """Scaling, resizing, warping, class choice and colouring on the device.

    Thermal images with missing or dead pixels are repaired on the host; those are rare. Resized
    images are not rounded to 8 bits in between: they differ from `HostImages` by less than a
    grey level.
    """

    def __init__(self, device: torch.device, transfer: Transfer) -> None:
        self._device = device
        self._transfer = transfer
        self._resampler = Resampler(device)
        self._tables: dict[bytes, tuple[Tensor, Tensor]] = {}

    def rgb_input(self, rgb: np.ndarray, size: tuple[int, int]) -> Tensor:
        """Areas when shrinking, else bilinear."""
        image = self._transfer.upload("rgb", np.ascontiguousarray(rgb))
        return self._resampler.smooth(image.permute(2, 0, 1).float() / 255.0, size)[None]

    def thermal_input(self, thermal: NormalizedThermal, geometry: InputGeometry) -> Tensor:
        """Scaled to [0, 1], then resized or warped."""
        if thermal.bounds is None:
            prepared = prepare_thermal(thermal, *geometry)
            return self._transfer.upload("prepared", prepared)[None, None]
        low, high = thermal.bounds
        heat = ((self._counts(thermal.values) - low) / (high - low)).clamp_(DARKEST, 1.0)[None]
        rgb_size, size, homography, pixel_map = geometry
        if pixel_map is not None:
            return self._resampler.placed(heat, pixel_map, size)[None]
        if homography is None:
            return self._resampler.smooth(heat, size)[None]
        to_input = resize_homography(rgb_size, size) @ homography
        return self._resampler.warp(heat, to_input, size)[None]

    def labels(self, labels: Tensor, size: tuple[int, int]) -> Tensor:
        """The nearest ones."""
        return self._resampler.nearest(labels, size)

    def confidence(self, confidence: Tensor, size: tuple[int, int]) -> Tensor:
        """Areas when shrinking, else bilinear."""
        return self._resampler.smooth(confidence[None], size)[0]

    def fused(self, fused: Tensor, size: tuple[int, int]) -> Tensor:
        """Resized before it is rounded to 8 bits."""
        return eight_bits(self._resampler.smooth(fused, size))

    def mixed(self, share: Tensor, rgb: np.ndarray, thermal: Tensor, stretch: bool) -> Tensor:
        """All in floating point, rounded once."""
        image = self._transfer.upload("rgb", np.ascontiguousarray(rgb))
        image = image.permute(2, 0, 1)[None].float() / 255.0
        share = self._resampler.smooth(share[0], rgb.shape[:2])[None]
        fused = with_share(image, thermal, share)[0]
        return eight_bits(stretched(fused) if stretch else fused)

    def draw(self, found: dict[str, Tensor], style: OverlayStyle) -> Tensor:
        """As `visualization.overlay` does."""
        labels, image = found["labels"].long(), found["fused"]
        if style.threshold > 0.0:
            labels = labels.masked_fill(found["confidence"] < style.threshold, UNLABELED)
        colors, colored = self._table(style.palette)
        blended = torch.lerp(image.float(), colors[labels], style.alpha).round_()
        return torch.where(colored[labels][..., None], blended.to(torch.uint8), image)

    def arrays(self, found: dict[str, Tensor]) -> dict[str, np.ndarray]:
        """Bring them down; waits once for all."""
        tensors = [tensor.contiguous() for tensor in found.values()]
        return dict(zip(found, self._transfer.download(tensors), strict=True))

    def _counts(self, thermal: np.ndarray) -> Tensor:
        """The camera's own numbers on the device, h x w float32."""
        if thermal.dtype == np.uint16:
            # Few operators know unsigned 16 bits: the same bits go up under a signed name.
            signed = self._transfer.upload("counts", np.ascontiguousarray(thermal).view(np.int16))
            return signed.to(torch.int32).bitwise_and_(0xFFFF).float()
        if thermal.dtype != np.uint8:
            thermal = thermal.astype(np.float32, copy=False)
        return self._transfer.upload("counts", np.ascontiguousarray(thermal)).float()

    def _table(self, palette: np.ndarray) -> tuple[Tensor, Tensor]:
        """256 x 3 float colours, and 256 bool: which of them are drawn."""
        key = palette.tobytes()
        if key not in self._tables:
            colors = np.zeros((256, 3), np.float32)
            colors[: len(palette)] = palette
            table = torch.from_numpy(colors).to(self._device)
            self._tables = {key: (table, table.any(dim=1))}
        return self._tables[key]
