"""Message classes by the names that bags and the graph use."""

from __future__ import annotations

import importlib


def message_class(name: str) -> type:
    """The class of a type such as ``sensor_msgs/msg/Image``.

    Raises:
        LookupError: its package is not installed; the message names it.
    """
    package, _, kind = name.replace("/msg/", "/").partition("/")
    try:
        return getattr(importlib.import_module(f"{package}.msg"), kind)
    except (ImportError, AttributeError) as error:
        raise LookupError(
            f"message type {name} is not installed: install the package {package}"
        ) from error
