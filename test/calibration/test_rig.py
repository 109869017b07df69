"""The calibration of both cameras from points that are known exactly, but for noise."""

import sys
from pathlib import Path

import cv2
import numpy as np
import pytest

from amdanet_ros.calibration.board import Board
from amdanet_ros.calibration.drawing import draw_calibration
from amdanet_ros.calibration.errors import CalibrationError
from amdanet_ros.calibration.intrinsics import calibrate_camera
from amdanet_ros.calibration.rig import calibrate_rig
from amdanet_ros.calibration.views import View, chosen

sys.path.insert(0, str(Path(__file__).parent))
from boards import RGB, ROTATION, SMALL, THERMAL, TRANSLATION, in_rgb, poses

BOARD = Board.of("8x6", 0.03)
PLAIN = ("plumb_bob", "plumb_bob")


def views(board=BOARD, thermal=THERMAL, noise=0.05, turned=(), moved=(), **chosen_poses):
    """Views of both cameras; some boards turned for the thermal camera, some moved for RGB."""
    random = np.random.default_rng(1)
    both = [], []
    for index, pose in enumerate(poses(board, shown=thermal, **chosen_poses)):
        name = f"{index:03d}"
        there = (pose[0], pose[1] + [0.02, 0, 0]) if index in moved else pose
        seen = RGB.points(board, in_rgb(there)), thermal.points(board, pose)
        seen = [each + random.normal(0, noise, each.shape) for each in seen]
        if index in turned:
            seen[1] = seen[1][board.turns[-1]]
        for found, points, camera in zip(both, seen, (RGB, thermal), strict=True):
            found.append(View(name, points, board, camera.size))
    return both


def degrees_between(first, second):
    return np.degrees(np.linalg.norm(cv2.Rodrigues(first @ second.T)[0]))


def assert_near_truth(rig, thermal=THERMAL):
    for found, camera in ((rig.rgb, RGB), (rig.thermal, thermal)):
        assert abs(found.matrix[0, 0] - camera.focal) < 0.015 * camera.focal
        assert abs(found.matrix[1, 1] - camera.focal) < 0.015 * camera.focal
        assert np.abs(found.matrix[:2, 2] - camera.centre).max() < 0.015 * camera.size[1]
        assert found.error < 0.3
    assert rig.pair.error < 0.3
    assert degrees_between(rig.pair.rotation, ROTATION) < 1.0
    assert np.abs(rig.pair.translation - TRANSLATION).max() < 0.006
    assert np.linalg.norm(rig.pair.translation[:2] - TRANSLATION[:2]) < 0.0015


def test_it_is_near_the_truth_and_says_how_sure_it_is(plain):
    assert_near_truth(plain)
    off = np.abs(plain.pair.translation - TRANSLATION)
    assert (off < 5 * plain.pair.translation_deviation + 1e-4).all()
    turned = np.radians(degrees_between(plain.pair.rotation, ROTATION))
    assert turned < 5 * plain.pair.rotation_deviation


def test_a_rational_model_is_near_the_truth_too():
    found = calibrate_camera(views()[0], 6, "rational_polynomial")
    assert len(found.distortion) == 8
    assert abs(found.matrix[0, 0] - RGB.focal) < 0.015 * RGB.focal and found.error < 0.3


@pytest.mark.parametrize("camera", ["rgb", "thermal"])
def test_pixels_without_distortion_are_those_of_a_pinhole_camera(plain, camera):
    found, truth = getattr(plain, camera), {"rgb": RGB, "thermal": THERMAL}[camera]
    pose = poses(BOARD, 21)[-1]
    pose = in_rgb(pose) if camera == "rgb" else pose
    straight = cv2.undistortPoints(
        truth.points(BOARD, pose).reshape(-1, 1, 2), truth.matrix, np.array(truth.distortion)
    )[:, 0]
    ours = found.undistorted(truth.points(BOARD, pose))
    ours = (ours - found.matrix[:2, 2]) / np.diag(found.matrix)[:2]
    shift = (ours - straight).mean(axis=0)
    assert np.abs(ours - straight - shift).max() * truth.focal < 0.5


def test_a_thermal_camera_of_80_x_60_is_calibrated():
    board = Board.of("6x5", 0.04)
    found = views(board, SMALL, count=16, distances=(0.4, 0.6))
    assert_near_truth(calibrate_rig(*found, 40, PLAIN), SMALL)


@pytest.mark.parametrize("size", ["8x6", "7x7"])
def test_boards_that_look_alike_when_turned_are_told_apart_by_all_pairs(size):
    board = Board.of(size, 0.028)
    turned = calibrate_rig(*views(board, turned=(0, 3, 4, 9)), 40, PLAIN)
    assert_near_truth(turned)
    assert not turned.pair.dropped


def test_a_camera_that_hangs_upside_down_is_found_so():
    rgb, thermal = views()
    flip = np.array(THERMAL.size[::-1]) - 1
    hung = [View(v.name, flip - v.points, BOARD, v.size) for v in thermal]
    rig = calibrate_rig(rgb, hung, 40, PLAIN)
    assert degrees_between(rig.pair.rotation, ROTATION @ np.diag([-1.0, -1.0, 1.0])) < 1.0
    assert rig.pair.error < 0.3


@pytest.fixture(scope="module")
def plain():
    """The calibration of exact points with noise."""
    return calibrate_rig(*views(count=20), 40, PLAIN)


@pytest.fixture(scope="module")
def with_moved_boards():
    """The calibration where two boards moved between the images of both cameras."""
    return calibrate_rig(*views(moved=(2, 7)), 40, PLAIN)


def test_a_board_that_moved_between_the_images_is_dropped_and_named(with_moved_boards):
    rig = with_moved_boards
    assert {name for name, _ in rig.pair.dropped} == {"002", "007"}
    assert all(error > 0.5 for _, error in rig.pair.dropped)
    assert_near_truth(rig)


def test_a_view_whose_points_are_wrong_is_dropped_and_named():
    rgb, thermal = views()
    bent = thermal[4].points + np.random.default_rng(0).normal(0, 2.0, (48, 2))
    thermal[4] = View("004", bent, BOARD, THERMAL.size)
    rig = calibrate_rig(rgb, thermal, 40, PLAIN)
    assert [name for name, _ in rig.thermal.dropped] == ["004"]
    assert not rig.rgb.dropped and "004" not in rig.pair.names
    assert_near_truth(rig)


def test_views_of_one_camera_alone_serve_its_lens():
    rgb, thermal = views(count=16)
    rig = calibrate_rig(rgb, thermal[:8], 40, PLAIN)
    assert len(rig.rgb.views) == 16 and len(rig.pair.names) == 8
    assert_near_truth(rig)


REFUSED = {
    "few": ({"count": 4}, "found in 4 rgb images", "20 are good"),
    "parallel": ({"tilt": 3}, "parallel to the image plane", "tilt it"),
    "one distance": ({"distances": (0.6, 0.6)}, "one distance", "nearer and farther"),
    "one part": ({"spread": 0.05, "distances": (0.7, 1.1)}, "part of the image", "move it there"),
    "noise": ({"noise": 3.0}, "miss the calibration|uncertain", "hold the board still|larger"),
    "all moved": ({"moved": range(0, 14, 2)}, "miss each other", "hold the board still"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_views_that_do_not_determine_it_are_refused_with_what_to_do(case):
    given, missing, advice = REFUSED[case]
    with pytest.raises(CalibrationError, match=missing) as refused:
        calibrate_rig(*views(**given), 40, PLAIN)
    assert refused.match(advice)
    assert "\n" not in str(refused.value)


def test_the_camera_that_never_sees_the_board_is_named():
    rgb, _ = views()
    with pytest.raises(CalibrationError, match="0 thermal images.*warm the board"):
        calibrate_rig(rgb, [], 40, PLAIN)


def test_views_of_different_moments_are_no_pairs():
    rgb, thermal = views(count=16)
    with pytest.raises(CalibrationError, match="by both cameras at once in 2 pairs"):
        calibrate_rig(rgb[:9], thermal[7:], 40, PLAIN)


def test_few_of_many_views_are_chosen_as_different_as_they_are():
    rgb, _ = views(count=14)
    many = [rgb[0]] * 50 + rgb[1:]
    taken = chosen(many, 14)
    assert len(taken) == 14 and sum(i < 50 for i in taken) == 1
    assert chosen(rgb, 40) == list(range(14))


def test_the_image_shows_both_cameras_and_what_was_dropped(plain, with_moved_boards):
    image = draw_calibration(with_moved_boards)
    assert image.dtype == np.uint8 and image.shape[2] == 3
    red = (image == (200, 40, 40)).all(axis=2)
    assert red.sum() > 100
    assert not (draw_calibration(plain) == (200, 40, 40)).all(axis=2).any()
