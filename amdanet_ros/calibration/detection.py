"""The board's points in an image."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import cv2
import numpy as np

from ..inference.thermal_normalization import ThermalNormalizer
from .board import LEAST_POINTS, Board
from .views import View

_SIDE = 960
"""Longer side, pixels, at which the board is sought first: smaller images are enlarged."""
_LARGEST_SCALE = 8.0
_PRECISE = (cv2.TERM_CRITERIA_EPS + cv2.TERM_CRITERIA_MAX_ITER, 40, 1e-3)
_QUICK = cv2.CALIB_CB_NORMALIZE_IMAGE
_THOROUGH = _QUICK | cv2.CALIB_CB_EXHAUSTIVE | cv2.CALIB_CB_ACCURACY
_QUADS = cv2.CALIB_CB_ADAPTIVE_THRESH | cv2.CALIB_CB_NORMALIZE_IMAGE | cv2.CALIB_CB_FAST_CHECK
_LEAST_SPACING = 2.5
"""Pixels between neighbouring points: nearer ones cannot be told apart."""


def view_of_rgb(name: str, rgb: np.ndarray, board: Board) -> View | None:
    """Return the board in an H x W x 3 uint8 RGB image; None: not found."""
    return _view(name, cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY), board)


def view_of_thermal(name: str, thermal: np.ndarray, board: Board) -> View | None:
    """Return the board in an h x w thermal image (uint8, uint16 or float); None: not found.

    It is stretched as for the network, more narrowly where that shows no board: something hot
    beside a board leaves few grey levels for it.
    """
    for percentiles in ((1.0, 99.0), (10.0, 90.0)):
        normalize = ThermalNormalizer(smoothing=0.0, percentiles=percentiles, stretch_uint8=True)
        view = _view(name, np.rint(255.0 * normalize(thermal)).astype(np.uint8), board)
        if view is not None:
            return view
    return None


def _view(name: str, grey: np.ndarray, board: Board) -> View | None:
    points = find_board(grey, board)
    return None if points is None else View(name, points, board, grey.shape[:2])


def has_smaller_board(images: Sequence[np.ndarray], board: Board) -> bool:
    """Whether H x W x 3 uint8 RGB images show a board of one row and one column less."""
    columns, rows = board.columns - 1, board.rows - 1
    if min(columns, rows) < LEAST_POINTS:
        return False
    smaller = Board(columns, rows, board.square, board.pattern)
    return any(view_of_rgb("", rgb, smaller) is not None for rgb in images)


def find_board(grey: np.ndarray, board: Board) -> np.ndarray | None:
    """Find all points of a board, dark on light or light on dark.

    A checkerboard is sought by `findChessboardCornersSB` (Duda and Frese, 2018) at several sizes,
    smoothed and with local contrast, then by `findChessboardCorners`; circles by
    `findCirclesGrid`.

    Args:
        grey: h x w uint8.
        board: of which all points must be seen.

    Returns:
        N x 2 float64 pixels (x, y) in the order of ``board.points``, seen from its front, up to
        a turn of the board; None: not found.
    """
    find = _corners if board.pattern == "checkerboard" else _circles
    for side, points in find(grey, board):
        points = _at_full_size(points, grey.shape[:2], side)
        if max(grey.shape) > side and board.pattern == "checkerboard":
            points = _refined(grey, points, board)
        points = _from_the_front(points, board)
        if points is not None and _is_grid(points, board):
            return points
    return None


def _size_at(size: tuple[int, int], side: int) -> tuple[int, int]:
    """Return (width, height) of an image (height, width) whose longer side becomes `side`."""
    scale = min(_LARGEST_SCALE, side / max(size))
    return max(1, round(scale * size[1])), max(1, round(scale * size[0]))


def _resized(grey: np.ndarray, side: int) -> np.ndarray:
    size = _size_at(grey.shape[:2], side)
    larger = size[0] > grey.shape[1]
    return cv2.resize(grey, size, interpolation=cv2.INTER_CUBIC if larger else cv2.INTER_AREA)


def _at_full_size(points: np.ndarray, size: tuple[int, int], side: int) -> np.ndarray:
    """Return points of a resized image as those of the image; pixel centres are integers."""
    scale = np.array(_size_at(size, side)) / size[::-1]
    return (points.reshape(-1, 2).astype(np.float64) + 0.5) / scale - 0.5


def _corners(grey: np.ndarray, board: Board) -> Iterator[tuple[int, np.ndarray]]:
    """Yield corners that the detectors find and the longer side of their image; quick ones first.

    `findChessboardCornersSB` takes dark squares on light ones and the reverse.
    """
    size = (board.columns, board.rows)
    first = _resized(grey, _SIDE)
    other = 2 * _SIDE if max(grey.shape) > _SIDE else _SIDE // 2
    smooth = _smooth(first)
    for side, image, flags in (
        (_SIDE, first, _QUICK),
        (other, _resized(grey, other), _THOROUGH),
        (_SIDE, smooth, _QUICK),
        (_SIDE, _local_contrast(first), _QUICK),
    ):
        found, points = cv2.findChessboardCornersSB(image, size, flags=flags)
        if found:
            yield side, points
    for image in (smooth, ~smooth):
        found, points = cv2.findChessboardCorners(image, size, flags=_QUADS)
        if found:
            yield _SIDE, _refined(first, points.reshape(-1, 2), board)


def _circles(grey: np.ndarray, board: Board) -> Iterator[tuple[int, np.ndarray]]:
    """Yield the centres of circles that `findCirclesGrid` finds: dark ones, then light ones."""
    is_asymmetric = board.pattern == "asymmetric_circles"
    kind = cv2.CALIB_CB_ASYMMETRIC_GRID if is_asymmetric else cv2.CALIB_CB_SYMMETRIC_GRID
    size = (board.columns, board.rows)
    for side in (_SIDE, 2 * _SIDE) if max(grey.shape) > _SIDE else (_SIDE, _SIDE // 2):
        image = _resized(grey, side)
        for each in (image, _smooth(image), _local_contrast(image)):
            for polarity in (each, ~each):
                for flags in (kind, kind | cv2.CALIB_CB_CLUSTERING):
                    found, points = cv2.findCirclesGrid(polarity, size, flags=flags)
                    if found:
                        yield side, points


def _smooth(image: np.ndarray) -> np.ndarray:
    return cv2.GaussianBlur(image, (0, 0), 2.0)


def _local_contrast(image: np.ndarray) -> np.ndarray:
    return cv2.createCLAHE(clipLimit=4.0, tileGridSize=(4, 4)).apply(image)


def _spacing(points: np.ndarray, board: Board) -> float:
    """Return the least distance of neighbours in a row or a column, pixels."""
    grid = points.reshape(board.rows, board.columns, 2)
    steps = (np.linalg.norm(np.diff(grid, axis=axis), axis=2).min() for axis in (0, 1))
    return float(min(steps))


def _refined(grey: np.ndarray, points: np.ndarray, board: Board) -> np.ndarray:
    """Return corners found again at full resolution."""
    window = int(np.clip(0.35 * _spacing(points, board), 2, 15))
    start = points.astype(np.float32).reshape(-1, 1, 2).copy()
    found = cv2.cornerSubPix(grey, start, (window, window), (-1, -1), _PRECISE)
    return found.reshape(-1, 2).astype(np.float64)


def _from_the_front(points: np.ndarray, board: Board) -> np.ndarray | None:
    """Return the points in an order in which the board is seen from its front."""
    homography, _ = cv2.findHomography(board.points[:, :2], points)
    if homography is None:
        return None
    if np.linalg.det(homography / homography[2, 2]) > 0:
        return points
    return None if board.mirrored is None else points[board.mirrored]


def _is_grid(points: np.ndarray, board: Board) -> bool:
    """Whether points lie as a flat board shows them, up to the lens's distortion."""
    if not np.isfinite(points).all() or _spacing(points, board) < _LEAST_SPACING:
        return False
    homography, _ = cv2.findHomography(board.points[:, :2], points)
    if homography is None:
        return False
    flat = board.points[:, :2].reshape(-1, 1, 2).astype(np.float64)
    error = np.linalg.norm(cv2.perspectiveTransform(flat, homography)[:, 0] - points, axis=1)
    return bool(error.max() < 0.5 * np.median(_steps(points, board)))


def _steps(points: np.ndarray, board: Board) -> np.ndarray:
    grid = points.reshape(board.rows, board.columns, 2)
    return np.linalg.norm(np.diff(grid, axis=1), axis=2).reshape(-1)
