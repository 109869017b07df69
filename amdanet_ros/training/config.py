"""The configuration of a training: one YAML file an experiment; `base` names a file to inherit."""

from __future__ import annotations

import os
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, ClassVar

from ..network import AMDANetConfig
from ..network.amdanet import SMALLEST_SIDE
from ..one_line import one_line
from .config_values import ConfigError, Range, built, merged, parsed, read_values

PRECISIONS = ("auto", "fp32", "bf16")

_PROBABILITY = (0.0, 1.0)
_SIDE = (SMALLEST_SIDE, 8192)
_SEED = (0, 2**53)
_COUNT = (0, 10**9)
_POSITIVE = (1, 10**9)
_WEIGHT = (0.0, 1e6)


@dataclass
class DataConfig:
    """Where the pairs come from.

    Attributes:
        source: "synthetic" (the generator of street scenes) or "folder" (the authors' layout).
        classes: name of the class table (demo, mfnet, fmb, pst900, street), or a YAML file of one.
        root: folder of the data set; for "synthetic" the cache folder.
        size: (height, width) of synthetic scenes.
        train_seed, train_count: seeds of the synthetic training scenes.
        validation_seed, validation_count: seeds of the scenes to choose the best weights on.
        validation_share: of the training list, held out to choose the best weights on ("folder").
        validation_list: a list to choose the best weights on instead ("folder"), or "".
        lists: the lists to train on ("folder"), each a mapping as in `ListConfig`; none: `train`.
        none_of: names of the classes that label 254 excludes; none: 254 is an error. The best
            weights are then chosen by these classes alone (see `ObjectScores`).
        rare: by class name, a factor of how often an image that shows it is drawn ("lists").
        workers: processes that load and augment; 0 does it in the training process.
        in_memory: keep the decoded images in memory, which the workers share ("folder"): 1.5 MB a
            pair of 480 x 640.
    """

    RANGES: ClassVar[dict[str, Range]] = {
        "size": _SIDE,
        "train_seed": _SEED,
        "train_count": _POSITIVE,
        "validation_seed": _SEED,
        "validation_count": _POSITIVE,
        "validation_share": _PROBABILITY,
        "rare": (1e-6, 1e6),
        "workers": (0, 256),
    }

    source: str = "synthetic"
    classes: str = "demo"
    root: str = ""
    size: tuple[int, int] = (240, 320)
    train_seed: int = 100_000
    train_count: int = 2000
    validation_seed: int = 1_000_000
    validation_count: int = 40
    validation_share: float = 0.1
    validation_list: str = ""
    lists: tuple[dict, ...] = ()
    none_of: tuple[str, ...] = ()
    rare: dict[str, float] = field(default_factory=dict)
    workers: int = 1
    in_memory: bool = False


@dataclass
class ListConfig:
    """One of several lists to train on together.

    Attributes:
        name: of the list, NAME.txt in the data set's folder.
        share: of the samples, relative to the other lists' shares.
        lost: "thermal" if the list's images have none (the grey of RGB lies in its place).
        labels: folder of its labels.
    """

    RANGES: ClassVar[dict[str, Range]] = {
        "share": _WEIGHT,
    }

    name: str = ""
    share: float = 1.0
    lost: str = ""
    labels: str = "Label"


@dataclass
class AugmentationConfig:
    """Random changes of training pairs; a probability or strength of 0 turns one off.

    Attributes:
        crop: (height, width) of the result.
        scales, continuous_scales: see `RandomScaleCrop`.
        flip: probability of a horizontal flip.
        thermal_stretch: see `ThermalStretch`.
        exposure, exposure_strongest, overexposed: probability, largest factor, and share of the
            changed images that are too bright, see `RandomExposure`.
        thermal_noise: probability, see `ThermalNoise`.
        modality_dropout, dropped_rgb, substituted: probability, RGB's share, and share of
            substituted images, see `ModalityDropout`.
        thermal_looks: two probabilities, see `ThermalLook`; empty is off.
        thermal_gain: smallest and largest factor, see `ThermalGain`; empty is off.
        thermal_border: probability, see `ThermalBorder`.
        rgb_noise: probability, see `RgbNoise`.
        pasted_objects: probability that objects of the classes of `data.rare` are pasted from
            another image of the same list and condition, see `ObjectPasting` (lists alone).
        pasted_scales: smallest and largest scale of these objects.
        pasted_unlit: probability that in dark images only thermal sees them.
    """

    RANGES: ClassVar[dict[str, Range]] = {
        "crop": _SIDE,
        "scales": (0.01, 100.0),
        "flip": _PROBABILITY,
        "thermal_stretch": (0.0, 1e3),
        "exposure": _PROBABILITY,
        "exposure_strongest": (0.0, 1e3),
        "overexposed": _PROBABILITY,
        "thermal_noise": _PROBABILITY,
        "modality_dropout": _PROBABILITY,
        "dropped_rgb": _PROBABILITY,
        "substituted": _PROBABILITY,
        "thermal_looks": _PROBABILITY,
        "thermal_gain": (0.01, 100.0),
        "thermal_border": _PROBABILITY,
        "rgb_noise": _PROBABILITY,
        "pasted_objects": _PROBABILITY,
        "pasted_scales": (0.05, 1.0),
        "pasted_unlit": _PROBABILITY,
    }

    crop: tuple[int, int] = (480, 640)
    scales: tuple[float, ...] = (0.5, 0.75, 1.0, 1.25, 1.5, 1.75)
    continuous_scales: bool = False
    flip: float = 0.5
    thermal_stretch: float = 0.0
    exposure: float = 0.0
    exposure_strongest: float = 6.0
    overexposed: float = 0.5
    thermal_noise: float = 0.0
    modality_dropout: float = 0.0
    dropped_rgb: float = 0.5
    substituted: float = 0.0
    thermal_looks: tuple[float, ...] = ()
    thermal_gain: tuple[float, ...] = ()
    thermal_border: float = 0.0
    rgb_noise: float = 0.0
    pasted_objects: float = 0.0
    pasted_scales: tuple[float, float] = (1.0, 1.0)
    pasted_unlit: float = 0.0


@dataclass
class FinishConfig:
    """A last part of the training with other crops, such as whole images in smaller batches.

    Attributes:
        share: of all steps; 0 is off.
        crop: (height, width); scales are 1 there.
        batch_size: pairs a step.
    """

    RANGES: ClassVar[dict[str, Range]] = {
        "share": _PROBABILITY,
        "crop": _SIDE,
        "batch_size": (1, 65536),
    }

    share: float = 0.0
    crop: tuple[int, int] = (480, 640)
    batch_size: int = 4


@dataclass
class LossConfig:
    """The supplement's L_total = alpha1 L_seg + alpha2 L_fus + alpha3 L_cr.

    With the defaults it is the released code's loss: CE + 2 Dice + 0.5 Fus + 0.25 CE_m +
    0.5 Dice_m + 0.25 Fus_m, the last three on the decoding of masked features. L_cr is
    0.5 (CE_m + 2 Dice_m + Fus_m).

    Attributes:
        alpha1, alpha2, alpha3: weights.
        dice_rule: "ignore" leaves pixels without a label out of the Dice term; "released" counts
            them as class 0.
        lovasz: weight of the Lovasz-softmax loss in L_seg and L_cr, where the cross entropy has
            1; 0, as published, leaves it out.
        small_objects: largest weight in the cross entropy of the pixels of a small object of
            `none_of`'s classes, where others have 1 (see `losses.small_objects`); 0 is off.
        fusion_rule: "released", or "luminance" (see `losses.luminance_fusion`).
    """

    RANGES: ClassVar[dict[str, Range]] = {
        "alpha1": _WEIGHT,
        "alpha2": _WEIGHT,
        "alpha3": _WEIGHT,
        "lovasz": _WEIGHT,
        "small_objects": _WEIGHT,
    }

    alpha1: float = 1.0
    alpha2: float = 0.5
    alpha3: float = 0.5
    dice_rule: str = "ignore"
    lovasz: float = 0.0
    small_objects: float = 0.0
    fusion_rule: str = "released"


@dataclass
class OptimizationConfig:
    """The optimiser.

    Attributes:
        learning_rate: at the end of the warm-up.
        weight_decay: of matrices and kernels.
        epochs, warmup_epochs: over the training pairs; used where `steps` is 0.
        steps, warmup_steps: optimiser steps.
        power: of the polynomial decay.
        batch_size: pairs a step, over all processes and accumulated parts.
        accumulate: number of parts that a batch is computed in, one after the other.
        ema_decay: of the moving average of the weights that is validated and saved; 0 is off.
        clip_norm: largest norm of the gradient; 0 is off.
        precision: "fp32", "bf16", or "auto" (bf16 where CUDA has it).
    """

    RANGES: ClassVar[dict[str, Range]] = {
        "learning_rate": (1e-12, 100.0),
        "weight_decay": (0.0, 100.0),
        "epochs": _WEIGHT,
        "warmup_epochs": _WEIGHT,
        "steps": _COUNT,
        "warmup_steps": _COUNT,
        "power": (0.0, 100.0),
        "batch_size": (1, 65536),
        "accumulate": (1, 65536),
        "ema_decay": (0.0, 1.0),
        "clip_norm": _WEIGHT,
    }

    learning_rate: float = 6.3e-5
    weight_decay: float = 0.01
    epochs: float = 350
    warmup_epochs: float = 50
    steps: int = 0
    warmup_steps: int = 0
    power: float = 0.9
    batch_size: int = 6
    accumulate: int = 1
    ema_decay: float = 0.0
    clip_norm: float = 0.0
    precision: str = "auto"


@dataclass
class TrainingConfig:
    """The whole configuration of a training.

    Attributes:
        seed: of weights, order, augmentation and masks.
        network: attributes of `AMDANetConfig` that differ from its defaults. `num_classes` is not
            among them: it is the number of classes of `data.classes`.
        initial: a checkpoint to start from (any AMDANet; "street", "demo": built-in), or "".
        initial_share: share of the initial checkpoint in the final weights, from 0 (off) to below
            1 (see `InitialMixing`).
        imagenet: an ImageNet MiT checkpoint that initialises both branches, or "".
        trainable: prefixes of the names of the parameters to train, such as "backbone.stand_ins.";
            all others are frozen, and the network runs in evaluation mode (no dropout, no masked
            decoding, fixed BatchNorms). Empty: all are trained.
        reliability_samples: number of samples that the reliabilities of adaptive weighting are
            fitted on at the end (see `reliability_fit`); until then the known damage gives the
            weights. 0 is off: the reliabilities learn by the task's loss.
        validate_every: steps between two validations; each keeps the weights if they are the best.
        save_every: steps between two saved states; a killed training loses at most these.
        log_every: steps between two lines of the log.
        threads: of the CPU; 0: torch's default.
        tensorboard: write scalars and images for TensorBoard.
    """

    RANGES: ClassVar[dict[str, Range]] = {
        "seed": _SEED,
        "initial_share": _PROBABILITY,
        "reliability_samples": _COUNT,
        "validate_every": _POSITIVE,
        "save_every": _POSITIVE,
        "log_every": _POSITIVE,
        "threads": (0, 1024),
    }

    seed: int = 0
    network: dict[str, Any] = field(
        default_factory=lambda: {"backbone": "mit_b4"}, metadata={"attributes_of": AMDANetConfig}
    )
    initial: str = ""
    initial_share: float = 0.0
    imagenet: str = ""
    trainable: tuple[str, ...] = ()
    data: DataConfig = field(default_factory=DataConfig)
    augmentation: AugmentationConfig = field(default_factory=AugmentationConfig)
    finish: FinishConfig = field(default_factory=FinishConfig)
    loss: LossConfig = field(default_factory=LossConfig)
    optimization: OptimizationConfig = field(default_factory=OptimizationConfig)
    reliability_samples: int = 0
    validate_every: int = 500
    save_every: int = 100
    log_every: int = 10
    threads: int = 0
    tensorboard: bool = False

    def as_dict(self) -> dict[str, Any]:
        """Return plain values for YAML and JSON."""
        return asdict(self, dict_factory=_plain)


def _plain(items: list[tuple[str, Any]]) -> dict[str, Any]:
    return {key: list(value) if isinstance(value, tuple) else value for key, value in items}


def load_config(path: str | os.PathLike, overrides: tuple[str, ...] = ()) -> TrainingConfig:
    """Read a YAML file, what it inherits, and overrides.

    Args:
        path: the file; `base: other.yaml` in it names a file in the same folder that it changes.
        overrides: "section.key=value", the value in YAML.

    Raises:
        ConfigError: a file is missing or no YAML, a key is unknown, a value has the wrong type.
    """
    where = one_line(path)
    try:
        values = read_values(Path(path))
        for override in overrides:
            values = merged(values, _override(override))
        return built(TrainingConfig, values, where)
    except RecursionError as error:
        raise ConfigError(f"configuration {where} is nested too deeply") from error


def _override(text: str) -> dict[str, Any]:
    key, equals, value = text.partition("=")
    label = f"override {one_line(text, 120)!r}"
    if not equals or not key.strip():
        raise ConfigError(f"{label}: write section.key=value")
    nested = parsed(value, label)
    for part in reversed(key.strip().split(".")):
        nested = {part: nested}
    return nested


def list_configs(config: TrainingConfig) -> list[ListConfig]:
    """Return what `data.lists` says, checked.

    Raises:
        ConfigError: an unknown key, a list without a name, an impossible share or loss.
    """
    wanted_lists = [
        built(ListConfig, values, f"data.lists[{place}]")
        for place, values in enumerate(config.data.lists)
    ]
    for wanted in wanted_lists:
        if not wanted.name or wanted.share <= 0 or wanted.lost not in ("", "thermal"):
            raise ConfigError(
                f"data.lists: {wanted}: a name, a share above 0, and lost: thermal or nothing "
                "are needed"
            )
        if wanted.lost and not config.augmentation.modality_dropout:
            raise ConfigError(
                f"data.lists: {wanted.name} has lost its thermal images: set "
                "augmentation.modality_dropout above 0, which takes account of it"
            )
    return wanted_lists
