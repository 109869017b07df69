"""Long computations as generators: a thread that must not disturb others rests between steps."""

from __future__ import annotations

from collections.abc import Generator
from typing import TypeVar

Value = TypeVar("Value")
Steps = Generator[None, None, Value]
"""Yields after each step, a few milliseconds each, and returns a value."""


def drained(steps: Steps[Value]) -> Value:
    """Return the value of a computation, done at once."""
    while True:
        try:
            next(steps)
        except StopIteration as end:
            return end.value
