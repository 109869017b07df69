"""YAML out of files that nobody has checked: texts, lists and mappings, nothing else."""

from __future__ import annotations

from typing import Any

import yaml

_LONGEST = 2**22
_DEEPEST = 24

_Loader: Any = getattr(yaml, "CBaseLoader", yaml.BaseLoader)


def load_plain(text: str) -> Any:
    """Return what a YAML text holds; numbers stay texts, and tags and merge keys mean nothing.

    So no object is made and nothing grows beyond the text: aliases refer to what is there.

    Raises:
        ValueError: it is no YAML, longer than 4 MiB, or nested too deeply.
    """
    if len(text) > _LONGEST:
        raise ValueError("it is longer than 4 MiB")
    depth = 0
    try:
        for event in yaml.parse(text, Loader=_Loader):
            depth += isinstance(event, (yaml.MappingStartEvent, yaml.SequenceStartEvent))
            depth -= isinstance(event, (yaml.MappingEndEvent, yaml.SequenceEndEvent))
            if depth > _DEEPEST:
                raise ValueError("it is nested too deeply")
        return yaml.load(text, Loader=_Loader)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f" in line {mark.line + 1}" if mark is not None else ""
        raise ValueError(f"it is not YAML{where}") from error


def mapping(content: Any) -> dict[str, Any]:
    """Return a mapping as it is, and an empty one for anything else."""
    return content if isinstance(content, dict) else {}


def sequence(content: Any) -> list[Any]:
    """Return a list as it is, and an empty one for anything else."""
    return content if isinstance(content, list) else []


def text(content: Any) -> str:
    """Return a text as it is, and an empty one for anything else."""
    return content if isinstance(content, str) else ""


def number(content: Any, otherwise: int = 0) -> int:
    """Return an integer of at most 64 bits, and ``otherwise`` for anything else."""
    if not isinstance(content, str) or len(content) > 20:
        return otherwise
    try:
        value = int(content, 0)
    except ValueError:
        return otherwise
    return value if -(2**63) <= value < 2**64 else otherwise
