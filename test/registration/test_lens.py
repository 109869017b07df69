"""Lens distortion: what OpenCV makes of the same coefficients, and undone."""

import cv2
import numpy as np
import pytest

from amdanet_ros.registration.lens import Lens

X, Y = np.meshgrid(np.linspace(-0.6, 0.6, 13), np.linspace(-0.45, 0.45, 11))
DIRECTIONS = np.stack([X.ravel(), Y.ravel(), np.ones(X.size)], -1)
NO = np.zeros(3)

PINHOLE = [
    (-0.3, 0.08, 0.001, -0.002),
    (-0.4, 0.12, 0.001, -0.002, 0.01),
    (0.3, 0.1, 0.0, 0.0, 0.0),
    (2.0, 1.0, 0.001, 0.001, 0.1, 2.3, 1.4, 0.2),
    (-0.3, 0.1, 0.001, 0.001, 0.0, 0.0, 0.0, 0.0, 0.001, 0.002, 0.001, 0.002),
    (-0.3, 0.1, 0.001, 0.001, 0.0, 0.0, 0.0, 0.0, 0.001, 0.002, 0.001, 0.002, 0.02, -0.01),
]
FISHEYE = [(0.0, 0.0, 0.0, 0.0), (0.05, -0.01, 0.002, 0.0003)]


@pytest.mark.parametrize("coefficients", PINHOLE + FISHEYE)
def test_directions_are_imaged_as_by_opencv_and_found_again(coefficients):
    lens = Lens(coefficients in FISHEYE, coefficients)
    project = cv2.fisheye.projectPoints if lens.is_equidistant else cv2.projectPoints
    arguments = (NO, NO, np.eye(3), np.array(coefficients))
    expected = project(DIRECTIONS[:, None], *arguments)[0][:, 0]
    places = lens.places(7.0 * DIRECTIONS)
    np.testing.assert_allclose(places, expected, atol=1e-6)
    found = lens.directions(places)
    np.testing.assert_allclose(found[:, :2] / found[:, 2:], DIRECTIONS[:, :2], atol=2e-5)


def test_a_fisheye_images_what_lies_beside_and_behind_it():
    lens = Lens(True, (0.02, 0.0, 0.0, 0.0))
    angles = np.deg2rad([0.0, 60.0, 90.0, 110.0])
    directions = np.stack([np.sin(angles), 0 * angles, np.cos(angles)], -1)
    np.testing.assert_allclose(lens.directions(lens.places(directions)), directions, atol=1e-6)


def test_what_a_pinhole_camera_does_not_see_is_nowhere():
    """Behind it, beside it, and beyond where the polynomial turns back into the image."""
    lens = Lens(False, (-0.3, 0.0, 0.0, 0.0))  # turns back at 1 / sqrt(0.9) = 1.05
    directions = np.array([[0.1, 0.0, -1.0], [1.0, 0.0, 0.0], [1.2, 0.0, 1.0], [1.0, 0.0, 1.0]])
    assert np.isnan(lens.places(directions)[:, 0]).tolist() == [True, True, True, False]
    assert np.isnan(lens.directions(np.array([[0.8, 0.0]]))).all()  # its largest place is 0.70


@pytest.mark.parametrize(("model", "count"), [(False, 3), (False, 0), (True, 5), (True, 0)])
def test_a_wrong_number_of_coefficients_is_refused(model, count):
    with pytest.raises(ValueError, match=f"{count} coefficients"):
        Lens(model, (0.1,) * count)
