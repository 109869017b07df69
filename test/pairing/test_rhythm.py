"""The estimate of a stream's spacing."""

import random

import pytest

from amdanet_ros.pairing.rhythm import Rhythm

MS = 1_000_000


def observed(stamps, delay=0):
    rhythm = Rhythm()
    for stamp in stamps:
        rhythm.observe(stamp, stamp + delay)
    return rhythm


def test_two_messages_give_a_first_spacing():
    assert observed([1000]).spacing is None
    assert observed([1000, 1500]).spacing == 500


@pytest.mark.parametrize("loss", [0.0, 0.2, 0.5])
def test_losses_do_not_stretch_the_spacing_and_are_counted(loss):
    generator = random.Random(3)
    kept = [k for k in range(400) if generator.random() >= loss]
    rhythm = observed([33 * MS * k + round(generator.gauss(0, MS)) for k in kept])
    assert rhythm.spacing == pytest.approx(33 * MS, rel=0.03)
    assert rhythm.lost == pytest.approx(kept[-1] - kept[0] + 1 - len(kept), abs=6)


def test_jitter_does_not_bias_the_spacing():
    generator = random.Random(4)
    rhythm = observed([33 * MS * k + round(generator.gauss(0, 3 * MS)) for k in range(200)])
    assert rhythm.spacing == pytest.approx(33 * MS, rel=0.03)
    assert rhythm.jitter == pytest.approx(3.4 * MS, rel=0.4)


@pytest.mark.parametrize(("before", "after"), [(33, 111), (111, 33), (33, 16)])
def test_a_change_of_rate_is_followed(before, after):
    stamps = [before * MS * k for k in range(100)]
    stamps += [stamps[-1] + after * MS * k for k in range(1, 100)]
    assert observed(stamps).spacing == pytest.approx(after * MS, rel=0.01)


def test_spacing_survives_an_interruption():
    rhythm = observed([33 * MS * k for k in range(20)])
    rhythm.interrupt()
    assert rhythm.spacing == 33 * MS
    assert rhythm.rate() is None


def test_delay_is_the_longest_of_the_window():
    assert observed([33 * MS * k for k in range(10)], delay=7 * MS).delay_high == 7 * MS
