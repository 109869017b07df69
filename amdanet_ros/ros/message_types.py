"""rclpy's message classes by the names that bags and the graph use."""

from __future__ import annotations

import importlib
import importlib.util
import sys
from array import array
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import rclpy

from ..bags.type_names import package_and_kind, prefixes

_OWN_PACKAGE = "amdanet_ros"


@cache
def message_class(name: str) -> type:
    """The class of a type such as ``sensor_msgs/msg/Image``.

    The name may come from a bag or from another node. Nothing is imported before it is known to
    be that of a message type, and its package to be where ROS packages are installed.

    Raises:
        LookupError: there is no such message type here; the message says why.
    """
    named = package_and_kind(name)
    if named is None:
        raise LookupError(f"{name[:100]!r} is no name of a message type")
    package, kind = named
    missing = LookupError(f"message type {name} is not installed: install the package {package}")
    if not _is_installed_message(package, kind):
        raise missing
    try:
        return getattr(importlib.import_module(f"{package}.msg"), kind)
    except (ImportError, AttributeError) as error:
        raise missing from error


def _is_installed_message(package: str, kind: str) -> bool:
    """Whether a type is installed as ROS installs it, and Python would find its package there.

    The working directory may be on the path, and a folder of the package's name in it.
    """
    if f"{package}.msg" in sys.modules:
        return True
    # Beside rclpy and this package: where pip's --target and PYTHONPATH may have put them.
    beside = (Path(rclpy.__file__).parents[1], Path(__file__).parents[2])
    roots = [each.absolute() for each in (*prefixes(), *beside)]
    definition = Path("share", package, "msg", f"{kind}.msg")
    if package != _OWN_PACKAGE and not any((root / definition).is_file() for root in roots):
        return False
    try:
        found = importlib.util.find_spec(package)
    except (ImportError, ValueError):
        return False
    places = [Path(each).absolute() for each in (found and found.submodule_search_locations) or ()]
    return bool(places) and all(
        any(place.is_relative_to(root) for root in roots) for place in places
    )


def type_name(kind: type) -> str:
    """Return the name of a message class, such as ``sensor_msgs/msg/Image``."""
    return f"{kind.__module__.partition('.')[0]}/msg/{kind.__name__}"


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
