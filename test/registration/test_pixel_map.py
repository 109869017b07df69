"""Where RGB pixels lie in the thermal image: points of known places, through both lenses."""

import cv2
import numpy as np
import pytest

from amdanet_ros.registration.lens import Lens
from amdanet_ros.registration.pixel_map import NOWHERE, PlaneMap, View
from amdanet_ros.registration.rig import Rig, RigCamera

RGB_SIZE, THERMAL_SIZE = (480, 640), (256, 320)
BARREL = Lens(False, (-0.35, 0.12, 0.001, -0.001, 0.0))
FISHEYE = Lens(True, (0.03, -0.01, 0.0, 0.0))


def matrix(focal, size):
    return np.array([[focal, 0, (size[1] - 1) / 2], [0, focal, (size[0] - 1) / 2], [0, 0, 1.0]])


def rig(rgb_lens=BARREL, thermal_lens=FISHEYE):
    return Rig(
        RigCamera(matrix(420.0, RGB_SIZE), rgb_lens),
        RigCamera(matrix(230.0, THERMAL_SIZE), thermal_lens),
        cv2.Rodrigues(np.array([0.02, -0.04, 0.01]))[0],
        np.array([0.06, -0.02, 0.01]),
    )


def shown(camera, point):
    """OpenCV's pixel of a point in a camera's frame."""
    project = cv2.projectPoints
    coefficients = np.array(camera.lens.coefficients) if camera.lens else np.zeros(4)
    if camera.lens and camera.lens.is_equidistant:
        project = cv2.fisheye.projectPoints
    zero = np.zeros(3)
    return project(point.reshape(1, 1, 3), zero, zero, camera.matrix, coefficients)[0].reshape(2)


@pytest.mark.parametrize(
    "lenses", [(None, None), (BARREL, None), (None, BARREL), (FISHEYE, BARREL)]
)
@pytest.mark.parametrize(("distance", "depth"), [(0.0, 1e7), (3.0, 3.0)])
def test_points_of_the_plane_are_found_in_the_thermal_image(lenses, distance, depth):
    cameras = rig(*lenses)
    view = View((0, 0, *RGB_SIZE), (5, 9))
    places = PlaneMap(cameras, 1.0 / distance if distance else 0.0, view).at(RGB_SIZE)
    for x, y in ((-0.3, -0.2), (0.0, 0.1), (0.25, 0.2)):
        point = np.array([x * depth, y * depth, depth])
        column, row = shown(cameras.rgb, point)
        in_thermal = cameras.rotation.T @ (point - cameras.translation)
        expected = shown(cameras.thermal, in_thermal) - (9, 5)
        found = cv2.getRectSubPix(np.ascontiguousarray(places[..., 0]), (1, 1), (column, row))
        assert found[0, 0] == pytest.approx(expected[0], abs=0.05)
        found = cv2.getRectSubPix(np.ascontiguousarray(places[..., 1]), (1, 1), (column, row))
        assert found[0, 0] == pytest.approx(expected[1], abs=0.05)


@pytest.mark.parametrize("size", [(240, 320), (960, 1280), (1001, 1333)])
def test_the_map_of_another_size_shows_the_same(size):
    """Of large images only some places are computed; a window counts in its own pixels."""
    window = (40, 60, 400, 500)
    made = PlaneMap(rig(), 0.2, View(window))
    own = made.at((400, 500))
    row, column = 300, 420
    other = made.at(size)
    y = (row + 0.5) * size[0] / 400 - 0.5
    x = (column + 0.5) * size[1] / 500 - 0.5
    for axis in (0, 1):
        plane = np.ascontiguousarray(other[..., axis])
        found = cv2.getRectSubPix(plane, (1, 1), (x, y))[0, 0]
        assert found == pytest.approx(own[row, column, axis], abs=0.02)
    whole = PlaneMap(rig(), 0.2, View((0, 0, *RGB_SIZE))).at(RGB_SIZE)
    np.testing.assert_allclose(whole[340, 480], own[300, 420], atol=1e-3)


def test_what_the_thermal_camera_cannot_see_is_nowhere():
    behind = cv2.Rodrigues(np.array([0.0, 2.5, 0.0]))[0]
    cameras = Rig(rig().rgb, RigCamera(matrix(230.0, THERMAL_SIZE)), behind, np.zeros(3))
    places = PlaneMap(cameras, 0.0, View((0, 0, *RGB_SIZE))).at((24, 32))
    assert (places == NOWHERE).all()


def test_the_map_of_a_huge_image_is_not_kept():
    made = PlaneMap(rig(), 0.0, View((0, 0, *RGB_SIZE)))
    first = made.at((2400, 3400))
    assert made.at((2400, 3400)) is not first
    assert not made._maps


def test_maps_are_kept_a_size_and_their_number_is_bounded():
    made = PlaneMap(rig(), 0.0, View((0, 0, *RGB_SIZE)))
    first = made.at((24, 32))
    assert made.at((24, 32)) is first
    assert not first.flags.writeable
    for width in range(33, 40):
        made.at((24, width))
    assert made.at((24, 32)) is not first
