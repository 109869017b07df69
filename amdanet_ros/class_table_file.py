"""Class tables of one's own, as YAML files with these keys.

- `names`: the classes' names in index order;
- `colors`: optional, one [R, G, B] for each, 0 to 255;
- `ignored`: optional, values in label images that count as no label, beside 255;
- `name`: optional, of the table, else the file's name.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np

from .classes import (
    MOST_CLASSES,
    UNLABELED,
    ClassTable,
    class_table,
    class_table_of_size,
)
from .one_line import one_line
from .regular_file import refusal
from .user_folders import NoHomeError, expanded

_ENDINGS = (".yaml", ".yml")
_KEYS = ("name", "names", "colors", "ignored")
_MOST_BYTES = 256 * 1024
_LONGEST_NAME = 100


class ClassTableError(ValueError):
    """A class table cannot be used; the message is one line: table or file, cause and fix."""


def class_table_of(name: str | Path) -> ClassTable:
    """Return a built-in table by its name ("street", "mfnet", ...), or that of a YAML file.

    Raises:
        ClassTableError: no such table or file, or one that cannot be used.
    """
    if not str(name).lower().endswith(_ENDINGS):
        try:
            return class_table(str(name))
        except ValueError as error:
            if words := refusal(name, "a YAML file"):  # <(...) has no ending
                raise ClassTableError(f"classes {one_line(name)} {words}") from None
            raise ClassTableError(f"{one_line(error)}, or name a .yaml file") from None
    try:
        path = expanded(name)
    except NoHomeError as error:
        raise ClassTableError(f"classes {error}") from error
    return _table(_content(path), path.stem, f"classes {one_line(path)}")


def class_table_text(table: ClassTable) -> str:
    """Return a table as `class_table_of` reads it from a file."""
    import yaml

    content: dict[str, Any] = {
        "name": table.name,
        "names": list(table.names),
        "colors": table.palette.tolist(),
    }
    if table.ignored:
        content["ignored"] = list(table.ignored)
    return yaml.safe_dump(content, default_flow_style=None, sort_keys=False, allow_unicode=True)


def _content(path: Path) -> dict[str, Any]:
    file = f"classes {one_line(path)}"
    if words := refusal(path, "a YAML file"):  # it is read several times
        raise ClassTableError(f"{file} {words}")
    try:
        with open(os.open(path, os.O_RDONLY | os.O_NONBLOCK), "rb") as opened:
            text = opened.read(_MOST_BYTES + 1)
    except OSError as error:
        raise ClassTableError(f"{file} cannot be read: {error.strerror or error}") from error
    if len(text) > _MOST_BYTES:
        raise ClassTableError(f"{file} has more than {_MOST_BYTES} bytes: it is no class table")
    content = _parsed(text, file)
    if not isinstance(content, dict):
        raise ClassTableError(f"{file} is no class table: expected is 'names: [...]'")
    unknown = [key for key in content if key not in _KEYS]
    if unknown:
        raise ClassTableError(
            f"{file} has the unknown key {_shown(unknown[0])}: known are {', '.join(_KEYS)}"
        )
    return content


def _parsed(text: bytes, file: str) -> Any:
    # Here, because the network runs without YAML where no file of classes is named.
    import yaml

    from .bounded_yaml import load_yaml, yaml_advice

    # What PyYAML raises for bad text; tags such as !!timestamp give the last ones.
    faults = (yaml.YAMLError, ValueError, TypeError, KeyError, AttributeError)
    try:
        return load_yaml(text)
    except (*faults, OverflowError, RecursionError) as error:
        words = one_line(error, 150) + yaml_advice(error)
        raise ClassTableError(f"{file} is no YAML: {words}") from error


def _table(content: dict[str, Any], stem: str, file: str) -> ClassTable:
    title = content.get("name", one_line(stem, _LONGEST_NAME))
    names = _names(content.get("names"), file)
    if not _is_name(title):
        raise ClassTableError(f"{file}: name is {_shown(title)}: give a text of one line")
    ignored = content.get("ignored") or []
    if not isinstance(ignored, list) or not all(_is_byte(value) for value in ignored):
        raise ClassTableError(
            f"{file}: ignored is {_shown(ignored)}: give a list of label values, 0 to 255"
        )
    left = set(range(len(names))) - set(ignored)
    if not left:
        raise ClassTableError(f"{file}: ignored holds every class: leave one out of it")
    palette = class_table_of_size(len(names)).palette
    if content.get("colors") is not None:
        palette = _palette(content["colors"], names, file)
    others = tuple(sorted(set(ignored) - {UNLABELED}))
    return ClassTable(title, tuple(names), palette, others)


def _names(names: Any, file: str) -> list[str]:
    if not isinstance(names, list) or not names:
        raise ClassTableError(
            f"{file}: names is {_shown(names)}: give the list of the classes' names"
        )
    if len(names) > MOST_CLASSES:
        raise ClassTableError(f"{file}: {len(names)} names: at most {MOST_CLASSES} fit")
    seen: dict[str, str] = {}
    for name in names:
        if not _is_name(name):
            quoted = " (in quotation marks, where YAML reads it otherwise)"
            raise ClassTableError(
                f"{file}: the name {_shown(name)} is no text of 1 to {_LONGEST_NAME} "
                f"printable letters{'' if isinstance(name, str) else quoted}"
            )
        before = seen.setdefault(" ".join(name.split()).casefold(), name)
        if before == name and names.count(name) > 1:
            raise ClassTableError(f"{file}: the name {_shown(name)} occurs twice")
        if before != name:
            raise ClassTableError(
                f"{file}: the names {_shown(before)} and {_shown(name)} differ in blanks or "
                "capital letters alone: give each class a name of its own"
            )
    return [name.strip() for name in names]


def _palette(colors: Any, names: list[str], file: str) -> np.ndarray:
    count = len(names)
    if not isinstance(colors, list) or len(colors) != count:
        found = f"{len(colors)} colours" if isinstance(colors, list) else _shown(colors)
        raise ClassTableError(
            f"{file}: colors has {found} for {count} names: give one [R, G, B] each"
        )
    for color in colors:
        whole = isinstance(color, list) and len(color) == 3 and all(_is_byte(v) for v in color)
        if not whole:
            raise ClassTableError(
                f"{file}: the colour {_shown(color)} is not [R, G, B], each 0 to 255"
            )
    for place, color in enumerate(colors):
        first = colors.index(color)
        if first != place:
            raise ClassTableError(
                f"{file}: {_shown(names[first])} and {_shown(names[place])} have the same colour "
                f"{_shown(color)}, and images could not tell them apart: give each its own"
            )
    return np.array(colors, np.uint8)


def _is_name(value: Any) -> bool:
    return (
        isinstance(value, str)
        and bool(value.strip())
        and value.isprintable()
        and len(value) <= _LONGEST_NAME
    )


def _is_byte(value: Any) -> bool:
    return type(value) is int and 0 <= value <= UNLABELED


def _shown(value: Any) -> str:
    return one_line(repr(value), 60)
