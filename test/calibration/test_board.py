"""Boards: their sizes, and which of their turns look alike."""

import numpy as np
import pytest

from amdanet_ros.calibration.board import Board, BoardError


@pytest.mark.parametrize("size", ["8x6", "8X6", " 8 x 6 ", "8\u00d76"])
def test_a_size_is_columns_and_rows(size):
    board = Board.of(size, 0.04)
    assert (board.columns, board.rows) == (8, 6)
    np.testing.assert_allclose(board.points[[0, 1, 8, -1]] / 0.04, [
        [0, 0, 0], [1, 0, 0], [0, 1, 0], [7, 5, 0],
    ], rtol=1e-6)  # fmt: skip


@pytest.mark.parametrize(
    "size", ["0x0", "1x1", "2x6", "8x2", "8", "8x", "x6", "8x6x4", "-8x6", "8.5x6", "51x6", "",
             "axb", "9" * 40 + "x6", "\u0668x\u0666"],
)  # fmt: skip
def test_other_sizes_are_refused_in_one_line(size):
    with pytest.raises(BoardError, match="8x6") as refused:
        Board.of(size, 0.04)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    ("size", "pattern", "turns", "has_mirror"),
    [
        ("8x6", "checkerboard", 2, True),
        ("8x5", "checkerboard", 2, True),
        ("7x7", "checkerboard", 4, True),
        ("7x5", "circles", 2, True),
        ("4x9", "asymmetric_circles", 1, True),
        ("4x10", "asymmetric_circles", 2, False),
    ],
)
def test_turns_that_look_alike_are_known(size, pattern, turns, has_mirror):
    board = Board.of(size, 0.04, pattern)
    assert len(board.turns) == turns
    assert (board.mirrored is not None) == has_mirror
    np.testing.assert_array_equal(board.turns[0], np.arange(len(board.points)))
    for order in board.turns:
        assert sorted(order) == list(range(len(board.points)))
