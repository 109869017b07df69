"""Modality health: says when a image says little, and when a stream stands still."""

import numpy as np
import pytest

from amdanet_ros.pipeline.health import (
    HealthMonitor,
    HealthStatus,
    HealthThresholds,
    ModalityHealth,
)


def rgb_scene(seed=0):
    rng = np.random.default_rng(seed)
    blocks = rng.integers(20, 230, (12, 16, 3)).astype(np.uint8)
    return np.kron(blocks, np.ones((10, 10, 1), np.uint8))


def thermal_scene(seed=0, noise=4.0, deviation=200.0, base=29500.0, dtype=np.uint16):
    rng = np.random.default_rng(seed)
    blocks = np.kron(rng.normal(0, 1, (12, 16)), np.ones((10, 10)))
    return (base + deviation * blocks + rng.normal(0, noise, blocks.shape)).astype(dtype)


def test_good_images_are_ok():
    monitor = HealthMonitor()
    for health in (monitor.check_rgb(rgb_scene()), monitor.check_thermal(thermal_scene())):
        assert health.status == HealthStatus.OK
        assert health.reason == ""
        assert not health.frozen
        assert health.contrast > 0


def test_statuses_carry_the_numbers_of_the_message():
    assert [int(s) for s in HealthStatus] == [0, 1, 2, 3]
    assert [s.name for s in HealthStatus] == ["OK", "DEGRADED", "FROZEN", "LOST"]


def test_an_overexposed_image_is_degraded_and_measured():
    rgb = rgb_scene()
    rgb[:60] = 255
    health = HealthMonitor().check_rgb(rgb)
    assert health.status == HealthStatus.DEGRADED
    assert health.saturated == pytest.approx(0.5, abs=0.02)
    assert "saturated" in health.reason


def test_a_dark_image_is_degraded_and_measured():
    health = HealthMonitor().check_rgb((rgb_scene() // 30).astype(np.uint8))
    assert health.status == HealthStatus.DEGRADED
    assert health.dark > 0.99
    assert "dark" in health.reason


def test_a_coloured_lamp_is_not_saturation():
    rgb = rgb_scene()
    rgb[:, :, 0] = 255
    assert HealthMonitor().check_rgb(rgb).saturated < 0.01


def test_a_grey_fog_has_no_contrast():
    health = HealthMonitor().check_rgb(np.full((120, 160, 3), 128, np.uint8))
    assert health.status == HealthStatus.DEGRADED
    assert "contrast" in health.reason


def test_thermal_noise_alone_has_no_contrast_whatever_its_size():
    for noise in (3.0, 30.0, 300.0):
        health = HealthMonitor().check_thermal(thermal_scene(noise=noise, deviation=0.0))
        assert health.status == HealthStatus.DEGRADED
        assert "contrast" in health.reason


def test_a_cool_scene_of_little_span_is_still_a_scene():
    assert HealthMonitor().check_thermal(thermal_scene(noise=2, deviation=20)).status == 0


def test_kelvin_images_with_missing_pixels_are_measured():
    kelvin = thermal_scene(base=300, deviation=5, noise=0.05, dtype=np.float32)
    kelvin[:60] = np.nan
    health = HealthMonitor().check_thermal(kelvin)
    assert health.dark == pytest.approx(0.5, abs=0.02)
    assert health.contrast == pytest.approx(0.05, rel=0.3)


def test_full_scale_of_a_14_bit_sensor_is_saturation_until_a_larger_count_was_seen():
    thermal = thermal_scene(base=9000)
    thermal[:60] = 16383
    monitor = HealthMonitor()
    assert monitor.check_thermal(thermal).status == HealthStatus.DEGRADED
    monitor.check_thermal(thermal_scene(base=29000))
    assert monitor.check_thermal(thermal).saturated == 0.0


def test_an_eight_bit_white_image_is_saturated():
    health = HealthMonitor().check_thermal(np.full((60, 80), 255, np.uint8))
    assert health.saturated == 1.0
    assert health.status == HealthStatus.DEGRADED


def test_repeated_images_are_frozen_after_a_time_by_their_stamps():
    monitor = HealthMonitor(HealthThresholds(frozen_seconds=0.4))
    thermal = thermal_scene()
    statuses = [monitor.check_thermal(thermal, int(i * 1e8)).status for i in range(8)]
    assert statuses[:4] == [HealthStatus.OK] * 4
    assert statuses[4:] == [HealthStatus.FROZEN] * 4
    health = monitor.check_thermal(thermal, int(8e8))
    assert health.frozen
    assert "0.8 s" in health.reason
    assert monitor.check_thermal(thermal_scene(1), int(9e8)).status == HealthStatus.OK


def test_repeated_images_are_frozen_after_some_frames_without_stamps():
    monitor = HealthMonitor(HealthThresholds(frozen_frames=3))
    statuses = [monitor.check_rgb(rgb_scene()).status for _ in range(5)]
    assert statuses == [0, 0, 0, HealthStatus.FROZEN, HealthStatus.FROZEN]


def test_one_image_used_several_times_is_not_frozen():
    monitor = HealthMonitor()
    thermal = thermal_scene()
    for _ in range(50):
        assert monitor.check_thermal(thermal, 10**9).status == HealthStatus.OK


def test_duplicates_of_a_slow_sensor_on_a_fast_stream_are_not_frozen():
    monitor = HealthMonitor()
    for i in range(120):
        health = monitor.check_thermal(thermal_scene(i // 7), int(i / 60 * 1e9))
        assert health.status == HealthStatus.OK


def test_a_looping_recording_starts_anew():
    monitor = HealthMonitor()
    thermal = thermal_scene()
    monitor.check_thermal(thermal, 10 * 10**9)
    assert monitor.check_thermal(thermal, 10**9).status == HealthStatus.OK
    assert monitor.check_thermal(thermal, 2 * 10**9).status == HealthStatus.FROZEN


def test_frozen_and_dark_are_both_said():
    monitor = HealthMonitor()
    black = np.zeros((60, 80, 3), np.uint8)
    monitor.check_rgb(black, 0)
    health = monitor.check_rgb(black, 10**9)
    assert health.status == HealthStatus.FROZEN
    assert "same image" in health.reason
    assert "dark" in health.reason


def test_reset_forgets():
    monitor = HealthMonitor()
    monitor.check_rgb(rgb_scene(), 0)
    monitor.reset()
    assert monitor.check_rgb(rgb_scene(), 10**9).status == HealthStatus.OK


def test_a_lost_camera_has_its_reason():
    health = ModalityHealth.lost("no thermal image for 2.0 s")
    assert health.status == HealthStatus.LOST
    assert health.reason == "no thermal image for 2.0 s"


def framed(thermal, fill):
    """Three fifths of the image are a border."""
    bordered = thermal.copy()
    bordered[:24] = bordered[-24:] = fill
    bordered[:, :30] = bordered[:, -30:] = fill
    return bordered


@pytest.mark.parametrize(
    ("dtype", "fill"),
    [
        *((np.float32, fill) for fill in (0.0, np.nan, np.inf, -9999.0, 1e38, 65535.0, 250.0)),
        (np.float64, 1e300),
        (np.uint16, 0),
        (np.uint16, 65535),
    ],
)
def test_a_border_does_not_count(dtype, fill):
    """Neither for the shares nor for the contrast: the picture within it is judged."""
    scale = {"deviation": 200.0, "base": 29500.0} if dtype == np.uint16 else {}
    kelvin = {"deviation": 5.0, "base": 295.0, "noise": 0.05}
    picture = thermal_scene(**(scale or kelvin), dtype=dtype)
    health = HealthMonitor().check_thermal(framed(picture, fill))
    assert health.status == HealthStatus.OK
    assert health.saturated == health.dark == 0.0
    inner = HealthMonitor().check_thermal(picture[24:-24, 30:-30])
    assert health.contrast == pytest.approx(inner.contrast, rel=0.25)
    flat = thermal_scene(**{**(scale or kelvin), "deviation": 0.0}, dtype=dtype)
    assert "contrast" in HealthMonitor().check_thermal(framed(flat, fill)).reason


def test_fill_values_that_are_no_border_are_dark_and_not_contrast():
    kelvin = thermal_scene(base=300, deviation=5, noise=0.05, dtype=np.float32)
    expected = HealthMonitor().check_thermal(kelvin).contrast
    for fill in (0.0, -9999.0, np.nan, 65535.0, 1e38):
        half = kelvin.copy()
        half[:60] = fill
        health = HealthMonitor().check_thermal(half)
        assert health.dark == pytest.approx(0.5, abs=0.02)
        assert health.contrast == pytest.approx(expected, rel=0.3)


@pytest.mark.parametrize("fill", [0.0, np.nan, -9999.0])
def test_an_image_without_a_measurement_is_degraded(fill):
    dead = np.full((60, 80), fill, np.float32)
    assert HealthMonitor().check_thermal(dead).status == HealthStatus.DEGRADED


@pytest.mark.parametrize(
    ("image", "words"),
    [
        (np.zeros((4, 4), np.uint8), "x 3"),
        (np.zeros((4, 4, 3), np.float32), "uint8"),
        (np.zeros((0, 4, 3), np.uint8), "empty"),
    ],
)
def test_what_is_no_rgb_image_is_refused(image, words):
    with pytest.raises(ValueError, match=words):
        HealthMonitor().check_rgb(image)
