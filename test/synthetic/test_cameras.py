"""The camera models: units and faults."""

import numpy as np
import pytest

from amdanet_ros.synthetic import RgbCamera, StreetScene, ThermalCamera

WARM = np.full((120, 160), 300.0, np.float32)


def test_thermal_counts_are_hundredths_of_a_kelvin():
    counts = ThermalCamera(1).capture(WARM)
    assert counts.dtype == np.uint16
    assert abs(counts.mean() - 30000) < 100


def test_thermal_noise_is_fifty_millikelvin_over_a_fixed_column_pattern():
    camera = ThermalCamera(2)
    frames = np.array([camera.capture(WARM) for _ in range(8)]).astype(float)
    difference = frames[1] - frames[0]
    assert abs(difference.std() - 5 * np.sqrt(2)) < 0.7
    columns = frames.mean(axis=(0, 1)) - frames.mean()
    assert 1.5 < columns.std() < 5
    again = frames[:4].mean(axis=(0, 1)), frames[4:].mean(axis=(0, 1))
    assert np.corrcoef(*again)[0, 1] > 0.95


def test_thermal_drift_is_slow():
    camera = ThermalCamera(3)
    means = np.array([camera.capture(WARM).mean() for _ in range(40)])
    assert np.abs(np.diff(means)).max() < 6
    assert np.ptp(means) > 0.5


def test_a_thermal_camera_of_other_size_sees_the_same_view():
    scene = np.tile(np.linspace(280, 310, 160, dtype=np.float32), (120, 1))
    counts = ThermalCamera(4, size=(60, 80)).capture(scene)
    assert counts.shape == (60, 80)
    assert np.abs(counts[:, 40].mean() / 100 - scene[:, 80].mean()) < 1.5
    assert counts[:, -1].mean() - counts[:, 0].mean() > 2800


def test_a_homography_moves_the_thermal_image_as_told():
    scene = WARM.copy()
    scene[60:64, 100:104] = 340.0
    thermal_to_rgb = np.array([[2.0, 0.0, 10.0], [0.0, 2.0, 4.0], [0.0, 0.0, 1.0]])
    counts = ThermalCamera(5, size=(60, 80), thermal_to_rgb=thermal_to_rgb).capture(scene)
    row, column = np.unravel_index(np.argmax(counts), counts.shape)
    x, y, _ = thermal_to_rgb @ (column, row, 1)
    assert abs(x - 101.5) <= 2 and abs(y - 61.5) <= 2


def test_the_image_stands_still_while_the_shutter_is_closed():
    camera = ThermalCamera(6, shutter_period=2.0, shutter_duration=0.5)
    open_before = camera.capture(WARM, 1.9)
    closed = [camera.capture(WARM, time) for time in (2.0, 2.2, 2.4)]
    open_after = camera.capture(WARM, 2.6)
    assert all(np.array_equal(open_before, image) for image in closed)
    assert not np.array_equal(open_before, open_after)


def test_exposure_is_set_by_the_first_frame_and_kept():
    grey = np.full((60, 80, 3), 0.1, np.float32)
    camera = RgbCamera(7)
    first, brighter = camera.capture(grey), camera.capture(2 * grey)
    assert 110 < first.mean() < 160
    assert brighter.mean() > first.mean() + 30


def test_an_rgb_camera_cannot_brighten_the_dark_without_end_and_gets_noisy():
    dark = RgbCamera(8).capture(np.full((60, 80, 3), 0.003, np.float32))
    bright = RgbCamera(8).capture(np.full((60, 80, 3), 0.3, np.float32))
    assert dark.mean() < 80 < bright.mean()
    assert dark.std() > 2 * bright.std()


def test_too_much_light_clips_at_white():
    half = np.full((60, 80, 3), 0.1, np.float32)
    half[:, 40:] = 50.0
    image = RgbCamera(9).capture(half)
    assert image.dtype == np.uint8
    assert image[:, 50:].min() >= 250


def test_motion_blur_smears_along_rows_only():
    lines = np.full((64, 64, 3), 0.1, np.float32)
    lines[:, 32] = 1.0
    still = RgbCamera(10, noise=0).capture(lines)
    turning = RgbCamera(10, noise=0, motion_blur=9).capture(lines)
    assert still[:, 36].mean() < turning[:, 36].mean() - 10
    across = np.swapaxes(lines, 0, 1)
    still, turning = (
        RgbCamera(10, noise=0, motion_blur=length).capture(across) for length in (0, 9)
    )
    assert np.abs(still[36, 10:-10].astype(int) - turning[36, 10:-10]).max() <= 1


@pytest.mark.parametrize("camera, field", [(RgbCamera, "radiance"), (ThermalCamera, "temperature")])
def test_the_same_seed_gives_the_same_noise(camera, field):
    scene = getattr(StreetScene(1, "night", (120, 160)).render(0), field)
    one, two, other = (camera(seed).capture(scene) for seed in (3, 3, 4))
    assert np.array_equal(one, two)
    assert not np.array_equal(one, other)


def test_capturing_leaves_the_frame_as_it_was():
    frame = StreetScene(1, "day", (120, 160)).render(0)
    radiance, temperature = frame.radiance.copy(), frame.temperature.copy()
    RgbCamera(1, blur=0).capture(frame.radiance)
    ThermalCamera(1, blur=0).capture(frame.temperature)
    assert np.array_equal(frame.radiance, radiance)
    assert np.array_equal(frame.temperature, temperature)
