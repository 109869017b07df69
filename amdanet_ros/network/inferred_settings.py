"""Which AMDANet a state dict is of, by its names and shapes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from torch import Tensor

from ..one_line import one_line
from .backbone import STAGES
from .mix_transformer import BACKBONES

ADAPTIVE_PREFIXES = ("backbone.reliability.", "backbone.stand_ins.")
"""Prefixes of the parameters that adaptive weighting adds to a network."""

_PREDICTION = "decode_head.linear_pred.weight"


class AnotherNetworkError(ValueError):
    """The state dict is of another network; the message says what shows it."""


def inferred_settings(state: Mapping[str, Tensor]) -> dict[str, Any]:
    """Return the attributes of ``AMDANetConfig`` that names and shapes show.

    Raises:
        AnotherNetworkError: no AMDANet, or none of a known size.
    """
    needed = (*(f"backbone.norm{stage}.weight" for stage in STAGES), _PREDICTION)
    lacking = [key for key in needed if key not in state]
    if lacking:
        found = f"it has {shown(min(state))} and others, but" if state else "it is empty and"
        more = f" and {len(lacking) - 1} more" if len(lacking) > 1 else ""
        raise AnotherNetworkError(
            f"{found} lacks {lacking[0]!r}{more}; an AMDANet checkpoint is needed"
        )
    channels = tuple(state[f"backbone.norm{stage}.weight"].numel() for stage in STAGES)
    depths = tuple(
        len({key.split(".")[2] for key in state if key.startswith(f"backbone.block{stage}.")})
        for stage in STAGES
    )
    shapes = (channels, depths)
    backbone = next((k for k, v in BACKBONES.items() if (v.channels, v.depths) == shapes), None)
    if backbone is None:
        raise AnotherNetworkError(f"channels {channels} and depths {depths} are no MiT")
    prediction = state[_PREDICTION]
    if prediction.ndim != 4:
        raise AnotherNetworkError(f"{_PREDICTION!r} is no 1 x 1 convolution")
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


def shown(name: str) -> str:
    """Return the name of a parameter for a message: quoted, on one line, of bounded length."""
    return one_line(repr(name), 80)
