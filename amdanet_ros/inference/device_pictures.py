"""The way of the pictures on a GPU: bytes go up as the cameras gave them, bytes come down."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from .input_pictures import input_scaling, prepare_thermal
from .output_pictures import confidence_of, eight_bits, labels_of, stretched
from .picture_path import OverlayStyle
from .plain_engine import EngineOutput
from .resampling import Resampler
from .thermal_normalization import ThermalNormalizer
from .transfer import Transfer

_UNLABELED = 255


class DevicePictures:
    """See `PicturePath`: scaling, resizing, warping, class choice and colouring on the device.

    Thermal pictures with missing or dead pixels are mended on the host; those are rare. Resized
    pictures are not rounded to 8 bits in between: they differ from `HostPictures` by less than a
    grey level.

    Args:
        device: the network's.
        transfer: to it and back.
    """

    def __init__(self, device: torch.device, transfer: Transfer) -> None:
        self._device = device
        self._transfer = transfer
        self._resampler = Resampler(device)
        self._tables: dict[bytes, tuple[Tensor, Tensor]] = {}

    def inputs(
        self,
        rgb: np.ndarray,
        thermal: np.ndarray,
        normalizer: ThermalNormalizer,
        size: tuple[int, int],
        homography: np.ndarray | None,
    ) -> tuple[Tensor, Tensor]:
        """Give both pictures to the network."""
        picture = self._transfer.upload("rgb", np.ascontiguousarray(rgb))
        picture = self._resampler.smooth(picture.permute(2, 0, 1).float() / 255.0, size)
        if normalizer.needs_mending(thermal):
            heat = prepare_thermal(thermal, normalizer, rgb.shape[:2], size, homography)
            return picture[None], self._transfer.upload("mended", heat)[None, None]
        low, high = normalizer.range_of(thermal)
        heat = ((self._counts(thermal) - low) / (high - low)).clamp_(0.0, 1.0)[None]
        if homography is None:
            heat = self._resampler.smooth(heat, size)
        else:
            to_input = input_scaling(rgb.shape[:2], size) @ homography
            heat = self._resampler.warp(heat, to_input, size)
        return picture[None], heat[None]

    def outputs(
        self, output: EngineOutput, size: tuple[int, int], confidence: bool, stretch: bool
    ) -> dict[str, Tensor]:
        """Return the network's results at the RGB picture's size, still on the device."""
        found = {}
        if output.logits is not None:
            labels, best = labels_of(output.logits)
            found["labels"] = self._resampler.nearest(labels, size)
            if confidence:
                share = confidence_of(output.logits, best)[None]
                found["confidence"] = self._resampler.smooth(share, size)[0]
        if output.fused is not None:
            fused = stretched(output.fused[0]) if stretch else output.fused[0]
            found["fused"] = eight_bits(self._resampler.smooth(fused, size))
        return found

    def draw(self, found: dict[str, Tensor], style: OverlayStyle) -> Tensor:
        """Return the overlay, still on the device."""
        labels, picture = found["labels"].long(), found["fused"]
        if style.threshold > 0.0:
            labels = labels.masked_fill(found["confidence"] < style.threshold, _UNLABELED)
        colors, colored = self._table(style.palette)
        blended = torch.lerp(picture.float(), colors[labels], style.alpha).round_()
        return torch.where(colored[labels][..., None], blended.to(torch.uint8), picture)

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
