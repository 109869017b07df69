"""Numbers that no computation bears are refused by the parameter's name."""

import dataclasses
import math

import pytest

from amdanet_ros.parameters import OptionError, build, parameters_of
from amdanet_ros.settings import Settings

NUMBERS = [each for each in parameters_of(Settings) if each.element is float]


@pytest.mark.parametrize("parameter", NUMBERS, ids=lambda each: each.name)
@pytest.mark.parametrize(
    "value", [math.nan, math.inf, -math.inf, 10**400], ids=["nan", "inf", "-inf", "huge"]
)
def test_what_is_not_finite_is_refused(parameter, value):
    wrong = value
    if parameter.is_array:
        wrong = [*parameter.default[:-1], value]
    with pytest.raises(OptionError, match="finite") as caught:
        build(Settings, {parameter.name: wrong})
    assert caught.value.name == parameter.name


@pytest.mark.parametrize("low_high", [(0.0, 0.0), (5.0, 1.0), (0.0, 1e-30), (-1e308, 1e308)])
def test_a_range_that_nothing_can_be_divided_by_is_refused(low_high):
    with pytest.raises(OptionError) as caught:
        build(Settings, {"thermal.range": low_high})
    assert caught.value.name == "thermal.range"


def test_the_bound_of_own_sizes_may_change_while_the_node_runs():
    (bound,) = (each for each in NUMBERS if each.name == "max_inference_megapixels")
    assert bound.live
    assert dataclasses.asdict(build(Settings, {bound.name: 2}))["fusion"][bound.name] == 2.0
    for wrong in (0, -1, 1e9):
        with pytest.raises(OptionError, match="between"):
            build(Settings, {bound.name: wrong})
