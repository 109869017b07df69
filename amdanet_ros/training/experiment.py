"""Builds what a configuration names: data, network, loss."""

from __future__ import annotations

from pathlib import Path

import torch
from torch import nn

from ..classes import ClassTable, class_table
from ..network import AMDANet
from ..network.checkpoint import (
    ADAPTIVE_PREFIXES,
    load_checkpoint,
    load_imagenet_mit,
)
from .batches import derived_seed
from .config import ConfigError, TrainingConfig
from .image_folder import ImageFolder, held_out_split
from .labelled_pair import LabelledPairs
from .losses import AMDANetLoss
from .synthetic_scenes import SyntheticScenes, default_cache

SOURCES = ("synthetic", "folder")


def build_classes(config: TrainingConfig) -> ClassTable:
    """Return the class table that the data section names."""
    try:
        return class_table(config.data.classes)
    except ValueError as error:
        raise ConfigError(f"data.classes: {error}") from error


def build_pairs(config: TrainingConfig) -> tuple[LabelledPairs, LabelledPairs]:
    """Return (training pairs, validation pairs); the two have no image in common.

    Raises:
        ConfigError: an unknown source or class table, or overlapping seeds.
        DataError: a folder that is not a data set.
    """
    data, classes = config.data, len(build_classes(config))
    if data.source == "folder":
        if not data.root:
            raise ConfigError("data.root is empty: name the data set's folder")
        names = ImageFolder.names_of(Path(data.root), "train")
        train, validation = held_out_split(names, data.validation_share, config.seed)
        return (
            ImageFolder(data.root, train, classes),
            ImageFolder(data.root, validation, classes),
        )
    if data.source != "synthetic":
        raise ConfigError(f"data.source {data.source!r}: choose one of {', '.join(SOURCES)}")
    train_range = range(data.train_seed, data.train_seed + data.train_count)
    held_out = range(data.validation_seed, data.validation_seed + data.validation_count)
    if max(train_range.start, held_out.start) < min(train_range.stop, held_out.stop):
        raise ConfigError("data: the seeds of training and validation scenes overlap")
    cache = Path(data.root or default_cache()).expanduser()
    workers = max(1, data.workers)
    return tuple(
        SyntheticScenes(seeds.start, len(seeds), data.size, cache, workers)
        for seeds in (train_range, held_out)
    )


def build_network(config: TrainingConfig) -> AMDANet:
    """Return the network with its initial weights, drawn from the configuration's seed.

    Raises:
        ConfigError: `network.num_classes` is set.
        CheckpointError: an initial checkpoint that cannot be used.
    """
    if "num_classes" in config.network:
        raise ConfigError("network.num_classes follows from data.classes: leave it out")
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(derived_seed(config.seed, 0))
        network = AMDANet(**config.network, num_classes=len(build_classes(config)))
    if config.imagenet:
        load_imagenet_mit(config.imagenet, network)
    if config.initial:
        load_initial(network, config.initial)
    return network


def load_initial(network: nn.Module, path: str) -> None:
    """Take the weights of a checkpoint of the same architecture.

    A checkpoint without adaptive weighting may start a network with it: the reliabilities keep
    their initial values, with which the network computes the same as the checkpoint's.

    Raises:
        ConfigError: it belongs to another architecture.
    """
    state = dict(load_checkpoint(path).state)
    if not any(key.startswith(ADAPTIVE_PREFIXES) for key in state):
        own = network.state_dict()
        state |= {key: own[key] for key in own if key.startswith(ADAPTIVE_PREFIXES)}
    try:
        network.load_state_dict(state)
    except RuntimeError as error:
        raise ConfigError(
            f"initial: {path} does not fit network: ({str(error).splitlines()[-1].strip()})"
        ) from error


def build_loss(config: TrainingConfig) -> AMDANetLoss:
    """Return the training loss."""
    try:
        return AMDANetLoss(config.loss)
    except ValueError as error:
        raise ConfigError(f"loss: {error}") from error
