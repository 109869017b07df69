"""Checkpoints: the authors' ``.pth`` files and our ``.safetensors``.

Reading a file runs no code that it holds.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from .amdanet import AMDANet
from .backbone import BRANCH_PREFIXES, STAGES
from .config import AMDANetConfig
from .mix_transformer import BACKBONES
from .pth_file import PthError, read_pth
from .safetensors_file import SafetensorsError, read_safetensors, write_safetensors

ADAPTIVE_PREFIXES = ("backbone.reliability.", "backbone.stand_ins.")
"""Prefixes of the parameters that adaptive weighting adds to a network."""

_PREDICTION = "decode_head.linear_pred.weight"


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
        differing = {
            "lacks": own.keys() - self.state.keys(),
            "has unknown": self.state.keys() - own.keys(),
            "has another shape for": {
                key
                for key in own.keys() & self.state.keys()
                if own[key].shape != self.state[key].shape
            },
        }
        for what, keys in differing.items():
            if keys:
                count = "1 parameter" if len(keys) == 1 else f"{len(keys)} parameters"
                raise CheckpointError(
                    f"checkpoint {self.path} is of another network: it {what} {count}, "
                    f"first {min(keys)!r}; an AMDANet checkpoint is needed"
                )
        # Copies: training the network must not change the checkpoint.
        state = {key: value.clone() for key, value in self.state.items()}
        network.load_state_dict(state, assign=True)
        return network.eval()


def load_checkpoint(path: str | os.PathLike, num_classes: int | None = None) -> Checkpoint:
    """Read a checkpoint; `num_classes` refuses one with another number of classes.

    It is a ``.safetensors`` of this package, or a ``.pth`` as the authors publish it: a dict with
    "model", or a bare state dict; a leading "module." before the names is dropped.

    Raises:
        CheckpointError: missing, truncated, unsafe, of another network or number of classes.
    """
    path = Path(path).expanduser()
    state, metadata = _read(path)
    state = {k: v.float() if v.is_floating_point() else v for k, v in state.items()}
    settings = _inferred_settings(path, state)
    try:
        settings.update(json.loads(metadata.pop("config", "{}")))
        classes = json.loads(metadata.pop("classes", "null"))
        palette = json.loads(metadata.pop("palette", "null"))
        if classes is not None:
            classes = tuple(str(name) for name in classes)
        if palette is not None:
            palette = np.array(palette, dtype=np.uint8)
    except (ValueError, TypeError, OverflowError) as error:
        raise CheckpointError(
            f"checkpoint {path} carries unreadable metadata ({_one_line(error)}): save it again"
        ) from error
    try:
        config = AMDANetConfig(**settings)
    except (TypeError, ValueError) as error:
        raise _misfit(path, error) from error
    found = config.num_classes
    if classes is not None and len(classes) != found:
        raise CheckpointError(
            f"checkpoint {path} names {len(classes)} classes for {found} outputs: save it again"
        )
    if palette is not None and palette.shape != (found, 3):
        raise CheckpointError(
            f"checkpoint {path} has a palette of shape {palette.shape} for {found} classes, "
            f"({found}, 3) is needed: save it again"
        )
    if num_classes is not None and found != num_classes:
        raise CheckpointError(
            f"checkpoint {path} has {found} classes, {num_classes} are wanted: "
            "give the checkpoint of this data set"
        )
    return Checkpoint(path, state, config, classes, palette, metadata)


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
        path = Path(source).expanduser()
        label, (state, _) = f"checkpoint {path}", _read(path)
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
                    f"{label} does not fit {size}: {key!r} is unknown or has another shape; {fix}"
                )
            chosen[prefix + key] = value
    branches = re.compile(rf"({'|'.join(BRANCH_PREFIXES)})(patch_embed|block|norm)\d")
    missing = {key for key in own if branches.match(key)} - chosen.keys()
    if missing:
        raise CheckpointError(f"{label} does not fit {size}: it lacks {min(missing)!r}; {fix}")
    network.backbone.load_state_dict(chosen, strict=False)
    return sorted(f"backbone.{key}" for key in chosen)


def _misfit(path: Path, error: Exception) -> CheckpointError:
    return CheckpointError(f"checkpoint {path} does not fit this version: {_one_line(error)}")


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split())


def _read(path: Path) -> tuple[dict[str, Tensor], dict[str, str]]:
    """Read the state dict and the metadata of a file of either kind."""
    if not path.is_file():
        raise CheckpointError(
            f"checkpoint {path} does not exist: give the path of a .pth or .safetensors file"
        )
    try:
        if path.suffix == ".safetensors":
            return read_safetensors(path)
        return read_pth(path), {}
    except SafetensorsError as error:
        raise CheckpointError(f"checkpoint {path} is damaged: {error}; copy it again") from error
    except PthError as error:
        raise CheckpointError(f"checkpoint {path} {error}") from error
    except OSError as error:
        raise CheckpointError(f"checkpoint {path} cannot be read: {_one_line(error)}") from error


def _inferred_settings(path: Path, state: Mapping[str, Tensor]) -> dict[str, Any]:
    """Return the attributes of ``AMDANetConfig`` that names and shapes show."""
    another = f"checkpoint {path} is of another network"
    for key in (*(f"backbone.norm{stage}.weight" for stage in STAGES), _PREDICTION):
        if key not in state:
            found = f"it has {min(state)!r} and others, but" if state else "it is empty and"
            raise CheckpointError(
                f"{another}: {found} lacks {key!r}; an AMDANet checkpoint is needed"
            )
    channels = tuple(state[f"backbone.norm{stage}.weight"].numel() for stage in STAGES)
    depths = tuple(
        len({key.split(".")[2] for key in state if key.startswith(f"backbone.block{stage}.")})
        for stage in STAGES
    )
    shapes = (channels, depths)
    backbone = next((k for k, v in BACKBONES.items() if (v.channels, v.depths) == shapes), None)
    if backbone is None:
        raise CheckpointError(f"{another}: channels {channels} and depths {depths} are no MiT")
    prediction = state[_PREDICTION]
    if prediction.ndim != 4:
        raise CheckpointError(f"{another}: {_PREDICTION!r} is no 1 x 1 convolution")
    settings = {
        "backbone": backbone,
        "num_classes": prediction.shape[0],
        "embed_dim": prediction.shape[1],
    }
    # A part that an ablation leaves out has no weights.
    found = {key for key in state if key.startswith("backbone.LEs.0.")}
    if not found:
        settings["local_alignment"] = "none"
    for name, part in (("cbam", ".spatial."), ("danet", ".position.")):
        if any(part in key for key in found):
            settings["local_alignment"] = name
    if not any(key.startswith("backbone.GEs.") for key in state):
        settings["global_alignment"] = False
    elif not any(".SE_x" in key for key in state):
        settings["sfe"] = False
    if any(key.startswith(ADAPTIVE_PREFIXES) for key in state):
        settings["adaptive_weighting"] = True
    return settings
