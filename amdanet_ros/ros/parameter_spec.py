"""One parameter: what users see of it, and what it takes."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from rcl_interfaces.msg import FloatingPointRange, IntegerRange, ParameterDescriptor


@dataclass(frozen=True)
class ParameterSpec:
    """One parameter as users see it.

    Attributes:
        name: as in ``ros2 param``.
        default: its type is the parameter's: a tuple stands for an array.
        description: with unit and meaning of special values.
        lowest: least allowed value of numbers (of each element, of arrays), or None.
        highest: largest allowed value, or None.
        choices: allowed strings; empty: any.
        fixed: read-only after configure: it can be changed while the node is unconfigured.
    """

    name: str
    default: Any
    description: str
    lowest: float | None = None
    highest: float | None = None
    choices: tuple[str, ...] = ()
    fixed: bool = False

    @property
    def element(self) -> type:
        """The type of the value, or of an array's elements."""
        value = self.default[0] if isinstance(self.default, tuple) else self.default
        return type(value)

    def descriptor(self) -> ParameterDescriptor:
        """Return what ``ros2 param describe`` shows."""
        text = self.description
        constraints = f"one of: {', '.join(self.choices)}" if self.choices else ""
        if self.fixed:
            text += " (read-only after configure)"
        descriptor = ParameterDescriptor(description=text, additional_constraints=constraints)
        # A whole number is a fine value of seconds: YAML's 1 must not be refused for 1.0.
        descriptor.dynamic_typing = self.element is float
        if self.lowest is not None and not isinstance(self.default, tuple):
            if self.element is float:
                bounds = FloatingPointRange(
                    from_value=float(self.lowest), to_value=float(self.highest)
                )
                descriptor.floating_point_range = [bounds]
            else:
                bounds = IntegerRange(from_value=int(self.lowest), to_value=int(self.highest))
                descriptor.integer_range = [bounds]
        return descriptor

    def parse(self, value: Any) -> Any:
        """Return the value in the parameter's own type.

        Raises:
            ValueError: wrong type, out of range, or not a choice; the message says what is allowed.
        """
        if isinstance(self.default, tuple):
            if isinstance(value, (str, bytes)) or not isinstance(value, Sequence):
                raise ValueError(f"{self.name} must be {self._kind()}")
            if len(value) != len(self.default):
                raise ValueError(f"{self.name} must be {self._kind()}, not {len(value)} numbers")
            return tuple(self._parse_one(one) for one in value)
        return self._parse_one(value)

    def _parse_one(self, value: Any) -> Any:
        wanted = self.element
        fits = isinstance(value, wanted)
        if wanted in (int, float):
            fits = isinstance(value, (int, float) if wanted is float else int)
            fits = fits and not isinstance(value, bool)
        if not fits:
            raise ValueError(f"{self.name} must be {self._kind()}, not {value!r}")
        if self.choices and value not in self.choices:
            raise ValueError(
                f"{self.name} is {value!r}: it must be one of {', '.join(self.choices)}"
            )
        if wanted is float:
            value = float(value)
            if not math.isfinite(value):
                raise ValueError(f"{self.name} is {value}: it must be a finite number")
        if self.lowest is not None and not self.lowest <= value <= self.highest:
            raise ValueError(
                f"{self.name} is {value}: it must lie between {self.lowest} and {self.highest}"
            )
        return value

    def _kind(self) -> str:
        names = {bool: "true or false", int: "a whole number", float: "a number", str: "a string"}
        if not isinstance(self.default, tuple):
            return names[self.element]
        plural = "whole numbers" if self.element is int else "numbers"
        return f"an array of {len(self.default)} {plural}"
