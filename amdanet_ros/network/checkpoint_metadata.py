"""What a checkpoint says about its network: configuration, class names and colours."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import numpy as np

from ..one_line import one_line

_LONGEST_NAME = 100
_MOST_COLORS = 1 << 16


class MetadataError(ValueError):
    """A checkpoint's metadata cannot be used; the message names the entry."""


def read_config(metadata: Mapping[str, str]) -> dict[str, Any]:
    """Return the entry "config": attributes of ``AMDANetConfig`` by name; empty without one.

    Raises:
        MetadataError: not a JSON object.
    """
    config = _decoded(metadata, "config")
    if config is None:
        return {}
    if not isinstance(config, dict):
        raise MetadataError("config is no table of names and values")
    return config


def read_classes(metadata: Mapping[str, str]) -> tuple[str, ...] | None:
    """Return the entry "classes": their names in index order; None without one.

    Raises:
        MetadataError: not a list of different names.
    """
    names = _decoded(metadata, "classes")
    if names is None:
        return None
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise MetadataError("classes is no list of names")
    for name in names:
        if not name.strip() or not name.isprintable() or len(name) > _LONGEST_NAME:
            raise MetadataError(
                f"classes has {one_line(repr(name), 60)}, no name of 1 to {_LONGEST_NAME} "
                "printable letters"
            )
        if names.count(name) > 1:
            raise MetadataError(f"classes has {name!r} twice")
    return tuple(names)


def read_palette(metadata: Mapping[str, str]) -> np.ndarray | None:
    """Return the entry "palette": K x 3 uint8 RGB; None without one.

    Raises:
        MetadataError: not a list of R, G, B in 0 to 255.
    """
    colors = _decoded(metadata, "palette")
    if colors is None:
        return None
    if not isinstance(colors, list) or len(colors) > _MOST_COLORS:
        raise MetadataError("palette is no list of colours")
    for color in colors:
        if not isinstance(color, list) or not all(
            type(value) is int and 0 <= value <= 255 for value in color
        ):
            raise MetadataError(
                f"palette has {one_line(repr(color), 60)}, no list of whole numbers from 0 to 255"
            )
    if len({len(color) for color in colors}) > 1:
        raise MetadataError("palette has colours of different lengths")
    return np.array(colors, dtype=np.uint8)


def _decoded(metadata: Mapping[str, str], entry: str) -> Any:
    text = metadata.get(entry)
    if text is None:
        return None
    try:
        return json.loads(text)
    except RecursionError as error:
        raise MetadataError(f"{entry} is nested too deeply") from error
    except ValueError as error:
        raise MetadataError(f"{entry} is no JSON: {one_line(error, 100)}") from error
