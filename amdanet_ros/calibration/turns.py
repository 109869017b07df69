"""Which point of the board is which: a board looks the same when it is turned by half a turn.

And a thermal image may show light squares dark, so that colours do not tell. But the cameras are
bolted together: only for the right turns is the thermal camera at one place beside the RGB camera
in all pairs.
"""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

from .board import Board

_MOST_OFF = 1.0
"""Radians and shares of the distance: what is farther off counts as this."""
_UPRIGHT = 0.03
"""How much more a camera turned by half a turn must agree, for each pair: it is rare, and views
that are all alike leave both open."""


def matched_turns(
    flat: Sequence[tuple[np.ndarray, np.ndarray]],
    board: Board,
    rgb_matrix: np.ndarray,
    thermal_matrix: np.ndarray,
) -> list[np.ndarray]:
    """Return for each pair the order of the thermal points that belong to the RGB points.

    Each pair and turn gives a place of one camera beside the other. Of these the one is taken
    with which the others agree best, each with its best turn.

    Args:
        flat: (RGB, thermal) points without distortion of each pair, N x 2 pixels.
        board: that they show.
        rgb_matrix, thermal_matrix: 3 x 3 camera matrices.

    Returns:
        N indices for each pair: ``thermal[order]`` belongs to ``rgb``.
    """
    if len(board.turns) == 1:
        return [board.turns[0]] * len(flat)
    rotations, translations = [], []
    for rgb, thermal in flat:
        rotation, place = _pose(board, rgb, rgb_matrix)
        found = [_pose(board, thermal[order], thermal_matrix) for order in board.turns]
        rotations.append([rotation @ turn.T for turn, _ in found])
        shifts = zip(rotations[-1], found, strict=True)
        translations.append([(place - turn @ far) / place[2] for turn, (_, far) in shifts])
    turns, shifts = np.array(rotations), np.array(translations)
    best, least = None, np.inf
    for turn, shift in zip(turns.reshape(-1, 3, 3), shifts.reshape(-1, 3), strict=True):
        off = _angles(turns @ turn.T) + np.linalg.norm(shifts - shift, axis=-1)
        cost = np.minimum(off, _MOST_OFF).min(axis=1).mean() + _UPRIGHT * _angles(turn) / np.pi
        if cost < least:
            best, least = off.argmin(axis=1), cost
    return [board.turns[turn] for turn in best]


def _angles(rotations: np.ndarray) -> np.ndarray:
    """Return the angles of ... x 3 x 3 rotations, radians."""
    return np.arccos(np.clip((np.trace(rotations, axis1=-2, axis2=-1) - 1.0) / 2.0, -1.0, 1.0))


def _pose(board: Board, points: np.ndarray, matrix: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return rotation and place of the board in a camera's frame."""
    _, turn, place = cv2.solvePnP(board.points.astype(np.float64), points, matrix, None)
    return cv2.Rodrigues(turn)[0], place.reshape(3)
