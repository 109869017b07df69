"""How a scene looks through other cameras: thermal normalised otherwise, RGB of less light."""

from __future__ import annotations

import torch
from torch import Tensor

from ..evaluation.views import MSRS_GAIN, MSRS_OFFSET
from .lost_cameras import Lost
from .vision_transforms import tv_tensors


class ThermalLook(torch.nn.Module):
    """Show a thermal image as another chain would have given it.

    MSRS comes with its contrast enhanced. The same scene looks flatter as the camera's own 8-bit
    video, and other again as 16-bit counts through `ThermalNormalizer`.

    Args:
        video: probability of the camera's own 8 bits (`MSRS_GAIN`, `MSRS_OFFSET`).
        counts: probability of 16-bit counts, stretched between the frame's percentiles.

    Raises:
        ValueError: probabilities that sum to more than 1.
    """

    def __init__(self, video: float = 0.0, counts: float = 0.0) -> None:
        super().__init__()
        if min(video, counts) < 0 or video + counts > 1:
            raise ValueError(
                f"thermal_looks are {video} and {counts}: two probabilities, at most 1 together"
            )
        self.video, self.counts = video, counts

    def forward(self, sample: dict[str, Tensor]) -> dict[str, Tensor]:
        """Change the entry "thermal" of a sample; not that of one without a thermal camera."""
        drawn = float(torch.rand(()))
        if "lost" in sample or drawn >= self.video + self.counts:
            return sample
        old = sample["thermal"]
        new = MSRS_GAIN * old + MSRS_OFFSET / 255.0 if drawn < self.video else stretched(old)
        return {**sample, "thermal": tv_tensors.wrap(new, like=old)}


class ThermalGain(torch.nn.Module):
    """Multiply thermal values by a random factor, clipped at 1: another span of temperatures.

    The same people are bright where the camera's span is narrow and dim where something hot
    widens it. Black stays black, so nothing dim is lost.

    Args:
        weakest, strongest: bounds of the factor, drawn uniformly in its logarithm.

    Raises:
        ValueError: not 0 < weakest <= strongest.
    """

    def __init__(self, weakest: float, strongest: float) -> None:
        super().__init__()
        if not 0 < weakest <= strongest:
            raise ValueError(
                f"thermal_gain is {weakest} and {strongest}: expected are the smallest and the "
                "largest factor"
            )
        self.weakest, self.strongest = weakest, strongest

    def forward(self, sample: dict[str, Tensor]) -> dict[str, Tensor]:
        """Change the entry "thermal" of a sample."""
        gain = self.weakest * (self.strongest / self.weakest) ** float(torch.rand(()))
        thermal = sample["thermal"]
        changed = (gain * thermal).clamp(max=1.0)
        return {**sample, "thermal": tv_tensors.wrap(changed, like=thermal)}


class ThermalBorder(torch.nn.Module):
    """Make thermal 0 along the image's edges, where a narrower thermal camera sees nothing.

    The node shows a registered thermal image so.

    Args:
        probability: of a sample to be changed; not one that has lost thermal.
        widest: of the border at each side, as a share of the image's side; each side has its own.
    """

    def __init__(self, probability: float, widest: float = 0.2) -> None:
        super().__init__()
        self.probability, self.widest = probability, widest

    def forward(self, sample: dict[str, Tensor]) -> dict[str, Tensor]:
        """Change the entry "thermal" of a sample."""
        if torch.rand(()) >= self.probability or sample.get("lost") == Lost.THERMAL:
            return sample
        thermal = sample["thermal"]
        height, width = thermal.shape[-2:]
        top, bottom, left, right = (self.widest * torch.rand(4)).tolist()
        rows = slice(round(top * height), height - round(bottom * height))
        columns = slice(round(left * width), width - round(right * width))
        seen = torch.zeros_like(thermal)
        seen[..., rows, columns] = thermal[..., rows, columns]
        return {**sample, "thermal": tv_tensors.wrap(seen, like=thermal)}


class RgbNoise(torch.nn.Module):
    """Add the noise of a sensor with little light, each channel by itself.

    Args:
        probability: of a sample to be changed.
        strongest: largest deviation, in parts of the value range; the smallest is a tenth of it.
    """

    def __init__(self, probability: float, strongest: float = 0.1) -> None:
        super().__init__()
        self.probability, self.strongest = probability, strongest

    def forward(self, sample: dict[str, Tensor]) -> dict[str, Tensor]:
        """Change the entry "rgb" of a sample."""
        if torch.rand(()) >= self.probability:
            return sample
        deviation = self.strongest * 0.1 ** float(torch.rand(()))
        rgb = sample["rgb"]
        noisy = (rgb + deviation * torch.randn(rgb.shape)).clamp(0, 1)
        return {**sample, "rgb": tv_tensors.wrap(noisy, like=rgb)}


def stretched(values: Tensor) -> Tensor:
    """Bring the 1st and 99th percentile to 0 and 1, as `ThermalNormalizer` does, and clip."""
    sorted_values = values.flatten().sort().values
    low, high = (sorted_values[round(q * (len(sorted_values) - 1))] for q in (0.01, 0.99))
    return ((values - low) / (high - low).clamp(min=1e-6)).clamp(0, 1)
