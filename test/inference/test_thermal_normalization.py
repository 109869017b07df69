"""Thermal normalisation: exact where it can be, steady over frames, tolerant of dead pixels."""

import numpy as np
import pytest

from amdanet_ros.inference import ThermalNormalizer
from amdanet_ros.inference.thermal_normalization import DARKEST


def scene(seed=0, low=29000, high=31000, size=(64, 80)):
    return np.random.default_rng(seed).integers(low, high, size).astype(np.uint16)


def test_eight_bit_video_is_divided_by_255_as_the_published_networks_expect():
    thermal = np.arange(256, dtype=np.uint8).reshape(16, 16)
    for mode in ("percentile", "none"):
        result = ThermalNormalizer(mode)(thermal)
        expected = thermal.astype(np.float32) / np.float32(255)
        np.testing.assert_array_equal(result, np.maximum(expected, np.float32(DARKEST)))
        assert result.dtype == np.float32


def test_eight_bit_video_is_stretched_when_asked_for():
    thermal = np.random.default_rng(0).integers(100, 140, (40, 40)).astype(np.uint8)
    result = ThermalNormalizer(stretch_uint8=True)(thermal)
    assert result.min() == DARKEST
    assert result.max() == 1.0


def test_percentile_bounds_agree_with_numpy():
    thermal = scene(size=(100, 100))
    normalizer = ThermalNormalizer(percentiles=(5, 90))
    result = normalizer(thermal)
    low, high = np.percentile(thermal, [5, 90])
    assert normalizer.bounds == pytest.approx((low, high), abs=2)
    expected = np.clip((thermal.astype(np.float64) - low) / (high - low), 0, 1)
    assert np.abs(result - expected).max() < 3e-3


def test_large_images_are_sampled_without_moving_the_bounds_much():
    rows = np.linspace(28000, 32000, 1200)
    thermal = (rows[:, None] + np.linspace(0, 50, 1600)[None]).astype(np.uint16)
    normalizer = ThermalNormalizer()
    normalizer(thermal)
    assert normalizer.bounds == pytest.approx(tuple(np.percentile(thermal, [1, 99])), abs=20)


def test_bounds_are_smoothed_over_frames():
    normalizer = ThermalNormalizer(smoothing=0.9)
    normalizer(scene(low=29000, high=31000))
    first = normalizer.bounds
    normalizer(scene(low=29000, high=31200))
    second = normalizer.bounds
    assert second[1] - first[1] == pytest.approx(20, abs=6)


def test_bounds_settle_on_a_steady_scene():
    normalizer = ThermalNormalizer(smoothing=0.8)
    normalizer(scene(low=29000, high=31000))
    for _ in range(40):
        normalizer(scene(low=29000, high=31400))
    alone = ThermalNormalizer()
    alone(scene(low=29000, high=31400))
    assert normalizer.bounds == pytest.approx(alone.bounds, abs=2)


def test_a_scene_cut_is_followed_at_once():
    normalizer = ThermalNormalizer(smoothing=0.99)
    normalizer(scene(low=29000, high=29500))
    cut = scene(seed=1, low=33000, high=36000)
    result = normalizer(cut)
    np.testing.assert_array_equal(result, ThermalNormalizer()(cut))


def test_reset_forgets_the_past():
    normalizer = ThermalNormalizer(smoothing=0.9)
    normalizer(scene(low=29000, high=31000))
    normalizer.reset()
    frame = scene(low=29100, high=31100)
    np.testing.assert_array_equal(normalizer(frame), ThermalNormalizer()(frame))


def test_another_pixel_type_starts_anew():
    normalizer = ThermalNormalizer(smoothing=0.9)
    normalizer(scene())
    kelvin = np.random.default_rng(2).uniform(290, 310, (64, 80)).astype(np.float32)
    np.testing.assert_array_equal(normalizer(kelvin), ThermalNormalizer()(kelvin))


def test_fixed_range_maps_its_ends_to_0_and_1_and_clips():
    thermal = np.array([[27315, 29315], [31315, 40000]], dtype=np.uint16)
    result = ThermalNormalizer("fixed", range=(27315, 31315))(thermal)
    np.testing.assert_allclose(result, [[0, 0.5], [1, 1]], atol=1e-6)


def test_fixed_range_takes_kelvin_as_float():
    thermal = np.array([[263.15, 303.15]], dtype=np.float32)
    result = ThermalNormalizer("fixed", range=(263.15, 343.15))(thermal)
    np.testing.assert_allclose(result, [[0, 0.5]], atol=1e-5)


def test_tlinear_counts_and_kelvin_of_one_scene_become_the_same_image():
    """0.01 K and 0.1 K a count, kelvin and degrees as float, with the ranges of docs/robot.md."""
    kelvin = np.linspace(280.0, 315.0, 64 * 80, dtype=np.float32).reshape(64, 80)
    wanted = np.clip((kelvin - 283.0) / 30.0, 0.0, 1.0)
    for pixels, low_high, step in (
        (np.round(kelvin * 100).astype(np.uint16), (28300.0, 31300.0), 0.01),
        (np.round(kelvin * 10).astype(np.uint16), (2830.0, 3130.0), 0.1),
        (kelvin, (283.0, 313.0), 0.0),
        (kelvin - np.float32(273.15), (9.85, 39.85), 0.0),
    ):
        normalized = ThermalNormalizer("fixed", low_high)(pixels)
        np.testing.assert_allclose(normalized, wanted, atol=0.51 * step / 30 + 1e-5)


def test_none_divides_by_the_full_range():
    np.testing.assert_allclose(
        ThermalNormalizer("none")(np.array([[0, 65535]], dtype=np.uint16)), [[DARKEST, 1]]
    )
    np.testing.assert_allclose(
        ThermalNormalizer("none")(np.array([[-1, 0.25, 2]], dtype=np.float32)), [[DARKEST, 0.25, 1]]
    )


@pytest.mark.parametrize("value", [0, 65535, 30000])
def test_a_uniform_frame_is_well_defined(value):
    result = ThermalNormalizer()(np.full((20, 20), value, dtype=np.uint16))
    np.testing.assert_allclose(result, 0.5)


def test_a_uniform_float_frame_is_well_defined():
    result = ThermalNormalizer()(np.full((20, 20), 300.0, dtype=np.float32))
    np.testing.assert_allclose(result, 0.5, atol=0.01)
    assert np.ptp(result) == 0.0


def test_missing_pixels_are_filled_from_their_neighbours_and_do_not_move_the_bounds():
    clean = np.tile(np.linspace(290, 310, 80, dtype=np.float32), (64, 1))
    broken = clean.copy()
    broken[10:12, 20] = np.nan
    broken[30, 40] = np.nan
    a, b = ThermalNormalizer(), ThermalNormalizer()
    expected, result = a(clean), b(broken)
    assert a.bounds == pytest.approx(b.bounds, abs=0.05)
    assert np.abs(expected - result).max() < 0.02


def test_infinities_are_missing_and_do_not_move_the_bounds():
    thermal = np.random.default_rng(0).uniform(290, 310, (64, 80)).astype(np.float32)
    thermal[:8], thermal[8:16] = -np.inf, np.inf
    normalizer = ThermalNormalizer()
    result = normalizer(thermal)
    assert (result[:16] == 0).all()
    assert 290 <= normalizer.bounds[0] < normalizer.bounds[1] <= 310


def test_a_frame_without_a_valid_pixel_is_uniform():
    result = ThermalNormalizer()(np.full((20, 20), np.nan, dtype=np.float32))
    np.testing.assert_allclose(result, 0.5)


def test_isolated_dead_pixels_take_their_neighbours_median():
    clean = np.tile(np.linspace(29000, 31000, 80), (64, 1)).astype(np.uint16)
    broken = clean.copy()
    broken[5, 5], broken[20, 60] = 0, 65535
    result, expected = ThermalNormalizer()(broken), ThermalNormalizer()(clean)
    assert np.abs(result - expected).max() < 0.03


def test_a_region_at_the_bottom_of_the_range_stays_there():
    thermal = scene()
    thermal[:20] = 0
    assert (ThermalNormalizer()(thermal)[1:19, 1:-1] == 0).all()


def test_the_input_is_left_as_it_was():
    thermal = np.random.default_rng(0).uniform(290, 310, (30, 30)).astype(np.float32)
    thermal[3, 3] = np.nan
    before = thermal.copy()
    ThermalNormalizer()(thermal)
    np.testing.assert_array_equal(thermal, before)


def test_views_with_strides_are_taken():
    thermal = scene(size=(64, 160))
    np.testing.assert_array_equal(
        ThermalNormalizer()(thermal[:, ::2]), ThermalNormalizer()(thermal[:, ::2].copy())
    )


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"mode": "minmax"}, "percentile, fixed, none"),
        ({"mode": "fixed"}, "needs a range"),
        ({"mode": "fixed", "range": (300, 300)}, "low below high"),
        ({"mode": "fixed", "range": (0, float("nan"))}, "low below high"),
        ({"mode": "fixed", "range": (0, float("inf"))}, "low below high"),
        ({"mode": "fixed", "range": (-1e308, 1e308)}, "low below high"),
        ({"mode": "fixed", "range": (0, 1e-45)}, "low below high"),
        ({"mode": "fixed", "range": (1e-30, 0)}, "low below high"),
        ({"smoothing": 1.0}, "below 1"),
        ({"smoothing": float("nan")}, "below 1"),
        ({"percentiles": (float("nan"), 99)}, "lower < upper"),
        ({"percentiles": (99, 1)}, "lower < upper"),
    ],
)
def test_wrong_settings_are_refused_with_the_reason(arguments, words):
    with pytest.raises(ValueError, match=words):
        ThermalNormalizer(**arguments)


@pytest.mark.parametrize(
    ("thermal", "words"),
    [
        (np.zeros((4, 4, 3), np.uint8), "colour"),
        (np.zeros((4, 4), np.int32), "int32"),
        (np.zeros((0, 4), np.uint8), "empty"),
        ([[1, 2]], "one channel"),
    ],
)
def test_what_is_no_thermal_image_is_refused_with_the_reason(thermal, words):
    with pytest.raises(ValueError, match=words):
        ThermalNormalizer()(thermal)
