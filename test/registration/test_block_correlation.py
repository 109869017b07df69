"""Windows correlated by blocks, and what a sum over their pixels gives."""

import numpy as np
import pytest

from amdanet_ros.registration.block_correlation import BlockCorrelation
from amdanet_ros.registration.spectrum import inverse, spectrum


def _fields(random, frames=2, shape=(40, 52)):
    parts = random.uniform(-1, 1, (2, frames, *shape)).astype(np.float32)
    return list(parts[0] + 1j * parts[1])


@pytest.mark.parametrize(
    ("rows", "columns"),
    [((4, 12, 20), (8, 16, 24)), ((20, 28, 36), (32, 40, 48)), ((4, 8), (8, 16, 20))],
)
def test_a_window_gives_what_the_sum_over_its_pixels_gives(rows, columns):
    random = np.random.default_rng(0)
    fixed, moving, reach = _fields(random), _fields(random), 4
    correlation = BlockCorrelation(fixed, moving, reach, 8)
    correlation.over_shifts((8, 16, 24), (8, 16, 24))
    found = correlation.over_shifts(rows, columns)
    assert found.shape == (9, 9)
    window = slice(rows[0], rows[-1]), slice(columns[0], columns[-1])
    own = sum(np.sum(np.abs(field[window]) ** 2) for field in fixed)
    for y in range(-reach, reach + 1):
        for x in range(-reach, reach + 1):
            moved = [np.roll(field, (-y, -x), (0, 1))[window] for field in moving]
            cross = sum(
                np.sum(np.conj(field[window]) * other).real
                for field, other in zip(fixed, moved, strict=True)
            )
            others = sum(np.sum(np.abs(other) ** 2) for other in moved)
            expected = cross / np.sqrt(own * others)
            assert found[y + reach, x + reach] == pytest.approx(expected, abs=1e-5)


def test_a_field_equal_to_another_moved_correlates_fully_at_the_shift():
    fixed = _fields(np.random.default_rng(1), frames=1)
    moving = [np.roll(field, (2, -3), (0, 1)) for field in fixed]
    found = BlockCorrelation(fixed, moving, 4, 10).over_shifts((10, 20, 30), (10, 20, 30))
    assert np.unravel_index(np.argmax(found), found.shape) == (4 + 2, 4 - 3)
    assert found.max() == pytest.approx(1.0, abs=1e-5)


def test_fields_of_zeros_correlate_to_nothing():
    nothing = [np.zeros((40, 40), np.complex64)]
    found = BlockCorrelation(nothing, nothing, 4, 8).over_shifts((8, 16, 24), (8, 16, 24))
    assert not found.any()


@pytest.mark.parametrize("kind", [np.complex64, np.float32, bool])
def test_spectra_are_numpys(kind):
    image = np.random.default_rng(2).uniform(0, 2, (20, 30)).astype(kind)
    found = spectrum(image, (24, 36))
    assert np.allclose(found, np.fft.fft2(image, (24, 36)), atol=1e-3)
    assert np.allclose(inverse(found)[:20, :30], image, atol=1e-5)
