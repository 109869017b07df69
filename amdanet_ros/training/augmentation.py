"""Random changes of labelled pairs: flip, scale and crop of all arrays; damage to one image."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from ..classes import UNLABELED
from .config import AugmentationConfig
from .labelled_pair import LabelledPair, thermal_values
from .lost_cameras import Lost
from .sensor_looks import RgbNoise, ThermalBorder, ThermalGain, ThermalLook, stretched
from .vision_transforms import tv_tensors, v2


class RandomScaleCrop(v2.Transform):
    """Scale by a random factor, crop at a random position, pad equally on opposite sides.

    Only the window that the crop keeps is resized. Images are padded with 0 and resized
    bilinearly; masks are padded with 255 and resized to the nearest pixel.

    Args:
        crop: (height, width) of the result.
        scales: factors to draw from; with `continuous` the smallest and largest bound a range.
        continuous: draw from the whole range, uniformly in the logarithm.
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
        """Draw the window (top, left, height, width) and the size that it is resized to."""
        sides = v2.functional.get_size(flat_inputs[0])
        scale = self._scale()
        axes = [
            _axis_window(side, crop, scale) for side, crop in zip(sides, self.crop, strict=True)
        ]
        (top, height, out_height), (left, width, out_width) = axes
        return {"window": (top, left, height, width), "size": [out_height, out_width]}

    def transform(self, inpt: Any, params: dict[str, Any]) -> Any:
        """Crop, resize and pad one image or mask."""
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


class StartWhole(torch.nn.Module):
    """Adds the entry "lost" to a sample that has none, with the value `Lost.NOTHING`."""

    def forward(self, sample: dict[str, Tensor]) -> dict[str, Tensor]:
        """Return the sample with the entry; the images stay as they are."""
        return {"lost": torch.tensor(Lost.NOTHING), **sample}


def _harmed(sample: dict[str, Tensor], code: int) -> dict[str, Tensor]:
    """Set the entry "lost", if the sample has one."""
    if "lost" not in sample or sample["lost"] in (Lost.RGB, Lost.THERMAL):
        return sample
    alone = sample["lost"] == Lost.NOTHING
    return {**sample, "lost": torch.tensor(code if alone else Lost.BOTH_HARMED)}


class ThermalStretch(torch.nn.Module):
    """Shifts either end of the thermal values' range, at most by the share `strength` of it.

    The running normalisation varies the values in this way.
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
    """Changes the exposure of the RGB image: a gain with clipping at white, or a division.

    The result is rounded to 8 bits, so a dark image has fewer distinct values.

    Args:
        probability: that a sample is changed.
        strongest: largest gain or divisor, at least 1.
        bright_share: share of the changed samples that get brighter, 0 to 1.
    """

    def __init__(
        self, probability: float, strongest: float = 6.0, bright_share: float = 0.5
    ) -> None:
        super().__init__()
        if strongest < 1.0:
            raise ValueError(f"exposure_strongest is {strongest}: a factor of 1 or more is needed")
        if not 0.0 <= bright_share <= 1.0:
            raise ValueError(f"overexposed is {bright_share}: it must lie in [0, 1]")
        self.probability, self.strongest = probability, strongest
        self.bright_share = bright_share

    def forward(self, sample: dict[str, Tensor]) -> dict[str, Tensor]:
        """Change the entry "rgb" of a sample."""
        if torch.rand(()) >= self.probability:
            return sample
        gain = self.strongest ** float(torch.rand(()))
        rgb = sample["rgb"]
        too_bright = torch.rand(()) < self.bright_share
        changed = (rgb * gain).clamp(max=1.0) if too_bright else rgb / gain
        changed = (255.0 * changed).round() / 255.0
        return _harmed({**sample, "rgb": tv_tensors.wrap(changed, like=rgb)}, Lost.RGB_HARMED)


class ThermalNoise(torch.nn.Module):
    """Adds sensor noise to the thermal image and normalises it again.

    A scene without thermal contrast looks like this: fog, or one temperature everywhere.

    Args:
        probability: that a sample is changed.
        strongest: largest standard deviation of the noise; the value range is 1.
    """

    weakest = 0.02

    def __init__(self, probability: float, strongest: float = 1.0) -> None:
        super().__init__()
        self.probability, self.strongest = probability, strongest

    def forward(self, sample: dict[str, Tensor]) -> dict[str, Tensor]:
        """Change the entry "thermal" of a sample."""
        if torch.rand(()) >= self.probability:
            return sample
        deviation = self.weakest * (self.strongest / self.weakest) ** float(torch.rand(()))
        thermal = sample["thermal"]
        noisy = thermal + deviation * torch.randn(thermal.shape)
        noisy = tv_tensors.wrap(stretched(noisy), like=thermal)
        return _harmed({**sample, "thermal": noisy}, Lost.THERMAL_HARMED)


class ModalityDropout(torch.nn.Module):
    """Replaces the image of one camera by one grey level or by noise.

    RGB becomes black or white. Thermal becomes one level or, in half of the cases, normalised
    sensor noise. The entry "lost" of a sample says which one was replaced. A sample that has no
    thermal camera never loses RGB.

    Args:
        probability: that a sample loses one.
        rgb_share: share of these samples that lose RGB, 0 to 1.
        substituted: share of these samples where the image of the other camera takes the place,
            as in the node (`pipeline.substitution`).
    """

    def __init__(
        self, probability: float, rgb_share: float = 0.5, substituted: float = 0.0
    ) -> None:
        super().__init__()
        if not 0.0 <= rgb_share <= 1.0:
            raise ValueError(f"dropped_rgb is {rgb_share}: it must lie in [0, 1]")
        self.probability, self.rgb_share = probability, rgb_share
        self.substituted = substituted

    def forward(self, sample: dict[str, Tensor]) -> dict[str, Tensor]:
        """Change the entry "rgb" or "thermal" of a sample, and "lost"."""
        if torch.rand(()) >= self.probability:
            return sample
        rgb_goes = torch.rand(()) < self.rgb_share and sample["lost"] != Lost.THERMAL
        lost, code = ("rgb", Lost.RGB) if rgb_goes else ("thermal", Lost.THERMAL)
        if self.substituted and torch.rand(()) < self.substituted:
            grey = v2.functional.rgb_to_grayscale(sample["rgb"])
            image = sample["thermal"].expand(3, -1, -1) if rgb_goes else grey
            image = tv_tensors.wrap(image, like=sample[lost])
            return {**sample, lost: image, "lost": torch.tensor(code)}
        old = sample[lost]
        level = float(torch.rand(()))
        image = torch.full_like(old, round(level) if rgb_goes else level)
        if not rgb_goes and torch.rand(()) < 0.5:
            image = stretched(torch.randn(old.shape))
        return {**sample, lost: tv_tensors.wrap(image, like=old), "lost": torch.tensor(code)}


def surviving_images(rgb: Tensor, thermal: Tensor, lost: Tensor | None) -> tuple[Tensor, Tensor]:
    """Return the images to compare the fused image with: a lost camera's is replaced by the other.

    Both are B x 3 x H x W in [0, 1]; `lost` holds B values of the samples' "lost", or is None.
    """
    if lost is None:
        return rgb, thermal
    rgb_lost = (lost == Lost.RGB)[:, None, None, None]
    thermal_lost = (lost == Lost.THERMAL)[:, None, None, None]
    return torch.where(rgb_lost, thermal, rgb), torch.where(thermal_lost, rgb, thermal)


def pair_to_sample(pair: LabelledPair) -> dict[str, Tensor]:
    """Turn a pair of arrays into tv_tensors.

    Returns:
        "rgb" 3 x H x W float32 in [0, 1], "thermal" 1 x H x W float32 in [0, 1], "labels" H x W
        uint8, "valid" H x W uint8 of ones (padding adds 255); "lost" if the pair has lost thermal.
    """
    labels = torch.from_numpy(pair.labels)
    lost = {"lost": torch.tensor(Lost.THERMAL)} if pair.lost == "thermal" else {}
    return {
        **lost,
        "rgb": tv_tensors.Image(torch.from_numpy(pair.rgb).permute(2, 0, 1).float().div_(255)),
        "thermal": tv_tensors.Image(torch.from_numpy(thermal_values(pair.thermal))[None]),
        "labels": tv_tensors.Mask(labels),
        "valid": tv_tensors.Mask(torch.ones_like(labels)),
    }


class Augmentation:
    """The random changes that a configuration asks for, reproducible from one number.

    Raises:
        ValueError: a value out of its range.
    """

    def __init__(self, config: AugmentationConfig) -> None:
        # A camera normalises whole frames: before the crop.
        looks = config.thermal_looks
        steps: list[torch.nn.Module] = [ThermalLook(*looks)] if looks else []
        steps += [
            RandomScaleCrop(config.crop, config.scales, config.continuous_scales),
            v2.RandomHorizontalFlip(config.flip),
        ]
        if config.modality_dropout:
            steps.append(StartWhole())
        if config.thermal_gain:
            steps.append(ThermalGain(*config.thermal_gain))
        if config.thermal_stretch:
            steps.append(ThermalStretch(config.thermal_stretch))
        if config.exposure:
            steps.append(
                RandomExposure(config.exposure, config.exposure_strongest, config.overexposed)
            )
        if config.rgb_noise:
            steps.append(RgbNoise(config.rgb_noise))
        if config.thermal_noise:
            steps.append(ThermalNoise(config.thermal_noise))
        if config.thermal_border:
            steps.append(ThermalBorder(config.thermal_border))
        if config.modality_dropout:
            steps.append(
                ModalityDropout(config.modality_dropout, config.dropped_rgb, config.substituted)
            )
        self.chain = v2.Compose(steps)

    def __call__(self, pair: LabelledPair, seed: int) -> dict[str, Tensor]:
        """Return the changed sample as plain tensors; the same seed gives the same one.

        Returns:
            "rgb", "thermal" (3 x and 1 x h x w float32 in [0, 1]), "labels" (h x w uint8, 255 in
            the padding), "valid" (h x w uint8: 1 inside the image, 0 in the padding) and, with
            modality dropout, "lost" (an integer, see `ModalityDropout`).
        """
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            sample = self.chain(pair_to_sample(pair))
        sample = {name: value.as_subclass(Tensor) for name, value in sample.items()}
        sample["valid"] = (sample["valid"] == 1).to(torch.uint8)
        if not sample["valid"].all():  # the padding is 0 after any change of the values
            for name in ("rgb", "thermal"):
                sample[name] = sample[name] * sample["valid"]
        return sample
