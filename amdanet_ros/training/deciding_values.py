"""Which values of a configuration decide what a training ends with."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from .config import TrainingConfig

FREE_KEYS = ("threads", "log_every", "save_every", "tensorboard", "data.workers", "data.root")
"""Keys whose change does not change what a training ends with."""


def deciding_values(values: dict[str, Any]) -> dict[str, Any]:
    """Return what decides a training's result and departs from the defaults.

    What is at its default does not count, so that an option of a later version, at its default,
    makes no other training of one that was begun before.

    Args:
        values: as `TrainingConfig.as_dict` gives them.

    Returns:
        "section.key" to a plain value.
    """
    defaults = dict(_flat(TrainingConfig().as_dict(), ""))
    return {
        key: value
        for key, value in _flat(values, "")
        if key not in FREE_KEYS and (key not in defaults or value != defaults[key])
    }


def differing_keys(saved: dict[str, Any], wanted: dict[str, Any]) -> list[str]:
    """Return the keys whose difference changes what a training ends with, sorted."""
    old, new = deciding_values(saved), deciding_values(wanted)
    missing = object()
    return sorted(
        key for key in old.keys() | new.keys() if old.get(key, missing) != new.get(key, missing)
    )


def _flat(values: dict[str, Any], prefix: str) -> Iterator[tuple[str, Any]]:
    for key, value in values.items():
        if isinstance(value, dict):
            yield from _flat(value, f"{prefix}{key}.")
        else:
            yield prefix + key, value
