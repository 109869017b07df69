"""Starting from a checkpoint: of the same classes, or of others."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from torch import Tensor, nn

from ..classes import class_table_of_size
from ..inference.built_in_weights import checkpoint_file
from ..network.checkpoint import ADAPTIVE_PREFIXES, load_checkpoint
from .config import ConfigError

_LAST_LAYER = ("decode_head.linear_pred.weight", "decode_head.linear_pred.bias")


def inherited_settings(path: str) -> dict[str, Any]:
    """Return the settings of a checkpoint's network that its weights depend on but do not show.

    A training that starts from it has the same, unless it names them.

    Args:
        path: of the checkpoint, or the name of built-in weights.
    """
    with checkpoint_file(path) as file:
        config = load_checkpoint(file).config
    return {"thermal_standardisation": config.thermal_standardisation}


def load_initial(network: nn.Module, path: str, classes: Sequence[str] | None = None) -> None:
    """Take the weights of a checkpoint of the same architecture.

    One without adaptive weighting may start a network with it: its reliabilities stay as they
    begin, equal, and the network computes what the checkpoint's did. One of other classes gives
    what it has learned of those with the same name; the last layer's rows of the others stay as
    the network drew them. One that names no classes has those of the published table of its size.

    Args:
        network: changed in place.
        path: of the checkpoint, or the name of built-in weights.
        classes: K names, the network's; None takes the last layer as it is.

    Raises:
        ConfigError: it belongs to another architecture.
    """
    with checkpoint_file(path) as file:
        checkpoint = load_checkpoint(file)
    state, own = dict(checkpoint.state), network.state_dict()
    if not any(key.startswith(ADAPTIVE_PREFIXES) for key in state):
        state |= {key: own[key] for key in own if key.startswith(ADAPTIVE_PREFIXES)}
    others = checkpoint.classes or class_table_of_size(checkpoint.config.num_classes).names
    unnamed = checkpoint.classes is None and others[0] == "class_0"
    as_it_is = unnamed and classes is not None and len(others) == len(classes)
    if classes is not None and tuple(others) != tuple(classes) and not as_it_is:
        state |= {key: _rows_by_name(own[key], state[key], classes, others) for key in _LAST_LAYER}
    try:
        network.load_state_dict(state)
    except RuntimeError as error:
        raise ConfigError(
            f"initial: {path} does not fit network: ({str(error).splitlines()[-1].strip()})"
        ) from error


def _rows_by_name(
    own: Tensor, other: Tensor, names: Sequence[str], others: Sequence[str]
) -> Tensor:
    rows = own.clone()
    if own.shape[1:] != other.shape[1:]:
        return rows  # another width: loading says so by the layers before
    for row, name in enumerate(names):
        if name in others:
            rows[row] = other[list(others).index(name)]
    return rows
