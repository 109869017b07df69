"""Builds what a configuration names: data, network, loss."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Any

import numpy as np
import torch

from ..class_table_file import class_table_of
from ..classes import ClassTable
from ..network import AMDANet
from ..network.checkpoint import load_imagenet_mit
from .batches import derived_seed
from .config import ConfigError, ListConfig, TrainingConfig, list_configs
from .image_folder import ImageFolder, held_out_split
from .image_lists import data_folder
from .initial_weights import inherited_settings, load_initial
from .label_checks import check_labels_present, doubtful_labels
from .labelled_pair import LabelledPairs
from .losses import AMDANetLoss
from .mixed_pairs import MixedPairs
from .object_pasting import ObjectPasting
from .synthetic_scenes import SyntheticScenes, default_cache

SOURCES = ("synthetic", "folder")


def build_classes(config: TrainingConfig) -> ClassTable:
    """Return the class table that the data section names."""
    try:
        return class_table_of(config.data.classes)
    except ValueError as error:
        raise ConfigError(f"data.classes: {error}") from error


def build_pairs(config: TrainingConfig) -> tuple[LabelledPairs, LabelledPairs]:
    """Return (training pairs, validation pairs); the two have no image in common.

    Raises:
        ConfigError: an unknown source or class table, overlapping seeds, or crops larger than
            the images.
        DataError: a folder that is not a data set, or labels that say nothing.
    """
    data, classes = config.data, build_classes(config)
    if data.source == "folder":
        if not data.root:
            raise ConfigError("data.root is empty: name the data set's folder")
        _check_set_classes(data_folder(data.root), classes)
        if data.lists or data.validation_list:
            return _listed_pairs(config, classes)
        names = ImageFolder.names_of(Path(data.root), "train")
        train, validation = held_out_split(names, data.validation_share, config.seed)
        folders = (
            ImageFolder(data.root, train, classes, in_memory=data.in_memory),
            ImageFolder(data.root, validation, classes, in_memory=data.in_memory),
        )
        for folder, what in zip(folders, ("training", "validation"), strict=True):
            check_labels_present([folder.present], f"{folder.root}, {what} pairs of train.txt")
        _check_crops(config, folders[0].labels(0).shape)
        return folders
    if data.source != "synthetic":
        raise ConfigError(f"data.source {data.source!r}: choose one of {', '.join(SOURCES)}")
    train_range = range(data.train_seed, data.train_seed + data.train_count)
    held_out = range(data.validation_seed, data.validation_seed + data.validation_count)
    if max(train_range.start, held_out.start) < min(train_range.stop, held_out.stop):
        raise ConfigError("data: the seeds of training and validation scenes overlap")
    _check_crops(config, data.size)
    cache = data_folder(data.root or default_cache())
    workers = max(1, data.workers)
    return tuple(
        SyntheticScenes(seeds.start, len(seeds), data.size, cache, workers)
        for seeds in (train_range, held_out)
    )


def label_notes(*pairs: LabelledPairs) -> list[str]:
    """Return what to say of single label images of data sets before a training, as sentences."""
    folders: dict[Path, set[str]] = {}
    for each in pairs:
        for folder in each.folders if isinstance(each, MixedPairs) else [each]:
            if isinstance(folder, ImageFolder):
                place = folder.root / folder.folders["labels"]
                folders.setdefault(place, set()).update(folder.doubtful)
    return [doubtful_labels(sorted(names), str(at)) for at, names in folders.items() if names]


def _check_set_classes(root: Path, classes: ClassTable) -> None:
    """Refuse a class table whose names are not those of the data set's own classes.yaml."""
    file = root / "classes.yaml"
    if file.is_file() and class_table_of(file).names != classes.names:
        right = shlex.quote(f"data.classes={file}")
        raise ConfigError(f"data.classes names other classes than {file}: --set {right}")


def _check_crops(config: TrainingConfig, sides: tuple[int, int]) -> None:
    """Refuse crops that are larger than the images at their largest scale: padding alone.

    Raises:
        ConfigError: names the crop, the images' size and the scale.
    """
    scale = max(config.augmentation.scales, default=1.0)
    crops = {"augmentation.crop": (config.augmentation.crop, scale)}
    if config.finish.share:
        crops["finish.crop"] = config.finish.crop, 1.0
    for key, (crop, largest) in crops.items():
        if any(wanted > largest * side + 31 for wanted, side in zip(crop, sides, strict=True)):
            raise ConfigError(
                f"{key} is {crop[0]} x {crop[1]}, the images are {sides[0]} x {sides[1]} pixels, "
                f"at most {largest:g} times as large: give a crop of at most that size"
            )


def _listed_pairs(config: TrainingConfig, classes: ClassTable) -> tuple[MixedPairs, ImageFolder]:
    """Return the pairs of `data.lists` (or of train.txt), and those of `data.validation_list`."""
    data, partial = config.data, bool(config.data.none_of)
    if not data.validation_list:
        raise ConfigError("data.lists needs data.validation_list: a list to choose weights on")
    lists = list_configs(config) or [ListConfig("train")]
    held_out = set(ImageFolder.names_of(Path(data.root), data.validation_list))
    keep = data.in_memory
    folders = [
        ImageFolder(data.root, wanted.name, classes, partial, wanted.labels, keep)
        for wanted in lists
    ]
    for wanted, folder in zip(lists, folders, strict=True):
        shared = held_out.intersection(folder.names)
        if shared:
            raise ConfigError(
                f"data.validation_list: {data.validation_list}.txt and {wanted.name}.txt both "
                f"name {min(shared)}"
            )
    validation = ImageFolder(
        data.root, data.validation_list, classes, partial, in_memory=data.in_memory
    )
    where = f"{validation.root}, {data.validation_list}.txt"
    check_labels_present([validation.present], where)
    if config.loss.alpha1 > 0 or config.loss.alpha3 > 0:
        names = ", ".join(f"{wanted.name}.txt" for wanted in lists)
        check_labels_present([folder.present for folder in folders], f"{validation.root}, {names}")
    _check_crops(config, folders[0].labels(0).shape)
    return MixedPairs(lists, folders), validation


def none_of(config: TrainingConfig) -> tuple[int, ...]:
    """Return the indices of the classes that `data.none_of` names.

    Raises:
        ConfigError: one that the class table does not hold.
    """
    names = build_classes(config).names
    unknown = [name for name in config.data.none_of if name not in names]
    if unknown:
        raise ConfigError(f"data.none_of: no class {unknown[0]!r}; known: {', '.join(names)}")
    return tuple(names.index(name) for name in config.data.none_of)


def sampling_weights(config: TrainingConfig, pairs: LabelledPairs) -> np.ndarray | None:
    """Return how often each training pair is drawn; None: once an epoch."""
    if not isinstance(pairs, MixedPairs):
        return None
    return pairs.weights(build_classes(config).names, config.data.rare)


def object_pasting(config: TrainingConfig, pairs: LabelledPairs) -> ObjectPasting | None:
    """Return what pastes objects into training pairs; None: nothing does.

    Raises:
        ConfigError: pasting is asked for, and no `data.lists` or no `data.rare` says what.
    """
    data, augmentation = config.data, config.augmentation
    if not augmentation.pasted_objects:
        return None
    if not isinstance(pairs, MixedPairs) or not data.rare:
        raise ConfigError("augmentation.pasted_objects needs data.lists, and data.rare: which")
    names = build_classes(config).names
    rarity = pairs.rarity(names, data.rare)
    return ObjectPasting(pairs, rarity, [names.index(name) for name in data.rare], augmentation)


def network_settings(config: TrainingConfig, inherited: dict[str, Any]) -> dict[str, Any]:
    """Return the settings of a configuration's network, `num_classes` among them.

    Args:
        config: of the training.
        inherited: settings that hold where the configuration does not name them.

    Raises:
        ConfigError: `network.num_classes` is set.
    """
    if "num_classes" in config.network:
        raise ConfigError("network.num_classes follows from data.classes: leave it out")
    return {**inherited, **config.network, "num_classes": len(build_classes(config))}


def build_network(config: TrainingConfig) -> AMDANet:
    """Return the network with its initial weights, drawn from the configuration's seed.

    Raises:
        ConfigError: `network.num_classes` is set.
        CheckpointError: an initial checkpoint that cannot be used.
    """
    inherited = inherited_settings(config.initial) if config.initial else {}
    settings = network_settings(config, inherited)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(derived_seed(config.seed, 0))
        network = AMDANet(**settings)
    if config.imagenet:
        load_imagenet_mit(config.imagenet, network)
    if config.initial:
        load_initial(network, config.initial, build_classes(config).names)
    return network


def build_loss(config: TrainingConfig) -> AMDANetLoss:
    """Return the training loss."""
    try:
        return AMDANetLoss(config.loss, none_of(config))
    except ValueError as error:
        raise ConfigError(f"loss: {error}") from error
