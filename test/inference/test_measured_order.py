"""Which engine is faster, from disturbed times."""

import pytest

from amdanet_ros.inference.measured_order import LEAST_ROUNDS, Sample, is_faster


def samples(*busy):
    return [Sample(10.0 * number, seconds) for number, seconds in enumerate(busy, start=1)]


@pytest.mark.parametrize(
    ("base", "other", "found"),
    [
        ((1.0, 1.0, 1.0, 1.0), (0.5, 0.5, 0.5, 0.5), True),
        ((1.0, 1.0, 1.0, 1.0), (2.0, 2.0, 2.0, 2.0), False),
        ((1.0, 1.0, 1.0, 1.0), (0.95, 0.95, 0.95, 0.95), None),  # too little to change for
        ((1.0, 1.0, 1.0, 1.0), (1.0, 1.0, 1.0, 1.0), None),
        ((1.0, 9.0, 9.0, 1.0), (0.5, 0.5, 0.5, 0.5), True),  # load on the one
        ((1.0, 1.0, 1.0, 1.0), (0.5, 7.0, 0.5, 0.5), True),  # or on the other
        ((9.0, 9.0, 9.0, 1.0), (2.0, 2.0, 2.0, 2.0), None),  # the least and the median contradict
        ((1.0, 1.0, 1.0, 1.0), (0.5, 7.0, 7.0, 7.0), None),
        ((1.0,) * (LEAST_ROUNDS - 1), (0.1,) * (LEAST_ROUNDS - 1), None),  # too few rounds
        ((1.0, 1.0, 1.0, 1.0), (0.0, 0.0, 0.0, 0.0), True),  # a clock that is too coarse
    ],
)
def test_processor_times_tell_the_order_or_that_it_is_not_sure(base, other, found):
    assert is_faster(samples(*base), samples(*other)) is found


def test_wall_times_have_no_say():
    base = [Sample(0.1, 1.0)] * 4
    assert is_faster(base, [Sample(9.0, 0.5)] * 4) is True


def test_runs_of_different_rounds_are_not_compared():
    with pytest.raises(ValueError, match="zip"):
        is_faster(samples(1.0, 1.0), samples(1.0))
