"""The network far slower than measured is noticed; a single slow inference is not."""

import pytest

from amdanet_ros.inference.pace_watch import PaceWatch


def watch(measured, times, pixels=1000):
    made = PaceWatch(measured)
    for seconds in times:
        made.add(seconds, pixels)
    return made


@pytest.mark.parametrize(
    ("measured", "times", "expected"),
    [
        (1e-5, [0.05] * 12, 5.0),
        (1e-5, [0.03] * 12, None),  # not far slower
        (1e-5, [0.75] * 11, None),  # too few
        (1e-5, [0.75] * 11 + [0.01], None),  # one of them as fast as measured
        (1e-5, [0.01] * 12 + [0.75] * 12, 75.0),  # what was before is over
        (1e-5, [0.75] * 12 + [0.01], None),
        (0.0, [0.75] * 12, None),  # not measured
    ],
)
def test_the_fastest_of_the_last_inferences_counts(measured, times, expected):
    found = watch(measured, times).slowness
    assert found == (expected if expected is None else pytest.approx(expected))


def test_larger_images_take_longer():
    assert watch(1e-5, [0.05] * 12, pixels=5000).slowness is None
