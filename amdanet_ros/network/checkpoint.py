"""Checkpoints: the authors' ``.pth`` files and our ``.safetensors``, read without running anything that is in them."""

from __future__ import annotations

import json
import os
import pickle
import re
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from amdanet_ros.network.amdanet import AMDANet
from amdanet_ros.network.backbone import BRANCH_PREFIXES, STAGES
from amdanet_ros.network.mix_transformer import BACKBONES
from amdanet_ros.network.safetensors_file import (
    SafetensorsError,
    read_safetensors,
    write_safetensors,
)


class CheckpointError(ValueError):
    """A checkpoint cannot be used; the message is one line that names the file, the cause and the mend."""


@dataclass(frozen=True, eq=False)
class Checkpoint:
    """A network's weights and what is known of them.

    Attributes:
        path: where it was read.
        state: state dict in float32, the published names.
        config: arguments of ``AMDANet`` (inferred from the weights where the file does not carry them).
        classes: K class names, or None where the file does not carry them.
        palette: K x 3 uint8 RGB, or None.
        metadata: whatever else the file says, strings by name.
    """

    path: Path
    state: Mapping[str, Tensor]
    config: Mapping[str, Any]
    classes: tuple[str, ...] | None = None
    palette: np.ndarray | None = None
    metadata: Mapping[str, str] = field(default_factory=dict)

    def build(self, **changes: Any) -> AMDANet:
        """The network with these weights, in evaluation mode.

        Args:
            changes: arguments of ``AMDANet`` that differ from ``config`` (``bn_eps=0.01``).

        Raises:
            CheckpointError: weights and configuration do not belong together.
        """
        try:
            network = AMDANet(**{**self.config, **changes})
        except (TypeError, ValueError) as error:
            raise CheckpointError(f"checkpoint {self.path}: {error}") from error
        own = network.state_dict()
        missing = sorted(own.keys() - self.state.keys())
        unexpected = sorted(self.state.keys() - own.keys())
        shapes = sorted(
            key for key in own.keys() & self.state.keys() if own[key].shape != self.state[key].shape
        )
        for keys, what in (
            (missing, "lacks"),
            (unexpected, "has unknown"),
            (shapes, "has another shape for"),
        ):
            if keys:
                raise CheckpointError(
                    f"checkpoint {self.path} is of another network: it {what} {len(keys)} parameters, "
                    f"first {keys[0]!r}; an AMDANet checkpoint is needed"
                )
        network.load_state_dict(dict(self.state))
        return network.eval()


def load_checkpoint(path: str | os.PathLike, num_classes: int | None = None) -> Checkpoint:
    """Read a checkpoint.

    Args:
        path: ``.safetensors`` of this package, or a ``.pth`` as the authors publish it: a dict with "model", or a bare state
            dict; a leading "module." before the names is dropped.
        num_classes: refuse a checkpoint with another number of classes.

    Raises:
        CheckpointError: missing, truncated, unsafe, of another network or another number of classes.
    """
    path = Path(path).expanduser()
    if not path.is_file():
        raise CheckpointError(f"checkpoint {path} does not exist: give the path of a .pth or .safetensors file")
    if path.suffix == ".safetensors":
        state, metadata = _read_safetensors(path)
    else:
        state, metadata = _read_pth(path), {}
    state = {key: _widened(value) for key, value in state.items()}
    config = _inferred_config(path, state)
    classes, palette = None, None
    try:
        if "config" in metadata:
            config = {**config, **json.loads(metadata["config"])}
        if "classes" in metadata:
            classes = tuple(str(name) for name in json.loads(metadata["classes"]))
        if "palette" in metadata:
            palette = np.array(json.loads(metadata["palette"]), dtype=np.uint8)
    except ValueError as error:
        raise CheckpointError(f"checkpoint {path} carries unreadable metadata ({error})") from error
    if num_classes is not None and config["num_classes"] != num_classes:
        raise CheckpointError(
            f"checkpoint {path} tells {config['num_classes']} classes apart, {num_classes} are asked for"
        )
    rest = {k: v for k, v in metadata.items() if k not in ("config", "classes", "palette")}
    return Checkpoint(path, state, config, classes, palette, rest)


def save_checkpoint(
    path: str | os.PathLike,
    network: AMDANet,
    *,
    classes: Sequence[str] | None = None,
    palette: np.ndarray | None = None,
    metadata: Mapping[str, str] | None = None,
    half: bool = False,
) -> None:
    """Write a network as ``.safetensors``; the file appears whole or not at all.

    Args:
        path: file to write or replace.
        network: its weights and constructor arguments are stored.
        classes: K names, in index order.
        palette: K x 3 uint8 RGB.
        metadata: strings to keep beside (command, scores).
        half: store floating-point arrays as float16 (scalars and BatchNorm statistics stay as they are).
    """
    strings = {"format": "amdanet_ros", "config": json.dumps(network.config())}
    if classes is not None:
        strings["classes"] = json.dumps(list(classes))
    if palette is not None:
        strings["palette"] = json.dumps(np.asarray(palette).tolist())
    strings.update(metadata or {})
    tensors = {
        key: value.half() if half and _may_be_halved(key, value) else value
        for key, value in network.state_dict().items()
    }
    write_safetensors(path, tensors, strings)


def load_imagenet_mit(
    source: str | os.PathLike | Mapping[str, Tensor], network: AMDANet
) -> list[str]:
    """Initialise both branches from a single-branch ImageNet MiT checkpoint (SegFormer's ``mit_b*.pth``).

    Args:
        source: path of the checkpoint, or its state dict; a classification ``head`` is left out.
        network: changed in place.

    Returns:
        The names of the parameters that were set.

    Raises:
        CheckpointError: the checkpoint is not a MiT of the network's size.
    """
    if isinstance(source, Mapping):
        label, state = "the given state dict", dict(source)
    else:
        label, state = str(source), _read_pth(Path(source).expanduser())
    own = network.backbone.state_dict()
    chosen = {}
    for key, value in state.items():
        if key.startswith("head."):
            continue
        for prefix in BRANCH_PREFIXES:
            if prefix + key not in own or own[prefix + key].shape != value.shape:
                raise CheckpointError(
                    f"{label} does not fit {network.config()['backbone']}: parameter {key!r} has no place "
                    f"or another shape there; give the MiT checkpoint of the same size"
                )
            chosen[prefix + key] = value
    wanted = {
        key
        for key in own
        if re.match(rf"({'|'.join(BRANCH_PREFIXES)})(patch_embed|block|norm)\d", key)
    }
    if wanted - chosen.keys():
        raise CheckpointError(f"{label} lacks {sorted(wanted - chosen.keys())[0]!r}")
    network.backbone.load_state_dict(chosen, strict=False)
    return sorted(f"backbone.{key}" for key in chosen)


def _may_be_halved(key: str, value: Tensor) -> bool:
    return value.is_floating_point() and value.ndim > 0 and "running_" not in key


def _widened(value: Tensor) -> Tensor:
    return value.float() if value.is_floating_point() else value


def _read_safetensors(path: Path) -> tuple[dict[str, Tensor], dict[str, str]]:
    try:
        return read_safetensors(path)
    except SafetensorsError as error:
        raise CheckpointError(f"checkpoint {path} is damaged: {error}; copy it again") from error
    except OSError as error:
        raise CheckpointError(f"checkpoint {path} cannot be read: {error}") from error


def _read_pth(path: Path) -> dict[str, Tensor]:
    if not path.is_file():
        raise CheckpointError(f"checkpoint {path} does not exist: give the path of a .pth file")
    try:
        content = torch.load(path, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as error:
        if "weights only" in str(error).lower() or "weights_only" in str(error):
            raise CheckpointError(
                f"checkpoint {path} holds more than numbers and is not safe to load: "
                "save its state dict alone and use that"
            ) from error
        raise CheckpointError(f"checkpoint {path} is damaged or no checkpoint: copy it again") from error
    except (RuntimeError, EOFError, ValueError, KeyError, OSError, zipfile.BadZipFile) as error:
        raise CheckpointError(f"checkpoint {path} is damaged or no checkpoint: copy it again") from error
    if isinstance(content, Mapping) and isinstance(content.get("model"), Mapping):
        content = content["model"]
    elif isinstance(content, Mapping) and isinstance(content.get("state_dict"), Mapping):
        content = content["state_dict"]
    if not isinstance(content, Mapping) or not content:
        raise CheckpointError(f"checkpoint {path} holds no state dict")
    state = {str(key).removeprefix("module."): value for key, value in content.items()}
    for key, value in state.items():
        if not isinstance(value, Tensor):
            raise CheckpointError(f"checkpoint {path} holds no state dict: entry {key!r} is not a tensor")
    return state


def _inferred_config(path: Path, state: Mapping[str, Tensor]) -> dict[str, Any]:
    """Constructor arguments that the names and shapes tell."""
    try:
        channels = tuple(int(state[f"backbone.norm{stage}.weight"].shape[0]) for stage in STAGES)
        classes, embed_dim = state["decode_head.linear_pred.weight"].shape[:2]
    except (KeyError, IndexError, ValueError) as error:
        raise CheckpointError(
            f"checkpoint {path} is of another network: it lacks {error}; an AMDANet checkpoint is needed"
        ) from error
    depths = tuple(
        len({key.split(".")[2] for key in state if key.startswith(f"backbone.block{stage}.")})
        for stage in STAGES
    )
    for name, size in BACKBONES.items():
        if (size.channels, size.depths) == (channels, depths):
            return {"backbone": name, "num_classes": int(classes), "embed_dim": int(embed_dim)}
    raise CheckpointError(
        f"checkpoint {path} is of another network: channels {channels} and depths {depths} are no MiT"
    )
