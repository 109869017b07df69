"""Augmentation of labelled pairs: flip, scale and crop of all alike; damage to one modality."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from amdanet_ros.classes import UNLABELED
from amdanet_ros.training.labelled_pair import LabelledPair, thermal_values
from amdanet_ros.training.vision_transforms import tv_tensors, v2


class RandomScaleCrop(v2.Transform):
    """Scale by a random factor, crop at a random place, pad around the middle.

    Only the window that the crop keeps is resized. Pictures are padded with 0 and resized
    bilinearly; masks are padded with 255 and take the nearest pixel.

    Args:
        crop: (height, width) of the result.
        scales: factors to draw from; two numbers with `continuous` are the ends of a range.
        continuous: draw from the whole range (logarithmically), not from the list.
    """

    def __init__(
        self, crop: Sequence[int], scales: Sequence[float] = (1.0,), continuous: bool = False
    ) -> None:
        super().__init__()
        if not scales or min(scales) <= 0:
            raise ValueError(f"scales must be positive, not {list(scales)}")
        self.crop = (int(crop[0]), int(crop[1]))
        self.scales = [float(scale) for scale in scales]
        self.continuous = continuous

    def make_params(self, flat_inputs: list[Any]) -> dict[str, Any]:
        """Draw the window (top, left, height, width) and the size it is brought to."""
        sides = v2.functional.get_size(flat_inputs[0])
        scale = self._scale()
        axes = [
            _axis_window(side, crop, scale) for side, crop in zip(sides, self.crop, strict=True)
        ]
        (top, height, out_height), (left, width, out_width) = axes
        return {"window": (top, left, height, width), "size": [out_height, out_width]}

    def transform(self, inpt: Any, params: dict[str, Any]) -> Any:
        """Cut, resize and pad one picture or mask."""
        cut = v2.functional.resized_crop(inpt, *params["window"], size=params["size"])
        spare = [c - s for c, s in zip(self.crop, params["size"], strict=True)]
        if not any(spare):
            return cut
        top, left = spare[0] // 2, spare[1] // 2
        fill = UNLABELED if isinstance(inpt, tv_tensors.Mask) else 0
        return v2.functional.pad(cut, [left, top, spare[1] - left, spare[0] - top], fill=fill)

    def _scale(self) -> float:
        if not self.continuous:
            return self.scales[int(torch.randint(len(self.scales), ()))]
        low, high = (torch.tensor(end).log() for end in (min(self.scales), max(self.scales)))
        return float((low + (high - low) * torch.rand(())).exp())


def _axis_window(side: int, crop: int, scale: float) -> tuple[int, int, int]:
    """Return (start, length, resized length) of the window along one axis."""
    resized = min(crop, max(1, round(side * scale)))
    length = min(side, max(1, round(resized / scale)))
    return int(torch.randint(side - length + 1, ())), length, resized


class ThermalStretch(torch.nn.Module):
    """Shift and stretch the thermal values a little, as a running normalisation would have.

    Args:
        strength: largest relative shift of either end of the value range.
    """

    def __init__(self, strength: float) -> None:
        super().__init__()
        self.strength = strength

    def forward(self, sample: dict[str, Tensor]) -> dict[str, Tensor]:
        """Change the entry "thermal" of a sample."""
        low, high = (self.strength * (2.0 * torch.rand(2) - 1.0)).tolist()
        thermal = (sample["thermal"] - low) / (1.0 + high - low)
        return {**sample, "thermal": tv_tensors.wrap(thermal.clamp(0, 1), like=sample["thermal"])}


class RandomExposure(torch.nn.Module):
    """Expose the visible picture wrongly: a gain with clipping at white, or a dark gamma.

    Args:
        probability: of a sample to be changed.
        strongest: largest factor of the gain, 1 or more.
    """

    def __init__(self, probability: float, strongest: float = 6.0) -> None:
        super().__init__()
        self.probability, self.strongest = probability, strongest

    def forward(self, sample: dict[str, Tensor]) -> dict[str, Tensor]:
        """Change the entry "rgb" of a sample."""
        if torch.rand(()) >= self.probability:
            return sample
        gain = self.strongest ** float(torch.rand(()))
        rgb = sample["rgb"]
        changed = (rgb * gain).clamp(max=1.0) if torch.rand(()) < 0.5 else (rgb / gain)
        return {**sample, "rgb": tv_tensors.wrap(changed, like=rgb)}


class ModalityDropout(torch.nn.Module):
    """Lose one modality: its picture becomes one grey level.

    Args:
        probability: of a sample to lose one; both are lost equally often.
    """

    def __init__(self, probability: float) -> None:
        super().__init__()
        self.probability = probability

    def forward(self, sample: dict[str, Tensor]) -> dict[str, Tensor]:
        """Change the entry "rgb" or "thermal" of a sample."""
        if torch.rand(()) >= self.probability:
            return sample
        lost = "rgb" if torch.rand(()) < 0.5 else "thermal"
        level = float(torch.rand(()))
        level = round(level) if lost == "rgb" else level
        return {
            **sample,
            lost: tv_tensors.wrap(torch.full_like(sample[lost], level), like=sample[lost]),
        }


def pair_to_sample(pair: LabelledPair) -> dict[str, Tensor]:
    """Turn a pair of arrays into tv_tensors.

    Returns:
        "rgb" 3 x H x W float32 in [0, 1], "thermal" 1 x H x W float32 in [0, 1], "labels" H x W
        uint8, "valid" H x W uint8 of ones (padding will bring 255).
    """
    labels = torch.from_numpy(pair.labels)
    return {
        "rgb": tv_tensors.Image(torch.from_numpy(pair.rgb).permute(2, 0, 1).float().div_(255)),
        "thermal": tv_tensors.Image(torch.from_numpy(thermal_values(pair.thermal))[None]),
        "labels": tv_tensors.Mask(labels),
        "valid": tv_tensors.Mask(torch.ones_like(labels)),
    }


class Augmentation:
    """The chain of random changes, reproducible from one number.

    Args:
        crop: (height, width) of the result.
        scales, continuous_scales: see `RandomScaleCrop`.
        flip: probability of a horizontal flip.
        thermal_stretch: see `ThermalStretch`; 0 is off.
        exposure: probability, see `RandomExposure`.
        modality_dropout: probability, see `ModalityDropout`.
    """

    def __init__(
        self,
        crop: Sequence[int],
        scales: Sequence[float] = (1.0,),
        continuous_scales: bool = False,
        flip: float = 0.5,
        thermal_stretch: float = 0.0,
        exposure: float = 0.0,
        modality_dropout: float = 0.0,
    ) -> None:
        steps: list[torch.nn.Module] = [
            RandomScaleCrop(crop, scales, continuous_scales),
            v2.RandomHorizontalFlip(flip),
        ]
        if thermal_stretch:
            steps.append(ThermalStretch(thermal_stretch))
        if exposure:
            steps.append(RandomExposure(exposure))
        if modality_dropout:
            steps.append(ModalityDropout(modality_dropout))
        self.chain = v2.Compose(steps)

    def __call__(self, pair: LabelledPair, seed: int) -> dict[str, Tensor]:
        """Return the changed sample as plain tensors; the same seed gives the same one.

        Returns:
            "rgb", "thermal" (3 x and 1 x h x w float32 in [0, 1]), "labels" (h x w uint8, 255 in
            the padding) and "valid" (h x w uint8: 1 inside the picture, 0 in the padding).
        """
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            sample = self.chain(pair_to_sample(pair))
        sample = {name: value.as_subclass(Tensor) for name, value in sample.items()}
        sample["valid"] = (sample["valid"] == 1).to(torch.uint8)
        if not sample["valid"].all():  # whatever else was done to it, padding is 0
            for name in ("rgb", "thermal"):
                sample[name] = sample[name] * sample["valid"]
        return sample
