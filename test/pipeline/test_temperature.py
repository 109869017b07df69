"""Temperatures of pixels, classes and components from thermal images of every unit."""

import math

import numpy as np
import pytest

from amdanet_ros.findings import FindingKind
from amdanet_ros.pipeline.components import component_classes, components
from amdanet_ros.pipeline.pair_geometry import PairGeometry
from amdanet_ros.pipeline.temperature import UNITS, celsius_of, class_temperatures

FROM_CELSIUS = {
    "centikelvin": lambda celsius: np.round((celsius + 273.15) * 100).astype(np.uint16),
    "decikelvin": lambda celsius: np.round((celsius + 273.15) * 10).astype(np.uint16),
    "kelvin_64": lambda celsius: np.round((celsius + 273.15) * 64).astype(np.uint16),
    "kelvin": lambda celsius: (celsius + 273.15).astype(np.float32),
    "celsius": lambda celsius: celsius.astype(np.float32),
}


def warm_scene(seed=0):
    """Degrees Celsius: 15 to 25 with a person of 30 to 36."""
    random = np.random.default_rng(seed)
    celsius = random.uniform(15.0, 25.0, (40, 60))
    celsius[10:20, 30:36] = random.uniform(30.0, 36.0, (10, 6))
    return celsius


@pytest.mark.parametrize("unit", UNITS[1:])
def test_each_unit_gives_degrees_celsius(unit):
    scene = warm_scene()
    celsius, findings = celsius_of(FROM_CELSIUS[unit](scene), unit)
    assert not findings
    assert celsius.dtype == np.float32
    np.testing.assert_allclose(celsius, scene, atol=0.051 if unit == "decikelvin" else 0.01)


def test_integers_serve_for_kelvin_and_degrees_too():
    scene = np.round(warm_scene()).astype(np.uint16)
    np.testing.assert_array_equal(celsius_of(scene, "celsius")[0], scene)
    np.testing.assert_allclose(celsius_of(scene + 273, "kelvin")[0], scene - 0.15, atol=0.01)


def test_without_a_unit_or_an_image_there_is_no_temperature_and_no_complaint():
    assert celsius_of(warm_scene().astype(np.float32), "none") == (None, ())
    assert celsius_of(None, "celsius") == (None, ())


@pytest.mark.parametrize("fill", [np.nan, np.inf, -np.inf, -9999.0, 0.0, -300.0])
def test_missing_pixels_are_left_out_in_kelvin(fill):
    kelvin = FROM_CELSIUS["kelvin"](warm_scene())
    kelvin[5:9, 5:9] = fill
    celsius, findings = celsius_of(kelvin, "kelvin")
    assert not findings
    assert np.isnan(celsius[5:9, 5:9]).all()
    assert np.nanmin(celsius) > 14.9
    assert np.nanmax(celsius) < 36.1


@pytest.mark.parametrize("end", [0, 65535])
def test_the_ends_of_the_sensors_range_are_no_measurements(end):
    counts = FROM_CELSIUS["centikelvin"](warm_scene())
    counts[0, 0] = end
    celsius, _ = celsius_of(counts, "centikelvin")
    assert np.isnan(celsius[0, 0])
    assert np.isnan(celsius).sum() == 1


CONTRADICTIONS = [
    (np.full((9, 9), 130, np.uint8), "centikelvin", "8 bits", None),
    (np.full((9, 9), 20, np.uint8), "celsius", "8 bits", None),
    (np.full((9, 9), 29315, np.uint16), "decikelvin", "above 700", "centikelvin"),
    (np.full((9, 9), 2932, np.uint16), "centikelvin", "below -60", "decikelvin"),
    (np.full((9, 9), 7800, np.uint16), "centikelvin", "below -60", None),
    (np.full((9, 9), 18761, np.uint16), "centikelvin", "below -60", "kelvin_64"),
    (np.full((9, 9), 29315, np.uint16), "celsius", "above 700", "centikelvin"),
    (np.full((9, 9), 293.0, np.float32), "celsius", "between 200 and 400", "kelvin"),
    (np.full((9, 9), 20.0, np.float32), "kelvin", "below -60", "celsius"),
    (np.full((9, 9), 29315.0, np.float64), "kelvin", "above 700", "centikelvin"),
]


@pytest.mark.parametrize(("thermal", "unit", "problem", "fits"), CONTRADICTIONS)
def test_a_unit_that_contradicts_the_image_is_said_and_gives_nothing(thermal, unit, problem, fits):
    celsius, (finding,) = celsius_of(thermal, unit)
    assert celsius is None
    assert finding.kind is FindingKind.WRONG_THERMAL_UNIT
    assert finding.values["unit"] == unit
    assert problem in finding.values["problem"]
    assert finding.values.get("fits") == fits


@pytest.mark.parametrize(
    ("unit", "degrees"), [("celsius", 690.0), ("kelvin", -55.0), ("celsius", 150.0)]
)
def test_a_hot_or_cold_scene_is_no_contradiction(unit, degrees):
    celsius, findings = celsius_of(FROM_CELSIUS[unit](np.full((9, 9), degrees)), unit)
    assert not findings
    np.testing.assert_allclose(celsius, degrees, atol=0.01)


def test_a_few_pixels_outside_the_plausible_range_stay():
    scene = warm_scene()
    scene[:4, :4] = 1200.0
    celsius, findings = celsius_of(FROM_CELSIUS["kelvin"](scene), "kelvin")
    assert not findings
    np.testing.assert_allclose(celsius[:4, :4], 1200.0, atol=0.01)


def test_an_image_without_a_measurement_gives_nan_without_a_complaint():
    celsius, findings = celsius_of(np.zeros((9, 9), np.uint16), "centikelvin")
    assert not findings
    assert np.isnan(celsius).all()


def test_each_class_has_the_mean_and_the_maximum_of_its_measured_pixels():
    mask = np.array([[0, 0, 2], [2, 2, 255], [3, 3, 3]], np.uint8)
    celsius = np.array([[10, 20, 30], [np.nan, 34, 99], [np.nan] * 3], np.float32)
    means, maxima = class_temperatures(mask, celsius, 5)
    np.testing.assert_array_equal(means, np.array([15, np.nan, 32, np.nan, np.nan], np.float32))
    np.testing.assert_array_equal(maxima, np.array([20, np.nan, 34, np.nan, np.nan], np.float32))
    assert all(np.isnan(each).all() for each in class_temperatures(mask, None, 5))


def brute_force(mask, confidence, celsius):
    """The definition: pixels that touch, by growing from each one; (index, pixels) of each."""
    left = {tuple(at) for at in np.argwhere(mask != 255)}
    while left:
        start = min(left)
        region, edge = {start}, [start]
        while edge:
            y, x = edge.pop()
            near = {(y + dy, x + dx) for dy in (-1, 0, 1) for dx in (-1, 0, 1)} & left - region
            near = {at for at in near if mask[at] == mask[start]}
            region |= near
            edge += near
        left -= region
        heat = [celsius[at] for at in region if not math.isnan(celsius[at])]
        ys, xs = zip(*region, strict=True)
        yield (
            int(mask[start]), min(xs), min(ys), max(xs) - min(xs) + 1, max(ys) - min(ys) + 1,
            len(region), np.mean([confidence[at] for at in region]),
            np.mean(heat) if heat else np.nan, max(heat, default=np.nan),
        )  # fmt: skip


def sorted_like(found):
    return sorted(found, key=lambda each: (-each[5], each[0], each[2], each[1]))


@pytest.mark.parametrize("seed", range(4))
def test_components_are_the_regions_that_touch(seed):
    random = np.random.default_rng(seed)
    mask = random.choice(np.array([0, 1, 4, 255], np.uint8), (12, 17))
    confidence = random.random(mask.shape, dtype=np.float32)
    celsius = random.uniform(-20, 40, mask.shape).astype(np.float32)
    celsius[random.random(mask.shape) < 0.3] = np.nan
    found = components(mask, confidence, celsius, range(5), (1, 1000))
    expected = sorted_like(brute_force(mask, confidence, celsius))
    np.testing.assert_allclose(np.array(found), np.array(expected), rtol=1e-5, atol=1e-5)
    some = components(mask, confidence, None, [1, 4], (3, 2))
    wanted = [each[:6] for each in expected if each[0] != 0 and each[5] >= 3][:2]
    assert [each[:6] for each in some] == wanted
    assert all(math.isnan(each.mean_temperature) for each in some)


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ((), (1, 2, 4)),
        (("",), (1, 2, 4)),
        (("PERSON ",), (2,)),
        (("background", "car"), (0, 1)),
        (("nobody",), ()),
    ],
)
def test_components_are_told_of_the_chosen_classes(wanted, found):
    assert component_classes(["Background", "car", "person", "void", "bike"], wanted) == found


def test_measurements_are_placed_by_their_nearest_pixel_and_missing_outside():
    values = np.array([[1.0, np.nan], [3.0, 4.0]], np.float32)
    shifted = PairGeometry(np.array([[2.0, 0, 1], [0, 2.0, 1], [0, 0, 1]]))
    placed = shifted.nearest(values, (5, 6))
    assert placed.dtype == np.float32
    assert set(placed[np.isfinite(placed)].tolist()) == {1.0, 3.0, 4.0}
    assert placed[1, 1] == 1.0
    assert placed[3, 3] == 4.0
    assert np.isnan(placed[1, 3])
    assert np.isnan(placed[:, 5]).all()
    resized = PairGeometry().nearest(values, (4, 4))
    np.testing.assert_array_equal(resized, np.repeat(np.repeat(values, 2, 0), 2, 1))
