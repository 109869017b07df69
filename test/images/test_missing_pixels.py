"""Fill values and borders are no measurements; skies, flames and degrees around 0 are."""

import numpy as np
import pytest

from amdanet_ros.images.missing_pixels import fill_missing, missing_pixels, sparse_view
from amdanet_ros.inference import ThermalNormalizer
from amdanet_ros.inference.thermal_normalization import DARKEST
from amdanet_ros.registration.orientation_field import grey
from amdanet_ros.visualization.colorize import colorize_thermal

SIZE = (60, 80)
KELVIN, CELSIUS, COUNTS = (285.0, 310.0), (5.0, 35.0), (7000.0, 8600.0)


def scene(low_high=KELVIN, dtype=np.float32, size=SIZE):
    """A gradient with a sensor's noise."""
    low, high = low_high
    noise = np.random.default_rng(0).normal(0.0, 0.01 * (high - low), size)
    return (np.linspace(low, high, size[1])[None] + noise).astype(dtype)


def border(thickness=8, size=SIZE):
    mask = np.ones(size, bool)
    mask[thickness:-thickness, thickness:-thickness] = False
    return mask


def circle():
    y, x = np.mgrid[: SIZE[0], : SIZE[1]]
    return np.hypot(y - 29.5, x - 39.5) > 36


def tilted():
    y, x = np.mgrid[: SIZE[0], : SIZE[1]]
    return (abs(y - 29.5 + 0.2 * (x - 39.5)) > 20) | (abs(x - 39.5 - 0.2 * (y - 29.5)) > 30)


def patch():
    mask = np.zeros(SIZE, bool)
    mask[20:30, 30:45] = True
    return mask


def half():
    mask = np.zeros(SIZE, bool)
    mask[:, 40:] = True
    return mask


def is_missing(thermal):
    found = missing_pixels(thermal)
    return np.zeros(thermal.shape, bool) if found is None else found


MASKS = [border(), border(3), circle(), tilted(), patch(), half()]
NAMES = ["frame", "thin frame", "circle", "tilted", "patch", "half"]


@pytest.mark.parametrize("mask", MASKS, ids=NAMES)
@pytest.mark.parametrize(
    "fill",
    [np.nan, np.inf, -np.inf, 1e38, -3.4e38, 0.0, 1.2e-38, -1.0, -9999.0, -32768.0, 65535.0, 1e5],
)
def test_fill_values_of_kelvin_images_are_missing_and_the_rest_is_stretched(mask, fill):
    thermal = scene()
    thermal[mask] = fill
    np.testing.assert_array_equal(is_missing(thermal), mask)
    clean = ThermalNormalizer()
    clean(scene()[~mask][None])
    normalizer = ThermalNormalizer()
    result = normalizer(thermal)
    assert normalizer.bounds == pytest.approx(clean.bounds, abs=0.2)
    assert np.isfinite(result).all() and result.min() >= 0.0 and result.max() <= 1.0
    assert np.ptp(result[~mask]) > 0.99


@pytest.mark.parametrize("mask", MASKS, ids=NAMES)
@pytest.mark.parametrize("fill", [-9999.0, -32768.0, -273.15, 65535.0, 9999.0, 1e300, np.nan])
def test_fill_values_of_images_in_degrees_are_missing(mask, fill):
    thermal = scene((-15.0, 25.0), np.float64)
    thermal[mask] = fill
    np.testing.assert_array_equal(is_missing(thermal), mask)


def test_degrees_around_0_are_measurements_and_a_border_of_0_is_none():
    thermal = np.round(scene((-10.0, 10.0)))
    assert (thermal == 0.0).sum() > 50
    assert missing_pixels(thermal) is None
    thermal[patch()] = 0.0
    assert missing_pixels(thermal) is None
    warm = scene(CELSIUS)
    warm[patch()] = 0.0  # ice
    assert missing_pixels(warm) is None
    for mask in (border(), circle(), tilted()):
        cold = scene((-10.0, 10.0))
        cold[mask] = 0.0
        np.testing.assert_array_equal(is_missing(cold), mask)


def test_two_fill_values_in_one_image_are_both_missing():
    thermal = scene()
    thermal[border()], thermal[patch()], thermal[10, 10] = 0.0, -9999.0, np.nan
    thermal[12, 12] = 65535.0
    expected = border() | patch()
    expected[10, 10] = expected[12, 12] = True
    np.testing.assert_array_equal(is_missing(thermal), expected)


@pytest.mark.parametrize("mask", [border(), circle(), tilted()], ids=NAMES[:1] + NAMES[2:4])
@pytest.mark.parametrize(
    ("dtype", "low_high", "fill"),
    [
        (np.uint16, (28500, 31000), 0),
        (np.uint16, (28500, 31000), 65535),
        (np.uint16, COUNTS, 16383),
        (np.uint16, COUNTS, 1),
        (np.float32, COUNTS, 7800.0),
        (np.float16, KELVIN, 0.0),
        (np.float64, CELSIUS, -40.0),
        (np.uint8, (40, 200), 0),
    ],
)
def test_a_rectified_images_border_is_missing_whatever_its_value(mask, dtype, low_high, fill):
    thermal = scene(low_high, dtype)
    thermal[mask] = fill
    found = is_missing(thermal)
    assert (found == mask).mean() > 0.99
    result = ThermalNormalizer(stretch_uint8=True)(thermal)
    assert (result[found & mask] == 0.0).all()
    assert np.ptp(result[~mask]) > 0.99


@pytest.mark.parametrize("turned", [False, True])
def test_a_border_around_a_made_gradient_is_missing(turned):
    """Neighbours of its lines, or of its columns, are equal."""
    thermal = np.tile(np.linspace(5.0, 35.0, 80, dtype=np.float32), (60, 1))
    thermal = np.ascontiguousarray(thermal.T) if turned else thermal
    mask = border().T if turned else border()
    thermal[mask] = 0.0
    np.testing.assert_array_equal(is_missing(thermal), mask)


def test_a_white_border_of_8_bit_video_is_missing():
    thermal = scene((40, 200), np.uint8)
    thermal[border()] = 255
    result = ThermalNormalizer()(thermal)
    assert (result[border()] == 0.0).all()
    np.testing.assert_allclose(result[~border()], thermal[~border()] / 255.0, atol=1e-6)


def sky(value, low_high, dtype=np.float32):
    thermal = scene(low_high, dtype)
    thermal[:30] = value
    return thermal


def flame(value, low_high, dtype=np.float32):
    thermal = scene(low_high, dtype)
    thermal[30:, 20:50] = value
    return thermal


def vignette():
    y, x = np.mgrid[: SIZE[0], : SIZE[1]]
    return (scene() - 0.01 * ((y - 30.0) ** 2 + (x - 40.0) ** 2)).astype(np.float32)


def black_and_white():
    thermal = np.clip(scene((-80, 330)), 0, 255).astype(np.uint8)
    thermal[:5] = 255
    return thermal


@pytest.mark.parametrize(
    "thermal",
    [
        sky(233.15, KELVIN),
        sky(213.0, KELVIN),
        sky(-40.0, CELSIUS),
        sky(0.0, CELSIUS),
        sky(6000, COUNTS, np.uint16),
        sky(0, (40, 200), np.uint8),
        flame(823.15, KELVIN),
        flame(2000.0, CELSIUS),
        flame(16383, COUNTS, np.uint16),
        flame(65535, (28000, 31000), np.uint16),
        flame(16383.0, COUNTS),
        flame(255, (40, 200), np.uint8),
        vignette(),
        black_and_white(),
        scene((0.0, 1.0)),
        scene((-1.0, 1.0)),
        np.full(SIZE, 0.0, np.float32),
        np.full(SIZE, 293.0, np.float32),
        np.full(SIZE, -9999.0, np.float32),
        np.full(SIZE, 0, np.uint16),
        np.full(SIZE, 255, np.uint8),
    ],
)
def test_measurements_are_not_taken_for_fill_values(thermal):
    assert missing_pixels(thermal) is None


def test_a_cold_object_and_a_person_on_a_uniform_wall_stay_what_they_are():
    """Without noise: a made picture, or one that its camera has smoothed."""
    thermal = np.full(SIZE, 293.0, np.float32)
    thermal[20:40, 30:50] = 309.0
    assert missing_pixels(thermal) is None
    result = ThermalNormalizer()(thermal)
    assert result[0, 0] == DARKEST and result[30, 40] == 1.0


def test_pixels_that_interpolation_mixed_with_a_fill_value_are_missing_too():
    thermal = scene()
    thermal[:, :10] = -9999.0
    thermal[:, 10] = -4000.0
    thermal[border(2)] = 0.0
    thermal[2, 12:78] = 140.0
    normalizer = ThermalNormalizer()
    result = normalizer(thermal)
    assert normalizer.bounds[0] > 284.0
    assert (result[:, :10] == 0.0).all()
    assert is_missing(thermal)[5:-5, 10].all() and is_missing(thermal)[2, 15:70].all()


@pytest.mark.parametrize("mode", ["percentile", "fixed", "none"])
def test_no_mode_shows_a_hot_border(mode):
    thermal = scene((0.2, 0.8)) if mode == "none" else scene()
    thermal[border()] = np.float32(1e38)
    result = ThermalNormalizer(mode, (285.0, 310.0))(thermal)
    assert (result[border()] == 0.0).all()
    assert np.ptp(result[~border()]) > 0.5


def test_signed_counts_are_read():
    centidegrees = scene((-500, 2500), np.int16)
    centidegrees[border()] = -32768
    result = ThermalNormalizer()(centidegrees)
    assert (result[border()] == 0.0).all()
    assert np.ptp(result[~border()]) > 0.99


def test_holes_are_filled_from_their_neighbours_and_a_border_is_0():
    normalized = np.full((40, 50), 0.75, np.float32)
    missing = border(4, (40, 50))
    missing[10, 10] = missing[15:30, 20:40] = True
    normalized[missing] = np.nan
    fill_missing(normalized, missing)
    np.testing.assert_allclose(normalized[4:-4, 4:-4], 0.75, atol=1e-6)
    assert (normalized[border(4, (40, 50))] == 0.0).all()


def test_a_dead_line_at_the_edge_is_filled():
    normalized = np.full((40, 50), 0.75, np.float32)
    missing = np.zeros((40, 50), bool)
    missing[-2:] = missing[5, 0] = True
    fill_missing(normalized, missing)
    np.testing.assert_allclose(normalized, 0.75, atol=1e-6)


def test_bounds_do_not_follow_a_border_that_comes_and_goes():
    normalizer = ThermalNormalizer(smoothing=0.9)
    normalizer(scene())
    steady = normalizer.bounds
    for fill in (0.0, np.nan, -9999.0, 1e38):
        thermal = scene()
        thermal[border()] = fill
        normalizer(thermal)
        assert normalizer.bounds == pytest.approx(steady, abs=1.0)


@pytest.mark.parametrize(
    "size", [(1, 1), (1, 2), (2, 2), (1, 30_000), (8001, 1), (3, 30_000), (2, 32_766), (3, 3)]
)
@pytest.mark.parametrize("fill", [None, 0.0, np.nan, 1e38, -9999.0])
def test_thin_images_are_normalised(size, fill):
    for dtype in (np.uint8, np.uint16, np.float32):
        thermal = scene((100, 200), dtype, size)
        if fill is not None and dtype == np.float32:
            thermal[0, : size[1] // 2 + 1] = fill
        result = ThermalNormalizer()(thermal)
        assert result.shape == size
        assert np.isfinite(result).all()


def test_a_sparse_view_has_no_more_pixels_than_asked_and_at_least_one():
    for size in ((1, 1), (1, 30_000), (8001, 1), (3, 30_000), (480, 640), (2, 2), (40, 4000)):
        view = sparse_view(np.zeros(size, np.uint8), 1000)
        assert 1 <= view.size <= 1600
        assert view.size >= min(size[0] * size[1], 300)


@pytest.mark.parametrize("fill", [0.0, -9999.0, 1e38, 65535.0, np.nan, np.inf])
def test_a_border_does_not_darken_pictures_of_thermal_images_nor_their_edges(fill):
    """The checkerboard of a registration, and the values whose edges are matched."""
    thermal = scene()
    thermal[border()] = fill
    colours = colorize_thermal(thermal)
    assert (colours[border()] <= 4).all()  # inferno begins there
    inside = colours[8:-8, 8:-8]
    assert inside[:, :3].mean() < 25 and inside[:, -3:].mean() > 140
    values = grey(thermal)
    assert values.min() > 283.0 and values.max() < 312.0
    np.testing.assert_array_equal(values[8:-8, 8:-8], thermal[8:-8, 8:-8])
