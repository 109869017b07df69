"""Which values of a configuration decide the result of a training."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from .config import TrainingConfig

FREE_KEYS = ("threads", "log_every", "save_every", "tensorboard", "data.workers", "data.root")
"""Keys that do not change the result of a training."""


def deciding_values(values: dict[str, Any]) -> dict[str, Any]:
    """Return the values that decide a training's result and differ from the defaults.

    Defaults are left out, so that a key that a later version adds does not change the result for
    trainings that were begun before. Takes what `TrainingConfig.as_dict` gives; returns
    "section.key" to a plain value.
    """
    defaults = dict(_flat(TrainingConfig().as_dict(), ""))
    return {
        key: value
        for key, value in _flat(values, "")
        if key not in FREE_KEYS and (key not in defaults or value != defaults[key])
    }


def differing_keys(saved: dict[str, Any], wanted: dict[str, Any]) -> list[str]:
    """Return the keys, sorted, by which two configurations have different results."""
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
