"""Parameters declared as fields of dataclasses: names, checks, values in and out."""

from dataclasses import FrozenInstanceError, dataclass, replace

import numpy as np
import pytest

from amdanet_ros.parameters import (
    OptionError,
    Options,
    build,
    flat,
    parameter,
    parameters_of,
    section,
)


@dataclass(frozen=True)
class Inner(Options):
    size: tuple[int, int] | None = parameter(None, "height, width", none=(0, 0), low=0, high=99)
    range: tuple[float, float] = parameter((0.0, 1.0), "low and high", live=True)
    wait: float = parameter(0.5, "seconds", name="wait", low=0.0, high=2.0)

    def check(self):
        if self.range[0] >= self.range[1]:
            raise OptionError("range", f"is {list(self.range)}: low must be below high")


@dataclass(frozen=True)
class Outer(Options):
    mode: str = parameter("a", "letter", choices=("a", "b"))
    inner: Inner = section(Inner, "in")
    count: int = parameter(3, "a number of things", low=1, high=5, live=True)
    is_on: bool = parameter(True, "whether")
    names: tuple[str, ...] = parameter((), "any number of names")


def test_parameters_are_listed_in_order_with_the_prefixes_of_their_sections():
    names = [each.name for each in parameters_of(Outer)]
    assert names == ["mode", "in.size", "in.range", "wait", "count", "is_on", "names"]
    assert {each.name for each in parameters_of(Outer) if each.live} == {"in.range", "count"}
    types = {each.name: (each.element, each.is_array) for each in parameters_of(Outer)}
    assert types["in.size"] == (int, True)
    assert types["names"] == (str, True)
    assert types["is_on"] == (bool, False)


def test_what_is_not_given_has_its_default():
    assert build(Outer, {}) == Outer()
    assert build(Outer, {"in.range": [2, 3]}) == Outer(inner=Inner(range=(2.0, 3.0)))


def test_values_survive_the_way_out_and_in():
    options = Outer("b", Inner((4, 5), (1.0, 2.0), 0.1), 5, False, ("x", "y"))
    assert build(Outer, flat(options)) == options
    assert flat(Outer()) == {each.name: each.default for each in parameters_of(Outer)}


def test_the_value_that_stands_for_none_becomes_none():
    assert Inner(size=(0, 0)).size is None
    assert build(Outer, {"in.size": [0, 0]}).inner.size is None
    assert flat(Outer())["in.size"] == (0, 0)


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("mode", "c", "is 'c': it must be one of a, b"),
        ("mode", ["a"], "must be a string"),
        ("in.size", [1], "must be an array of 2 whole numbers, not 1 of them"),
        ("in.size", [1.0, 2.0], "array of 2 whole numbers, not 1.0"),
        ("in.size", [1, 100], "is 100: it must lie between 0 and 99"),
        ("in.size", "12", "array of 2 whole numbers, not '12'"),
        ("in.size", 12, "array of 2 whole numbers, not 12"),
        ("in.range", [3.0, 3.0], "is [3.0, 3.0]: low must be below high"),
        ("in.range", None, "array of 2 numbers, not None"),
        ("in.range", {"low": 0, "high": 1}, "array of 2 numbers"),
        ("wait", True, "must be a number, not True"),
        ("wait", float("nan"), "is nan: it must be a finite number"),
        ("wait", float("inf"), "finite"),
        ("wait", 10**400, "finite"),
        ("count", 10**5000, "thousands of digits"),
        ("count", 2.0, "must be a whole number, not 2.0"),
        ("is_on", 1, "must be true or false, not 1"),
        ("names", "front", "must be a list of strings, not 'front'"),
        ("names", [1], "must be a list of strings, not 1"),
        ("names", "x" * 10**6, "..."),
    ],
    ids=lambda value: str(value)[:20] if isinstance(value, str) else type(value).__name__,
)
def test_wrong_values_are_refused_by_the_parameters_name(name, value, words):
    with pytest.raises(OptionError) as caught:
        build(Outer, {name: value})
    assert str(caught.value).startswith(f"{name} ")
    assert words in str(caught.value)
    assert len(str(caught.value)) < 200
    assert caught.value.name == name


def test_an_unknown_name_is_refused_with_the_nearest_known_one():
    with pytest.raises(OptionError, match=r"in\.sise is not a parameter: do you mean in\.size\?"):
        build(Outer, {"in.sise": [1, 2]})
    with pytest.raises(OptionError, match=r"qqqqqq is not a parameter$"):
        build(Outer, {"qqqqqq": 1})


def test_options_made_or_changed_in_python_are_checked_too():
    with pytest.raises(OptionError, match="count is 6: it must lie between 1 and 5"):
        Outer(count=6)
    with pytest.raises(OptionError, match="range is .* low must be below high"):
        replace(Inner(), range=(5, 5))
    with pytest.raises(FrozenInstanceError):
        Outer().count = 4


def test_numbers_and_arrays_of_numpy_serve():
    options = build(Outer, {"in.range": np.array([1.0, 2.0]), "count": np.int64(4)})
    assert options.inner.range == (1.0, 2.0)
    assert type(options.inner.range[0]) is float
    assert type(options.count) is int
