"""The residual of a registration: measured where the scene tells, and judged over time."""

import cv2
import numpy as np
import pytest

from amdanet_ros.registration.orientation_field import grey
from amdanet_ros.registration.residual import DriftMonitor, residual_shifts
from amdanet_ros.registration.steps import drained
from amdanet_ros.synthetic import RgbCamera, StreetScene, ThermalCamera

SIZE = (240, 320)


@pytest.fixture(scope="module")
def scenes():
    """Three RGB and registered thermal images of drawn streets, grey."""
    rgb, thermal = [], []
    for index in range(3):
        frame = StreetScene(40 + index, ("day", "night")[index % 2], SIZE).render(1.0)
        rgb.append(grey(RgbCamera(index).capture(frame.radiance)))
        camera = ThermalCamera(index, SIZE, thermal_to_rgb=np.eye(3))
        thermal.append(grey(camera.capture(frame.temperature)))
    return rgb, thermal


def measured(rgb, thermal, seen=None):
    """The shifts, and how many steps they took."""
    steps, count = residual_shifts(rgb, thermal, np.ones(SIZE, bool) if seen is None else seen), 0
    while True:
        try:
            next(steps)
            count += 1
        except StopIteration as end:
            return end.value, count


@pytest.mark.parametrize("shift", [(0.0, 0.0), (5.0, -3.0), (-9.0, 6.0)])
def test_a_shift_is_measured_to_a_pixel_in_many_steps(scenes, shift):
    """Of an image 640 across; with the rim that the thermal camera does not see."""
    rgb, thermal = scenes
    move = np.array([[1, 0, shift[0]], [0, 1, shift[1]]])
    moved = [cv2.warpAffine(each, move, SIZE[::-1]) for each in thermal]
    seen = cv2.warpAffine(np.ones(SIZE, np.float32), move, SIZE[::-1]) > 0.99
    shifts, steps = measured(rgb, moved, seen)
    np.testing.assert_allclose(shifts, np.tile([-2 * shift[0], -2 * shift[1]], (4, 1)), atol=1.5)
    assert steps > 100


def noise(seed):
    return np.random.default_rng(seed).normal(100, 20, SIZE).astype(np.float32)


@pytest.mark.parametrize("nothing", ["flat thermal", "flat", "noise", "other scenes", "unseen"])
def test_a_scene_that_does_not_tell_gives_nothing(scenes, nothing):
    rgb, thermal = scenes
    seen = np.ones(SIZE, bool)
    if nothing == "flat thermal":
        thermal = [np.full(SIZE, 300.0, np.float32)] * 3
    elif nothing == "flat":
        rgb = thermal = [np.full(SIZE, 300.0, np.float32)] * 3
    elif nothing == "noise":
        rgb, thermal = ([noise(seed + index) for index in range(3)] for seed in (0, 9))
    elif nothing == "other scenes":
        thermal = [cv2.flip(each, -1) for each in thermal]
    else:
        seen = np.zeros(SIZE, bool)
    assert drained(residual_shifts(rgb, thermal, seen)) is None


def shifts(x, y=0.0):
    return np.tile([x, y], (4, 1)).astype(float)


def test_cameras_have_moved_when_three_measurements_agree_and_not_before():
    monitor = DriftMonitor()
    for each in (0.5, 12.0, 12.5):
        monitor.add(shifts(each))
        assert monitor.moved is None
    monitor.add(shifts(11.5))
    assert monitor.moved == pytest.approx(12.0)
    assert monitor.latest == pytest.approx(11.5)


def test_measurements_that_differ_are_no_movement():
    """As of things at several distances, or of chance."""
    monitor = DriftMonitor()
    for x, y in ((12.0, 0.0), (0.0, 12.0), (-12.0, 0.0), (12.0, 12.0), (30.0, 0.0), (7.0, 0.0)):
        monitor.add(shifts(x, y))
        assert monitor.moved is None


def test_small_shifts_are_no_movement():
    monitor = DriftMonitor()
    for _ in range(5):
        monitor.add(shifts(4.0))
    assert monitor.moved is None


def test_a_movement_stays_told_until_three_measurements_are_small():
    monitor = DriftMonitor()
    for _ in range(3):
        monitor.add(shifts(10.0))
    for each in (4.0, 4.0, 4.0, 1.0, 2.0):
        monitor.add(shifts(each))
        assert monitor.moved is not None
    monitor.add(shifts(1.0))
    assert monitor.moved is None
