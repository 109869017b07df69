"""From a YAML file to checked values: inheritance, types, ranges; errors name file and key."""

from __future__ import annotations

import contextlib
import difflib
import math
import os
import reprlib
import stat
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any, get_type_hints

import yaml

from ..bounded_yaml import load_yaml, yaml_advice
from ..one_line import one_line
from ..regular_file import refusal

_LARGEST_FILE = 2**20
_WORDS = {
    bool: "a bool (true or false)", int: "a int (whole number)", float: "a float (number)",
    str: "a str", dict: "a dict (keys and values)", tuple: "a list",
}  # fmt: skip

Range = tuple[float, float]
"""Least and greatest value, both allowed."""


class ConfigError(ValueError):
    """A configuration cannot be used; the message names the file or key and the fix."""


def read_values(path: Path, seen: tuple[Path, ...] = ()) -> dict[str, Any]:
    """Read a YAML file and what its `base` names; the file's own values go before those.

    Raises:
        ConfigError: a file is missing, no regular one, too long, empty, no text or no
            YAML, or its `base` leads back to itself.
    """
    label = f"configuration {one_line(path)}"
    try:
        if words := refusal(path, "a YAML file"):  # <(...) has no name that could be resolved
            raise ConfigError(f"{label} {words}")
        path = path.resolve()
        if path in seen:
            raise ConfigError(f"{label}: its `base` leads back to itself")
        values = parsed(_text(path, label), label)
    except OSError as error:
        raise ConfigError(f"{label} cannot be read: {error.strerror}") from error
    except (ValueError, RuntimeError) as error:
        if isinstance(error, ConfigError):
            raise
        raise ConfigError(f"{label} cannot be read: it is no path of a file") from error
    if values is None or values == {}:
        raise ConfigError(
            f"{label} is empty: give a file with the values to train with, such as one of "
            "config/training/"
        )
    if not isinstance(values, dict):
        raise ConfigError(f"{label} must be a mapping of keys to values")
    base = values.pop("base", None)
    if base is None:
        return values
    if not isinstance(base, str) or not base:
        raise ConfigError(f"{label}: base is {shown(base)}: the name of a YAML file is needed")
    return merged(read_values(path.parent / base, (*seen, path)), values)


def parsed(text: str, label: str) -> Any:
    """Parse YAML.

    Raises:
        ConfigError: it is none; the message begins with `label`.
    """
    try:
        return load_yaml(text)
    except yaml.YAMLError as error:
        words = one_line(" ".join(str(error).split())) + yaml_advice(error)
        raise ConfigError(f"{label} is no YAML: {words}") from error
    except RecursionError as error:
        raise ConfigError(f"{label} is no YAML of a configuration: nested too deeply") from error
    except (ValueError, LookupError, TypeError, AttributeError, OverflowError) as error:
        # Dates and numbers that look right and are not.
        raise ConfigError(f"{label} is no YAML: {one_line(error, 200)}") from error


def _text(path: Path, label: str) -> str:
    state = path.stat()
    if stat.S_ISDIR(state.st_mode):
        raise ConfigError(f"{label} is a folder: give a YAML file in it")
    if state.st_size > _LARGEST_FILE:
        raise ConfigError(f"{label} has {state.st_size} bytes, too many for a configuration")
    # Not to wait for a pipe that takes the file's place.
    with open(os.open(path, os.O_RDONLY | os.O_NONBLOCK), "rb") as file:
        content = file.read(_LARGEST_FILE)
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ConfigError(f"{label} is no text in UTF-8: give a YAML file") from error


def merged(base: dict[str, Any], changes: dict[str, Any]) -> dict[str, Any]:
    """Return `base` with `changes`; mappings within both are merged too."""
    result = dict(base)
    for key, value in changes.items():
        both = isinstance(value, dict) and isinstance(result.get(key), dict)
        result[key] = merged(result[key], value) if both else value
    return result


def built(kind: type, values: dict[str, Any], where: str, prefix: str = "") -> Any:
    """Make a dataclass of values; sections are dataclasses within it.

    A field with the metadata "attributes_of" is a dict of attributes of that dataclass.

    Args:
        kind: the dataclass; its attribute `RANGES`, if it has one, gives ranges by field.
        values: by field.
        where: the file, for messages.
        prefix: of the keys, for messages.

    Raises:
        ConfigError: an unknown key, a value of the wrong type or out of its range.
    """
    hints = get_type_hints(kind)
    known = {f.name: f.metadata.get("attributes_of") for f in fields(kind)}
    ranges = getattr(kind, "RANGES", {})
    arguments = {}
    for key, value in values.items():
        name = f"{prefix}{one_line(key, 60)}"
        if key not in known:
            near = difflib.get_close_matches(str(key)[:60], known, 1)
            meant = f"; did you mean {near[0]}?" if near else ""
            raise ConfigError(f"{where}: unknown key {name}; known: {', '.join(known)}{meant}")
        hint = hints[key]
        section = known[key] or (hint if is_dataclass(hint) else None)
        if section is None:
            arguments[key] = _converted(hint, value, f"{where}: {name}", ranges.get(key))
            continue
        if not isinstance(value, dict):
            raise ConfigError(f"{where}: {name} must be a mapping")
        made = built(section, value, where, f"{name}.")
        arguments[key] = {each: getattr(made, each) for each in value} if known[key] else made
    try:
        return kind(**arguments)
    except ValueError as error:
        raise ConfigError(f"{where}: {prefix}{error}") from error


def shown(value: Any) -> str:
    """Return a value for a message: of bounded length, whatever it holds within itself."""
    short = reprlib.Repr()
    short.maxlevel, short.maxstring, short.maxother, short.maxlong = 2, 60, 60, 60
    return one_line(short.repr(value), 120)


def _converted(hint: Any, value: Any, where: str, limits: Range | None) -> Any:
    origin = getattr(hint, "__origin__", hint)
    parts = getattr(hint, "__args__", ())
    if origin is tuple:
        return _converted_list(parts, value, where, limits)
    if origin is float and isinstance(value, str):  # YAML reads 1e-3 as a string
        with contextlib.suppress(ValueError):
            value = float(value)
    if origin is float and isinstance(value, int) and not isinstance(value, bool):
        value = float(value) if abs(value) < 2**1000 else math.inf
    wrong_bool = isinstance(value, bool) != (origin is bool)
    if not isinstance(value, origin) or wrong_bool:
        raise ConfigError(f"{where} is {shown(value)}: {_WORDS[origin]} is needed")
    if origin is dict and len(parts) == 2:
        return {
            _converted(parts[0], name, f"{where}: the key", None): _converted(
                parts[1], each, f"{where}.{one_line(name, 60)}", limits
            )
            for name, each in value.items()
        }
    if origin is float and not math.isfinite(value):
        raise ConfigError(f"{where} is {value}: a finite number is needed")
    if limits is not None and not limits[0] <= value <= limits[1]:
        raise ConfigError(
            f"{where} is {shown(value)}: it must lie in {limits[0]:g} to {limits[1]:g}"
        )
    return value


def _converted_list(
    parts: tuple[Any, ...], value: Any, where: str, limits: Range | None
) -> tuple[Any, ...]:
    if not isinstance(value, (list, tuple)):
        raise ConfigError(f"{where} is {shown(value)}: {_WORDS[tuple]} is needed")
    any_number = parts[-1] is Ellipsis
    if not any_number and len(value) != len(parts):
        raise ConfigError(f"{where} is {shown(value)}: {len(parts)} values are needed")
    return tuple(
        _converted(parts[0], each, f"{where}[{place}]", limits) for place, each in enumerate(value)
    )
