"""Checkpoints: the authors' ``.pth`` files and our ``.safetensors``.

Reading a file runs no code that it holds.
"""

from __future__ import annotations

import json
import math
import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from ..one_line import one_line
from ..user_folders import NoHomeError, expanded
from .amdanet import AMDANet
from .backbone import BRANCH_PREFIXES
from .checkpoint_metadata import MetadataError, read_classes, read_config, read_palette
from .config import AMDANetConfig
from .inferred_settings import ADAPTIVE_PREFIXES as ADAPTIVE_PREFIXES
from .inferred_settings import AnotherNetworkError, inferred_settings, shown
from .pth_file import read_pth
from .pth_tensors import PthError
from .safetensors_file import SafetensorsError, read_safetensors, write_safetensors
from .state_dict_names import AmbiguousNameError, find_state_dict
from .weights_file import SAFETENSORS, WeightsFileError, kind_of

_OWN_ENTRIES = ("config", "classes", "palette")


class CheckpointError(ValueError):
    """A checkpoint cannot be used; the message is one line: file, cause and fix."""


@dataclass(frozen=True, eq=False)
class Checkpoint:
    """A network's weights and their metadata.

    Attributes:
        path: the file.
        state: state dict in float32, with the published names.
        config: of the network (inferred from the weights where the file carries none).
        classes: K class names; None if the file does not carry them.
        palette: K x 3 uint8 RGB, or None.
        metadata: the file's other strings by name.
    """

    path: Path
    state: Mapping[str, Tensor]
    config: AMDANetConfig
    classes: tuple[str, ...] | None = None
    palette: np.ndarray | None = None
    metadata: Mapping[str, str] = field(default_factory=dict)

    def build(self, **changes: Any) -> AMDANet:
        """Make the network with these weights, in evaluation mode.

        ``changes`` are attributes of ``AMDANetConfig`` that differ (``bn_eps=0.01``).

        Raises:
            CheckpointError: the weights do not fit the configuration.
        """
        try:
            # Without memory: takes no time for initial weights and draws no random number.
            with torch.device("meta"):
                network = AMDANet(self.config, **changes)
        except (TypeError, ValueError, RuntimeError) as error:
            raise _misfit(self.path, error) from error
        own = network.state_dict()
        common = own.keys() & self.state.keys()
        differing = {
            "lacks": own.keys() - self.state.keys(),
            "has unknown": self.state.keys() - own.keys(),
            "has another shape for": {
                key for key in common if own[key].shape != self.state[key].shape
            },
            "has numbers of another type for": {
                key for key in common if own[key].dtype != self.state[key].dtype
            },
        }
        for what, keys in differing.items():
            if keys:
                count = "1 parameter" if len(keys) == 1 else f"{len(keys)} parameters"
                raise CheckpointError(
                    f"{_label(self.path)} is of another network: it {what} {count}, "
                    f"first {shown(min(keys))}; an AMDANet checkpoint is needed"
                )
        # Copies: training the network must not change the checkpoint.
        state = {key: value.clone() for key, value in self.state.items()}
        network.load_state_dict(state, assign=True)
        return network.eval()


def load_checkpoint(path: str | os.PathLike, num_classes: int | None = None) -> Checkpoint:
    """Read a checkpoint; `num_classes` refuses one with another number of classes.

    It is a ``.safetensors`` of this package, or a ``.pth`` as trainings save it: the authors' dict
    with "model", a bare state dict, or one under other names and prefixes (see
    ``find_state_dict``). The file's content tells which of them it is.

    Raises:
        CheckpointError: missing, truncated, unsafe, with NaN or infinite weights, of another
            network or number of classes.
    """
    path = _expanded(path)
    label = _label(path)
    state, metadata = _read(path, ("backbone",))
    _check_variances(label, state)
    try:
        settings = inferred_settings(state)
        settings.update(read_config(metadata))
        classes, palette = read_classes(metadata), read_palette(metadata)
    except AnotherNetworkError as error:
        raise CheckpointError(f"{label} is of another network: {error}") from error
    except MetadataError as error:
        raise CheckpointError(
            f"{label} carries unreadable metadata ({error}): save it again"
        ) from error
    try:
        config = AMDANetConfig(**settings)
    except (TypeError, ValueError) as error:
        raise _misfit(path, error) from error
    found = config.num_classes
    if classes is not None and len(classes) != found:
        raise CheckpointError(
            f"{label} names {len(classes)} classes for {found} outputs: save it again"
        )
    if palette is not None and palette.shape != (found, 3):
        raise CheckpointError(
            f"{label} has a palette of shape {palette.shape} for {found} classes, ({found}, 3) is "
            "needed: save it again"
        )
    if num_classes is not None and found != num_classes:
        raise CheckpointError(
            f"{label} has {found} classes, {num_classes} are wanted: give the checkpoint of this "
            "data set"
        )
    others = {key: text for key, text in metadata.items() if key not in _OWN_ENTRIES}
    return Checkpoint(path, state, config, classes, palette, others)


def save_checkpoint(
    path: str | os.PathLike,
    network: AMDANet,
    *,
    classes: Sequence[str] | None = None,
    palette: np.ndarray | None = None,
    metadata: Mapping[str, str] | None = None,
    half: bool = False,
) -> None:
    """Write a network's weights and configuration as ``.safetensors``; see ``write_safetensors``.

    Args:
        path, network: the file to write or replace, and what is written.
        classes, palette: K names in index order, K x 3 uint8 RGB.
        metadata: other strings to store (command, scores).
        half: store floating-point arrays as float16 (scalars and BatchNorm statistics stay).
    """
    strings = {"format": "amdanet_ros", "config": json.dumps(asdict(network.config))}
    if classes is not None:
        strings["classes"] = json.dumps(list(classes))
    if palette is not None:
        strings["palette"] = json.dumps(np.asarray(palette).tolist())
    strings.update(metadata or {})
    tensors = network.state_dict()
    if half:
        for key, value in tensors.items():
            if value.is_floating_point() and value.ndim > 0 and "running_" not in key:
                tensors[key] = value.half()
    write_safetensors(path, tensors, strings)


def load_imagenet_mit(
    source: str | os.PathLike | Mapping[str, Tensor], network: AMDANet
) -> list[str]:
    """Initialise both branches of a network from a single-branch ImageNet MiT checkpoint.

    Its source is the path of SegFormer's ``mit_b*.pth``, or its state dict; ``head`` is not used.

    Returns:
        The names of the parameters that were set.

    Raises:
        CheckpointError: the checkpoint is not a MiT of the network's size.
    """
    if isinstance(source, Mapping):
        label, state = "the given state dict", source
    else:
        path = _expanded(source)
        label, (state, _) = _label(path), _read(path, ())
    own = network.backbone.state_dict()
    size = network.config.backbone
    fix = f"give the ImageNet checkpoint of {size}"
    chosen = {}
    for key, value in state.items():
        if key.startswith("head."):
            continue
        for prefix in BRANCH_PREFIXES:
            if prefix + key not in own or own[prefix + key].shape != value.shape:
                raise CheckpointError(
                    f"{label} does not fit {size}: {shown(key)} is unknown or has another shape; "
                    f"{fix}"
                )
            chosen[prefix + key] = value
    branches = re.compile(rf"({'|'.join(BRANCH_PREFIXES)})(patch_embed|block|norm)\d")
    missing = {key for key in own if branches.match(key)} - chosen.keys()
    if missing:
        raise CheckpointError(f"{label} does not fit {size}: it lacks {min(missing)!r}; {fix}")
    network.backbone.load_state_dict(chosen, strict=False)
    return sorted(f"backbone.{key}" for key in chosen)


def _misfit(path: Path, error: Exception) -> CheckpointError:
    return CheckpointError(f"{_label(path)} does not fit this version: {one_line(error, 200)}")


def _label(path: str | os.PathLike) -> str:
    return f"checkpoint {one_line(path, 300)}"


def _expanded(path: str | os.PathLike) -> Path:
    try:
        return expanded(path)
    except NoHomeError as error:
        raise CheckpointError(f"checkpoint {error}") from error


def _read(path: Path, root: tuple[str, ...]) -> tuple[dict[str, Tensor], dict[str, str]]:
    """Read a state dict, floating-point numbers as finite float32, and the metadata."""
    label = _label(path)
    metadata: dict[str, str] = {}
    try:
        if kind_of(path) == SAFETENSORS:
            tensors, metadata = read_safetensors(path)
            state = find_state_dict(tensors, root) or {}
        else:
            state = read_pth(path, root)
    except SafetensorsError as error:
        raise CheckpointError(f"{label} is damaged: {error}; copy it again") from error
    except AmbiguousNameError as error:
        raise CheckpointError(
            f"{label} has two entries for {shown(str(error))}: save the network's state dict alone"
        ) from error
    except (PthError, WeightsFileError) as error:
        raise CheckpointError(f"{label} {error}") from error
    except OSError as error:
        raise CheckpointError(f"{label} cannot be read: {one_line(error, 200)}") from error
    return {name: _number_type(label, name, value) for name, value in state.items()}, metadata


def _number_type(label: str, name: str, value: Tensor) -> Tensor:
    """Return a weight in float32, or a counter in int64.

    Raises:
        CheckpointError: it has NaN or infinite numbers.
    """
    if not value.is_floating_point():
        return value
    value = value.float()
    if value.numel() and not all(math.isfinite(bound) for bound in value.aminmax()):
        raise CheckpointError(
            f"{label} cannot be used: {shown(name)} has NaN or infinite numbers (in float32): the "
            "training diverged or the file is damaged; give an earlier checkpoint or copy it again"
        )
    # Some averaging of weights averages the counters too.
    return value.long() if name.endswith("num_batches_tracked") else value


def _check_variances(label: str, state: dict[str, Tensor]) -> None:
    """Refuse negative variances of BatchNorm; add its counters, which old files lack."""
    for name in [name for name in state if name.endswith(".running_var")]:
        if state[name].numel() and state[name].min() < 0:
            raise CheckpointError(
                f"{label} cannot be used: {shown(name)} has negative variances: the file is "
                "damaged; copy it again"
            )
        counter = name.removesuffix("running_var") + "num_batches_tracked"
        state.setdefault(counter, torch.zeros((), dtype=torch.int64))
