"""Which values of a configuration decide what a training ends with."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

FREE_KEYS = ("threads", "log_every", "save_every", "tensorboard", "data.workers", "data.root")
"""Keys whose change does not change what a training ends with."""


def deciding_values(values: dict[str, Any]) -> dict[str, Any]:
    """Return what decides a training's result, flat: "section.key" to a plain value.

    Args:
        values: as `TrainingConfig.as_dict` gives them.
    """
    return {key: value for key, value in _flat(values, "") if key not in FREE_KEYS}


def _flat(values: dict[str, Any], prefix: str) -> Iterator[tuple[str, Any]]:
    for key, value in values.items():
        if isinstance(value, dict):
            yield from _flat(value, f"{prefix}{key}.")
        else:
            yield prefix + key, list(value) if isinstance(value, tuple) else value
