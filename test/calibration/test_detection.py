"""Boards found in images of both cameras."""

import sys
from pathlib import Path

import cv2
import numpy as np
import pytest

from amdanet_ros.calibration.board import Board
from amdanet_ros.calibration.detection import has_smaller_board, view_of_rgb, view_of_thermal
from amdanet_ros.calibration.views import View

sys.path.insert(0, str(Path(__file__).parent))
from boards import RGB, SMALL, THERMAL, in_rgb, poses, rgb_image, thermal_image

BOARD = Board.of("8x6", 0.03)


def error_of(view, truth):
    """Root mean square of the distance to the true points, whichever way the board is turned."""
    return min(
        np.sqrt(((view.points[order] - truth) ** 2).sum(axis=1).mean())
        for order in view.board.turns
    )


@pytest.mark.parametrize(
    ("size", "square", "pattern"),
    [("8x6", 0.03, "checkerboard"), ("7x5", 0.03, "circles"), ("4x9", 0.025, "asymmetric_circles")],
)
def test_points_are_found_in_both_cameras(size, square, pattern):
    board = Board.of(size, square, pattern)
    pose = poses(board, 1)[0]
    rgb = view_of_rgb("a", rgb_image(board, pose), board)
    assert rgb.size == RGB.size and error_of(rgb, RGB.points(board, in_rgb(pose))) < 0.2
    for inverted in (True, False):
        counts = thermal_image(board, pose, inverted=inverted)
        view = view_of_thermal("a", counts, board)
        assert view.size == THERMAL.size
        assert error_of(view, THERMAL.points(board, pose)) < 0.2


def test_a_camera_of_80_x_60_finds_a_board_that_fills_its_image():
    board = Board.of("6x5", 0.04)
    pose = poses(board, 1, shown=SMALL, distances=(0.4, 0.45))[0]
    view = view_of_thermal("a", thermal_image(board, pose, camera=SMALL), board)
    assert error_of(view, SMALL.points(board, pose)) < 0.2


@pytest.mark.parametrize("kind", ["uint8", "kelvin", "beside something hot"])
def test_thermal_images_of_other_kinds_are_read(kind):
    pose = poses(BOARD, 1, seed=5)[0]
    counts = thermal_image(BOARD, pose)
    if kind == "uint8":
        image = np.clip((counts.astype(float) - 7550) / 2, 0, 255).astype(np.uint8)
    elif kind == "kelvin":
        image = (counts / 25.0).astype(np.float32)
        image[0, :5] = np.nan
    else:
        image = counts.copy()
        image[-8:] = 16000
    assert error_of(view_of_thermal("a", image, BOARD), THERMAL.points(BOARD, pose)) < 0.25


def test_a_large_image_is_searched_in_a_small_copy_and_measured_at_full_size():
    pose = poses(BOARD, 1)[0]
    image = cv2.resize(rgb_image(BOARD, pose), None, fx=6, fy=6, interpolation=cv2.INTER_CUBIC)
    view = view_of_rgb("a", image, BOARD)
    truth = 6 * (RGB.points(BOARD, in_rgb(pose)) + 0.5) - 0.5
    assert view.size == (1440, 1920) and error_of(view, truth) < 1.2


def test_tilt_and_size_are_those_of_the_pose():
    middle = BOARD.points.mean(axis=0)
    for degrees in (0, 20, 40):
        turn = cv2.Rodrigues(np.array([0, np.radians(degrees), 0]))[0]
        pose = turn, np.array([0, 0, 0.6]) - turn @ middle
        seen = type(RGB)(RGB.size, RGB.focal, RGB.centre).points(BOARD, pose)
        view = View("a", seen, BOARD, RGB.size)
        assert np.degrees(view.tilt) == pytest.approx(degrees, abs=1.0)
        assert view.scale == pytest.approx(RGB.focal / 0.6, rel=0.01)


def test_a_board_of_another_size_and_an_image_without_one_give_nothing():
    pose = poses(BOARD, 1)[0]
    image = rgb_image(BOARD, pose)
    squares = Board.of("9x7", 0.03)
    assert view_of_rgb("a", image, squares) is None
    assert has_smaller_board([image], squares)
    assert not has_smaller_board([image], BOARD)
    assert view_of_rgb("a", np.full((60, 80, 3), 90, np.uint8), BOARD) is None
    assert view_of_thermal("a", np.full((2, 3), 900, np.uint16), BOARD) is None
