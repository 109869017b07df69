"""The calibration of a fisheye beside a thermal camera, from points known but for noise."""

import sys
from pathlib import Path

import cv2
import numpy as np
import pytest

from amdanet_ros.calibration.board import Board
from amdanet_ros.calibration.errors import CalibrationError
from amdanet_ros.calibration.intrinsics import calibrate_camera
from amdanet_ros.calibration.result_files import camera_info, summary
from amdanet_ros.calibration.rig import calibrate_rig
from amdanet_ros.calibration.views import View
from amdanet_ros.registration.lens import Lens
from amdanet_ros.registration.rig import Rig, RigCamera

sys.path.insert(0, str(Path(__file__).parent))
from boards import ROTATION, THERMAL, TRANSLATION, in_rgb, poses

BOARD = Board.of("8x6", 0.03)
SIZE = (240, 320)
MATRIX = np.array([[100.0, 0, 159.0], [0, 100.5, 121.0], [0, 0, 1.0]])
D = np.array([0.02, -0.01, 0.003, -0.0005])


def project(points):
    """Where points of the fisheye's optical frame are seen, N x 2 pixels."""
    flat = points.reshape(-1, 1, 3).astype(float)
    return cv2.fisheye.projectPoints(flat, np.zeros(3), np.zeros(3), MATRIX, D)[0][:, 0]


def view(name, pose, noise):
    turn, place = pose
    seen = project(BOARD.points @ turn.T + place)
    return View(name, seen + noise.normal(0, 0.05, seen.shape), BOARD, SIZE)


def wide_views(count=18, least=0, most=60, distances=(0.15, 0.45)):
    """Views of boards whose middles are so many degrees off the fisheye's axis."""
    random, found = np.random.default_rng(0), []
    middle = BOARD.points.astype(float).mean(axis=0)
    while len(found) < count:
        angle, off = random.uniform(0, 2 * np.pi, 2), random.uniform(least, most)
        lean = np.radians(random.uniform(10, 45))
        axis = np.array([np.cos(angle[0]), np.sin(angle[0]), 0.0])
        turn = cv2.Rodrigues(axis * lean)[0]
        side = np.sin(np.radians(off)) * np.array([np.cos(angle[1]), np.sin(angle[1])])
        where = np.append(side, np.cos(np.radians(off))) * random.uniform(*distances)
        pose = turn, where - turn @ middle
        each = view(f"wide {len(found)}", pose, random)
        is_inside = (each.points > 2).all() and (each.points < np.array(SIZE[::-1]) - 3).all()
        if is_inside and ((BOARD.points @ turn.T + pose[1])[:, 2] > 0.02).all():
            found.append(each)
    return found


@pytest.fixture(scope="module")
def both():
    """Views of the fisheye, and of the thermal camera beside it."""
    random = np.random.default_rng(1)
    rgb, thermal = wide_views(), []
    for index, pose in enumerate(poses(BOARD, 14, distances=(0.25, 0.5))):
        seen = THERMAL.points(BOARD, pose)
        seen = seen + random.normal(0, 0.05, seen.shape)
        thermal.append(View(str(index), seen, BOARD, THERMAL.size))
        rgb.append(view(str(index), in_rgb(pose), random))
    return rgb, thermal


@pytest.fixture(scope="module")
def rig(both):
    return calibrate_rig(*both, 40, ("equidistant", "plumb_bob"))


def test_the_lens_is_near_the_truth_and_says_how_sure_it_is(rig):
    found = rig.rgb
    assert found.model == "equidistant" and len(found.distortion) == 4 and found.error < 0.1
    off = np.abs(found.matrix - MATRIX)[[0, 1, 0, 1], [0, 1, 2, 2]]
    assert (off < 0.5).all() and (off < 6 * found.deviations).all()
    assert (found.deviations < 0.3).all()


def test_a_pinhole_model_does_not_fit_such_a_lens():
    assert calibrate_camera(wide_views(30), 6, "plumb_bob").error > 0.25


def test_the_cameras_stand_where_they_do(rig):
    turn = cv2.Rodrigues(rig.pair.rotation @ ROTATION.T)[0]
    assert np.degrees(np.linalg.norm(turn)) < 0.5
    assert np.abs(rig.pair.translation - TRANSLATION).max() < 0.004


def test_the_node_finds_the_thermal_pixels_of_the_rgb_pixels_by_what_is_written(rig):
    cameras = []
    for camera in (rig.rgb, rig.thermal):
        info = camera_info(camera)
        lens = Lens(info.distortion_model == "equidistant", info.d)
        cameras.append(RigCamera(np.array(info.k).reshape(3, 3), lens))
    written = Rig(*cameras, rig.pair.rotation, rig.pair.translation)
    turn, place = poses(BOARD, 15, seed=8, distances=(0.25, 0.5))[-1]
    there = BOARD.points @ (ROTATION @ turn).T + ROTATION @ place + TRANSLATION
    directions = written.rgb.directions(project(there))
    distance = 1.0 / there[:, 2]
    found = written.thermal_pixels(directions / directions[:, 2:], distance)
    assert np.abs(found - THERMAL.points(BOARD, (turn, place))).max() < 0.7


def test_the_summary_tells_the_view_of_the_lens_and_p_is_of_a_straight_image(rig):
    told = summary(rig, BOARD)["rgb_camera"]
    width, height = told["field_of_view_degrees"]
    assert 165 < width < 185 and 125 < height < 140
    p = np.array(camera_info(rig.rgb).p).reshape(3, 4)
    assert np.isfinite(p).all() and 10 < p[0, 0] < 400


def test_pairs_at_the_edge_of_a_fisheye_are_not_enough(both):
    rgb, thermal = both
    wide = [each for each in rgb if each.name.startswith("wide")]
    edge = wide_views(6, least=62, most=68, distances=(0.16, 0.24))
    named = [View(str(i), each.points, BOARD, SIZE) for i, each in enumerate(edge)]
    with pytest.raises(CalibrationError, match=r"in \d pairs.*nearer to the middle"):
        calibrate_rig([*wide, *named], thermal, 40, ("equidistant", "plumb_bob"))
