"""Homographies: resizing, checks, cameras with a rotation, the common field of view."""

import cv2
import numpy as np
import pytest

from amdanet_ros.registration import (
    check_homography,
    common_field_of_view,
    homography_from_cameras,
    resize_homography,
)
from amdanet_ros.registration.homography import corner_error, transform_points


def test_a_resize_maps_pixel_centres_as_opencv_does():
    ramp = np.tile(np.arange(40, dtype=np.float32), (30, 1))
    resized = cv2.resize(ramp, (80, 60), interpolation=cv2.INTER_LINEAR)
    matrix = resize_homography((30, 40), (60, 80))
    inner = np.array([[10.0, 7.0], [20.0, 15.0]])
    mapped = transform_points(matrix, inner)
    values = [resized[round(y), round(x)] + (x - round(x)) / 2 for x, y in mapped]
    assert values == pytest.approx([10.0, 20.0], abs=1e-5)


def test_nine_numbers_become_a_matrix_with_a_last_element_of_one():
    matrix = check_homography([2, 0, 4, 0, 2, 6, 0, 0, 2])
    assert matrix.tolist() == [[1, 0, 2], [0, 1, 3], [0, 0, 1]]


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ([1, 0, 0], "nine finite numbers"),
        ([1, 0, 0, 0, float("nan"), 0, 0, 0, 1], "nine finite numbers"),
        ([1, 0, 0, 1, 0, 0, 0, 0, 1], "cannot be inverted"),
        ([1, 0, 0, 0, 1, 0, 0, 0, 0], "cannot be inverted"),
    ],
)
def test_what_is_no_homography_is_refused_with_the_reason(values, words):
    with pytest.raises(ValueError, match=words):
        check_homography(values)


def _camera(focal, width, height):
    return np.array([[focal, 0, (width - 1) / 2], [0, focal, (height - 1) / 2], [0, 0, 1.0]])


def test_two_cameras_and_a_rotation_give_the_homography_of_a_far_point():
    rgb, thermal = _camera(500, 640, 480), _camera(400, 320, 256)
    angle = np.deg2rad(3)
    turn = np.array(
        [[np.cos(angle), 0, np.sin(angle)], [0, 1, 0], [-np.sin(angle), 0, np.cos(angle)]]
    )
    ray = np.array([0.1, -0.05, 1.0])
    in_thermal = thermal @ ray
    in_rgb = rgb @ turn @ ray
    matrix = homography_from_cameras(rgb, thermal, turn)
    mapped = transform_points(matrix, (in_thermal[:2] / in_thermal[2])[None])
    assert mapped[0] == pytest.approx(in_rgb[:2] / in_rgb[2])


def test_an_uncalibrated_camera_is_named():
    with pytest.raises(ValueError, match="thermal camera is not calibrated"):
        homography_from_cameras(_camera(500, 640, 480), np.zeros((3, 3)))


def test_a_matrix_that_is_no_rotation_is_refused():
    camera = _camera(500, 640, 480)
    with pytest.raises(ValueError, match="not a rotation"):
        homography_from_cameras(camera, camera, np.diag([1.0, 1.0, -1.0]))


def test_the_common_field_of_view_lies_in_both_images():
    shift = np.array([[1, 0, 20], [0, 1, -10], [0, 0, 1.0]])
    top, left, height, width = common_field_of_view(shift, (100, 120), (100, 120))
    assert left >= 20
    assert top == 0
    assert 98 <= left + width <= 120
    assert 84 <= height <= 90
    corners = np.array([[left, top], [left + width - 1, top + height - 1]], float)
    source = transform_points(np.linalg.inv(shift), corners)
    assert source.min() >= 0
    assert source[:, 0].max() <= 119
    assert source[:, 1].max() <= 99


def test_images_without_a_common_part_are_refused():
    away = np.array([[1, 0, 500], [0, 1, 0], [0, 0, 1.0]])
    with pytest.raises(ValueError, match="no common field of view"):
        common_field_of_view(away, (100, 120), (100, 120))


def test_corner_error_is_the_mean_distance_of_the_corners():
    shift = np.array([[1, 0, 3], [0, 1, 4], [0, 0, 1.0]])
    assert corner_error(np.eye(3), shift, (100, 120)) == pytest.approx(5.0)
