"""The camera matrix of an image by calibration, and the homography of two calibrations."""

import numpy as np
import pytest

from amdanet_ros.registration.camera_calibration import (
    CameraCalibration,
    rig_from_calibrations,
)
from amdanet_ros.registration.homography import check_rotation, transform_points

SENSOR = (480, 640)
MATRIX = np.array([[500.0, 0, 319.5], [0, 500.0, 239.5], [0, 0, 1]])
RAY = np.array([0.12, -0.07, 1.0])


def pixel(matrix, ray):
    at = matrix @ ray
    return at[:2] / at[2]


def turned(axis, degrees):
    angle = np.deg2rad(degrees)
    cos, sin = np.cos(angle), np.sin(angle)
    if axis == "x":
        return np.array([[1, 0, 0], [0, cos, -sin], [0, sin, cos]])
    return np.array([[cos, 0, sin], [0, 1, 0], [-sin, 0, cos]])


def test_an_image_as_calibrated_has_the_calibrated_matrix():
    camera = CameraCalibration(MATRIX, np.eye(3), SENSOR)
    np.testing.assert_allclose(camera.matrix_of(SENSOR), MATRIX)
    assert camera.region_of(SENSOR) == (0, 0, 480, 640)


@pytest.mark.parametrize("binning", [(1, 1), (2, 2)])
def test_binned_or_resized_images_keep_each_ray_at_the_same_place_of_the_sensor(binning):
    camera = CameraCalibration(MATRIX, np.eye(3), SENSOR, binning=binning)
    at = pixel(camera.matrix_of((240, 320)), RAY)
    # Pixel centres lie at integers, so the sensor's corner is at -0.5 in both.
    np.testing.assert_allclose((at + 0.5) * 2, pixel(MATRIX, RAY) + 0.5)


def test_a_region_of_interest_moves_the_origin():
    camera = CameraCalibration(MATRIX, np.eye(3), SENSOR, region=(40, 100, 200, 300))
    at = pixel(camera.matrix_of((200, 300)), RAY)
    np.testing.assert_allclose(at, pixel(MATRIX, RAY) - (100, 40))
    assert camera.region_of((200, 300)) == (40, 100, 200, 300)


def test_a_region_counts_in_pixels_of_the_whole_sensor_when_binned():
    camera = CameraCalibration(MATRIX, np.eye(3), SENSOR, (40, 100, 200, 300), (2, 2))
    at = pixel(camera.matrix_of((100, 150)), RAY)
    np.testing.assert_allclose((at + 0.5) * 2, pixel(MATRIX, RAY) + 0.5 - (100, 40))


def test_a_calibration_without_a_size_is_taken_to_be_of_the_image():
    camera = CameraCalibration(MATRIX, np.eye(3), (0, 0))
    np.testing.assert_allclose(camera.matrix_of((123, 456)), MATRIX)


def test_images_of_another_shape_are_refused_with_both_sizes():
    camera = CameraCalibration(MATRIX, np.eye(3), SENSOR)
    with pytest.raises(ValueError, match="640 x 360 do not belong .* 640 x 480"):
        camera.matrix_of((360, 640))


def test_a_far_point_lands_where_both_cameras_see_it():
    """Thermal at half its calibrated size and cut to a region, RGB rectified, both turned."""
    between, rectified = turned("y", 3) @ turned("x", -2), turned("x", 1)
    thermal_matrix = np.array([[400.0, 0, 320], [0, 400.0, 256], [0, 0, 1]])
    thermal = CameraCalibration(thermal_matrix, np.eye(3), (512, 640), (32, 40, 448, 560), (2, 2))
    rgb = CameraCalibration(MATRIX, rectified, SENSOR)
    cameras = rgb.camera_of(SENSOR), thermal.camera_of((224, 280))
    matrix = rig_from_calibrations((rgb, thermal), cameras, between, np.zeros(3)).homography(0.0)
    in_thermal = (pixel(thermal_matrix, RAY) - (40, 32) + 0.5) / 2 - 0.5
    in_rgb = pixel(MATRIX, rectified @ between @ RAY)
    np.testing.assert_allclose(transform_points(matrix, in_thermal[None])[0], in_rgb)


def test_what_is_no_rotation_is_refused():
    good = CameraCalibration(MATRIX, np.eye(3), SENSOR)
    cameras = (good.camera_of(SENSOR),) * 2
    with pytest.raises(ValueError, match="not a rotation"):
        rig_from_calibrations((good, good), cameras, np.diag([1, 1, -1]), np.zeros(3))


def test_a_rotation_of_few_digits_becomes_the_nearest_exact_one():
    exact = turned("y", 7) @ turned("x", 3)
    rounded = check_rotation(np.round(exact, 3).reshape(-1).tolist())
    np.testing.assert_allclose(rounded @ rounded.T, np.eye(3), atol=1e-12)
    np.testing.assert_allclose(rounded, exact, atol=1e-3)
