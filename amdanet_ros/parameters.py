"""Parameters declared once, as fields of frozen dataclasses: names, defaults, ranges, texts.

    @dataclass(frozen=True)
    class SyncOptions(Options):
        slop: float = parameter(0.05, "Largest distance of ...", low=0.0, high=10.0, live=True)

Node parameters, the parameter file of the commands, ``config/amdanet.yaml`` and docs/interface.md
are derived from such classes. This module needs only the standard library.
"""

from __future__ import annotations

import dataclasses
import difflib
import functools
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar


class OptionError(ValueError):
    """A value that is not allowed.

    Attributes:
        name: the field, or the parameter where the value came by a parameter's name.
        problem: what is wrong and what is allowed; reads on after the name.
    """

    def __init__(self, name: str, problem: str) -> None:
        super().__init__(f"{name} {problem}")
        self.name = name
        self.problem = problem


class UnknownNameError(OptionError):
    """A name that no parameter has."""


@dataclass(frozen=True)
class Parameter:
    """One parameter as users see it.

    Attributes:
        name: as in ``ros2 param`` and in a parameter file.
        default: its type is the parameter's. A tuple stands for an array of that length; the empty
            tuple for an array of any number of strings.
        description: with unit and the meaning of special values.
        low: least allowed value of numbers (of each element, of arrays), or None.
        high: largest allowed value, or None.
        choices: allowed strings; empty: any.
        live: whether it may change while the network is loaded.
        none: the value that stands for None, where a field may be None: parameters know no null.
    """

    name: str
    default: Any
    description: str
    low: float | None = None
    high: float | None = None
    choices: tuple[str, ...] = ()
    live: bool = False
    none: Any = None

    @property
    def is_array(self) -> bool:
        """Whether the value is an array."""
        return isinstance(self.default, tuple)

    @property
    def element(self) -> type:
        """The type of the value, or of an array's elements: bool, int, float or str."""
        if self.is_array:
            return type(self.default[0]) if self.default else str
        return type(self.default)

    def parse(self, value: Any) -> Any:
        """Return the value in the field's own type: tuples for arrays, None for ``none``.

        Raises:
            OptionError: wrong type, out of range, or not a choice; it says what is allowed.
        """
        if value is None and self.none is not None:
            return None
        if value is None and self.default == ():
            return ()  # what ROS makes of an empty list in a parameter file
        if hasattr(value, "tolist"):  # array.array of rclpy, arrays and numbers of numpy
            value = value.tolist()
        if not self.is_array:
            return self._parse_one(value)
        if isinstance(value, (str, bytes)) or not isinstance(value, Sequence):
            raise OptionError(self.name, f"must be {self._kind()}, not {_shown(value)}")
        if self.default and len(value) != len(self.default):
            raise OptionError(self.name, f"must be {self._kind()}, not {len(value)} of them")
        parsed = tuple(self._parse_one(one) for one in value)
        return None if parsed == self.none and self.none is not None else parsed

    def _parse_one(self, value: Any) -> Any:
        wanted = self.element
        fits = isinstance(value, (int, float) if wanted is float else wanted)
        if not fits or (isinstance(value, bool) and wanted is not bool):
            fix = ": put it in quotes" if wanted is str and isinstance(value, (int, float)) else ""
            raise OptionError(self.name, f"must be {self._kind()}, not {_shown(value)}{fix}")
        if self.choices and value not in self.choices:
            allowed = ", ".join(self.choices)
            raise OptionError(self.name, f"is {_shown(value)}: it must be one of {allowed}")
        if wanted is float:
            try:
                value = float(value)
            except OverflowError:
                value = math.inf
            if not math.isfinite(value):
                raise OptionError(self.name, f"is {value}: it must be a finite number")
        if self.low is not None and not self.low <= value <= self.high:
            raise OptionError(
                self.name,
                f"is {_shown(value)}: it must lie between {self.low} and {self.high}",
            )
        return value

    def _kind(self) -> str:
        names = {bool: "true or false", int: "a whole number", float: "a number", str: "a string"}
        if not self.is_array:
            return names[self.element]
        plural = {int: "whole numbers", float: "numbers", str: "strings"}[self.element]
        return (
            f"an array of {len(self.default)} {plural}" if self.default else f"a list of {plural}"
        )


def parameter(
    default: Any, description: str, *, name: str | None = None, none: Any = None, **limits: Any
) -> Any:
    """Declare a parameter: the default of a field of an ``Options`` class.

    Args:
        default: of the field.
        description: with unit and the meaning of special values.
        name: the whole name; else the field's, after the prefixes of the sections it lies in.
        none: the value that stands for None where the default is None or the field may be.
        limits: ``low``, ``high``, ``choices``, ``live`` of ``Parameter``.
    """
    shown = none if default is None else default
    declared = Parameter(name or "", shown, description, none=none, **limits)
    return field(default=default, metadata={"parameter": declared})


def section(kind: type[Options], prefix: str = "") -> Any:
    """Declare a field that holds other options; their names get the prefix and a dot in front."""
    return field(default_factory=kind, metadata={"section": (kind, prefix)})


class Options:
    """Base of frozen dataclasses whose fields are parameters and sections; checks each instance.

    Raises:
        OptionError: on construction, for a value that is wrong by itself or beside another one.
    """

    def __post_init__(self) -> None:
        for each in _checks(type(self)):
            object.__setattr__(self, each.name, each.parse(getattr(self, each.name)))
        self.check()

    def check(self) -> None:
        """Check values beside one another; raises OptionError with the name of a field."""


Kind = TypeVar("Kind", bound=Options)


@functools.cache
def _members(
    kind: type[Options], prefix: str
) -> tuple[tuple[str, Parameter | tuple[type[Options], str]], ...]:
    """Return each field's name, and its parameter, or its section's class and prefix."""
    found: list[tuple[str, Parameter | tuple[type[Options], str]]] = []
    for each in dataclasses.fields(kind):
        if "section" in each.metadata:
            inner, own = each.metadata["section"]
            found.append((each.name, (inner, f"{prefix}{own}." if own else prefix)))
        else:
            declared = each.metadata["parameter"]
            found.append((each.name, replace(declared, name=declared.name or prefix + each.name)))
    return tuple(found)


@functools.cache
def _checks(kind: type[Options]) -> tuple[Parameter, ...]:
    """Return a class's own parameters under the names of its fields."""
    members = _members(kind, "")
    return tuple(replace(one, name=name) for name, one in members if isinstance(one, Parameter))


@functools.cache
def parameters_of(kind: type[Options], prefix: str = "") -> tuple[Parameter, ...]:
    """Return all parameters of a class and its sections, in the order of their declaration.

    Args:
        kind: the class.
        prefix: in front of names that are not given whole, with its dot.
    """
    found: list[Parameter] = []
    for _, member in _members(kind, prefix):
        found += [member] if isinstance(member, Parameter) else parameters_of(*member)
    return tuple(found)


def build(kind: type[Kind], values: Mapping[str, Any]) -> Kind:
    """Make options from values by parameter name; what is not given has its default.

    Raises:
        OptionError: a name that does not exist, or a value that is wrong by itself or beside
            another one; it names the parameter.
    """
    check_names(values, [each.name for each in parameters_of(kind)])
    return _build(kind, "", values)


def _build(kind: type[Kind], prefix: str, values: Mapping[str, Any]) -> Kind:
    arguments, names = {}, {}
    for field_name, member in _members(kind, prefix):
        if not isinstance(member, Parameter):
            arguments[field_name] = _build(*member, values)
        elif member.name in values:
            arguments[field_name] = values[member.name]
            names[field_name] = member.name
    try:
        return kind(**arguments)
    except OptionError as error:
        raise OptionError(names.get(error.name, error.name), error.problem) from None


def flat(options: Options, prefix: str = "") -> dict[str, Any]:
    """Return all values by parameter name; ``build`` makes equal options from them."""
    values: dict[str, Any] = {}
    for field_name, member in _members(type(options), prefix):
        value = getattr(options, field_name)
        if isinstance(member, Parameter):
            values[member.name] = member.none if value is None else value
        else:
            values.update(flat(value, member[1]))
    return values


def check_names(names: Iterable[str], known: Sequence[str]) -> None:
    """Refuse names that are not known.

    Raises:
        UnknownNameError: names the first such one and the known one that is nearest to it.
    """
    for name in names:
        if name not in known:
            near = difflib.get_close_matches(name, known, 1, 0.5)
            hint = f": do you mean {near[0]}?" if near else ""
            raise UnknownNameError(name, f"is not a parameter{hint}")


def _shown(value: Any) -> str:
    try:
        text = repr(value)
    except ValueError:  # a whole number of more than 4300 digits
        return "a number of thousands of digits"
    return text if len(text) <= 80 else f"{text[:77]}..."
