"""All targets by name."""

from __future__ import annotations

from importlib import import_module

from .target import Target

TARGETS = (
    "image_messages",
    "compressed_images",
    "camera_info",
    "pairs",
    "bags",
    "checkpoints",
    "params_files",
    "training_files",
)


def target_of(name: str) -> Target:
    """Import a target's module alone: instrumenting all of them takes seconds.

    Args:
        name: one of ``TARGETS``.
    """
    target = import_module(f".{name}", __package__).TARGET
    if target.name != name:
        raise ValueError(f"the target of {name} is named {target.name}")
    return target
