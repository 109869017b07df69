"""One line of the results: what became of one bag."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Mapping
from typing import Any

from .unit import Result, State

FIELDS = (
    "name", "input", "output", "state", "pairs", "seconds", "areas", "health", "error", "host"
)  # fmt: skip
"""In each row; those of the processor, "tries" and "time" stand beside them."""
_WORDS = ("name", "input", "output", "error", "host")
_NUMBERS = ("pairs", "seconds", "time")
_MOST = 1e11
"""Of all numbers: seconds since 1970 up to the year 5138."""
_STATES = ("done", "failed")


def row(result: Result, out: str) -> dict[str, Any]:
    """Return the row of a result that is done, finished before, or has failed.

    Args:
        result: of a worker.
        out: the fleet's folder, absolute.
    """
    is_good = result.state in (State.DONE, State.FINISHED)
    return {
        "name": result.unit.name,
        "input": result.unit.input,
        **({"thermal": result.unit.thermal} if result.unit.thermal else {}),
        "output": os.path.join(out, result.unit.name),
        "state": "done" if is_good else "failed",
        "pairs": 0,
        "seconds": result.seconds,
        "areas": {},
        "health": {},
        **result.values,
        "error": result.error,
        "host": result.host,
        "tries": result.tries,
        "time": round(time.time(), 3),
    }


def parsed_row(line: str) -> dict[str, Any] | None:
    """Return the row of a line; None: the line is damaged, or it is none."""
    try:
        found = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) and _is_row(found) else None


def _is_row(found: Mapping[str, Any]) -> bool:
    return (
        all(isinstance(found.get(name), str) for name in _WORDS)
        and all(_is_number(found.get(name)) for name in _NUMBERS)
        and all(_is_number(found.get(name, 0)) for name in ("tries", "left_out"))
        and found.get("state") in _STATES
        and _is_table(found.get("areas"), _is_number)
        and _is_table(found.get("health"), _is_health)
        and _is_table(found.get("seen", {}), _is_seen)
        and _is_table(found.get("figures", {}), _is_number)
    )


def _is_table(value: object, is_fit: Callable[[object], bool]) -> bool:
    return isinstance(value, dict) and all(map(is_fit, value.values()))


def _is_number(value: object) -> bool:
    is_one = isinstance(value, (int, float)) and not isinstance(value, bool)
    return is_one and abs(value) < _MOST  # NaN is none, too


def _is_health(value: object) -> bool:
    return _is_table(value, lambda each: isinstance(each, str) or _is_number(each))


def _is_seen(value: object) -> bool:
    names = ("pairs", "most", "at")
    return isinstance(value, dict) and all(_is_number(value.get(name)) for name in names)
