"""A network that computes at another size than the images', as the node does."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from ..inference.input_images import reduced_size
from ..inference.luminance_share import gives_share, without_mixing
from ..inference.resampling import Resampler
from ..network import AMDANet
from ..network.amdanet import AMDANetOutput
from ..network.luminance_mixing import luminance, with_share


class AtSize(nn.Module):
    """Takes and gives what an AMDANet in evaluation mode does, at the images' size.

    Args:
        network: it stays as it is.
        size: (height, width) at which it computes; None: with as many pixels as the recommended
            size has, at the images' aspect, and smaller images at their own.
        recommended: (height, width) of the checkpoint; None: the images' own.
    """

    def __init__(
        self,
        network: AMDANet,
        size: tuple[int, int] | None,
        recommended: tuple[int, int] | None = None,
    ) -> None:
        super().__init__()
        self._mixes = gives_share(network)
        self._network = without_mixing(network) if self._mixes else network
        self._size = size
        self._recommended = recommended
        self._resamplers: dict[torch.device, Resampler] = {}

    def size_for(self, shape: tuple[int, int]) -> tuple[int, int]:
        """Return the size at which images of a size (height, width) are computed."""
        if self._size or not self._recommended:
            return self._size or shape
        return reduced_size(shape, self._recommended[0] * self._recommended[1])

    def forward(self, rgb: Tensor, thermal: Tensor, want_fused: bool = True) -> AMDANetOutput:
        """Compute both outputs; classes come back as nearest neighbours.

        Args:
            rgb, thermal: B x 3 x H x W in [0, 1].
            want_fused: see `AMDANet`.
        """
        full = (int(rgb.shape[2]), int(rgb.shape[3]))
        size = self.size_for(full)
        resampler = self._resamplers.setdefault(rgb.device, Resampler(rgb.device))

        def resized(images: Tensor, to: tuple[int, int]) -> Tensor:
            return torch.stack([resampler.smooth(image, to) for image in images])

        output = self._network(resized(rgb, size), resized(thermal, size), want_fused)
        logits = [
            torch.stack([resampler.nearest(plane, full) for plane in scores])
            for scores in output.logits
        ]
        fused = output.fused
        if fused is not None and self._mixes:
            fused = with_share(rgb, thermal[:, :1], resized(luminance(fused), full))
        elif fused is not None:
            fused = resized(fused, full)
        return AMDANetOutput(torch.stack(logits), fused)
