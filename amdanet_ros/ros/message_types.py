"""rclpy's message classes by the names that bags and the graph use."""

from __future__ import annotations

import importlib
from array import array
from functools import cache
from typing import Any

import numpy as np


@cache
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


class RclpyTypes:
    """rclpy's message classes as ``messages.MessageTypes``."""

    def has(self, name: str) -> bool:
        """Tell whether a type's package is installed."""
        return _is_installed(name)

    def make(self, name: str, **fields: Any) -> Any:
        """Return a message.

        Raises:
            LookupError: the type's package is not installed.
        """
        message = message_class(name)()  # which would copy arrays twice if it were given them here
        for field, value in fields.items():
            is_array = isinstance(value, np.ndarray)
            setattr(message, field, _as_array(value) if is_array else value)
        return message


@cache
def _is_installed(name: str) -> bool:
    try:
        message_class(name)
    except LookupError:
        return False
    return True


def _as_array(values: np.ndarray) -> array:
    """Copy an array once: the messages take an ``array.array`` as it is, all else item by item."""
    copied = array(values.dtype.char)
    copied.frombytes(np.ascontiguousarray(values).data.cast("B"))
    return copied
