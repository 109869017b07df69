"""Homographies between the thermal and the RGB image."""

from __future__ import annotations

import numpy as np


def resize_homography(from_size: tuple[int, int], to_size: tuple[int, int]) -> np.ndarray:
    """Return the 3 x 3 homography of a resize between sizes (height, width), equal fields of view.

    Image edges map to image edges, so pixel centres shift by half a pixel's difference, as
    in ``cv2.resize``.
    """
    y, x = to_size[0] / from_size[0], to_size[1] / from_size[1]
    return np.array([[x, 0.0, 0.5 * x - 0.5], [0.0, y, 0.5 * y - 0.5], [0.0, 0.0, 1.0]])


def check_homography(values: object) -> np.ndarray:
    """Return nine numbers, row-major, as a 3 x 3 float64 homography with a last element of 1.

    Raises:
        ValueError: not nine finite numbers, or a matrix that cannot be inverted.
    """
    matrix = np.asarray(values, dtype=np.float64).reshape(-1)
    if matrix.size != 9 or not np.all(np.isfinite(matrix)):
        raise ValueError(
            "a homography is nine finite numbers, row-major, thermal pixel to RGB pixel "
            f"(the identity is [1, 0, 0, 0, 1, 0, 0, 0, 1]); got {matrix.size} numbers: {values}"
        )
    matrix = matrix.reshape(3, 3)
    with np.errstate(all="ignore"):
        scaled = matrix / matrix[2, 2] if abs(matrix[2, 2]) >= 1e-12 else matrix * np.nan
        if not np.all(np.isfinite(scaled)) or not np.linalg.cond(scaled) <= 1e12:
            raise ValueError(f"this homography cannot be inverted: {matrix.tolist()}")
    return scaled


def homography_from_cameras(
    rgb_matrix: np.ndarray, thermal_matrix: np.ndarray, rotation: np.ndarray | None = None
) -> np.ndarray:
    """Return the homography of a far scene from camera matrices: ``K_rgb R K_thermal^-1``.

    It ignores the distance between the cameras, which shifts a point at depth Z by
    ``f * baseline / Z`` pixels.

    Args:
        rgb_matrix, thermal_matrix: 3 x 3 camera matrices K, in pixels.
        rotation: 3 x 3, from directions in the thermal camera's optical frame to the RGB camera's
            (z forward, x right, y down). None: equal directions.

    Returns:
        3 x 3 float64 with a last element of 1.

    Raises:
        ValueError: a camera is not calibrated (focal length 0), or a matrix is no rotation.
    """
    matrices = {}
    for name, matrix in (("rgb", rgb_matrix), ("thermal", thermal_matrix)):
        matrix = np.asarray(matrix, dtype=np.float64).reshape(3, 3)
        if matrix[0, 0] <= 0 or matrix[1, 1] <= 0 or abs(matrix[2, 2]) < 1e-12:
            raise ValueError(
                f"the {name} camera is not calibrated (focal lengths {matrix[0, 0]:g} and "
                f"{matrix[1, 1]:g}): calibrate it, or give a homography"
            )
        matrices[name] = matrix
    turn = check_rotation(np.eye(3) if rotation is None else rotation)
    return check_homography(matrices["rgb"] @ turn @ np.linalg.inv(matrices["thermal"]))


def check_rotation(values: object) -> np.ndarray:
    """Return nine numbers, row by row, as the 3 x 3 float64 rotation that they round.

    Calibration tools print few digits: an error of 0.001 in the product of two rows is accepted,
    and the nearest rotation is returned.

    Raises:
        ValueError: not a rotation (rows of length 1, at right angles, right-handed).
    """
    matrix = np.asarray(values, dtype=np.float64).reshape(3, 3)
    if not np.allclose(matrix @ matrix.T, np.eye(3), atol=1e-3) or np.linalg.det(matrix) < 0:
        raise ValueError(
            f"the rotation from thermal to RGB is not a rotation matrix: {matrix.tolist()}"
        )
    left, _, right = np.linalg.svd(matrix)
    return left @ right


def transform_points(homography: np.ndarray, points: np.ndarray) -> np.ndarray:
    """Apply a homography to N x 2 points (x, y); returns N x 2 float64."""
    mapped = np.column_stack([points, np.ones(len(points))]) @ np.asarray(homography).T
    with np.errstate(divide="ignore", invalid="ignore"):  # points of the horizon are infinite
        return mapped[:, :2] / mapped[:, 2:]


def corners(size: tuple[int, int]) -> np.ndarray:
    """Return the centres of the four corner pixels, 4 x 2 (x, y), clockwise from top left."""
    height, width = size
    return np.array(
        [[0, 0], [width - 1, 0], [width - 1, height - 1], [0, height - 1]], dtype=np.float64
    )


def corner_error(first: np.ndarray, second: np.ndarray, size: tuple[int, int]) -> float:
    """Return the mean distance in RGB pixels of the thermal corners under two homographies."""
    points = corners(size)
    difference = transform_points(first, points) - transform_points(second, points)
    return float(np.mean(np.linalg.norm(difference, axis=1)))


def common_field_of_view(
    homography: np.ndarray, thermal_size: tuple[int, int], rgb_size: tuple[int, int]
) -> tuple[int, int, int, int]:
    """Return the largest upright rectangle of the RGB image that both cameras see.

    Args:
        homography: thermal pixel to RGB pixel, 3 x 3.
        thermal_size, rgb_size: (height, width).

    Returns:
        (top, left, height, width) in RGB pixels; each of its pixels has a thermal value.

    Raises:
        ValueError: the two images do not overlap.
    """
    # A coarse grid is enough: the rectangle is rounded inwards by a cell.
    seen, step = seen_of_rgb(homography, thermal_size, rgb_size)
    return largest_window(seen, step, rgb_size)


def seen_of_rgb(
    homography: np.ndarray, thermal_size: tuple[int, int], rgb_size: tuple[int, int]
) -> tuple[np.ndarray, int]:
    """Return which of every so many pixels of the RGB image the thermal camera sees, and how many.

    Args:
        homography: thermal pixel to RGB pixel, 3 x 3.
        thermal_size, rgb_size: (height, width).

    Returns:
        (seen, step): rows x columns bool; of every ``step`` pixels in both directions.
    """
    height, width = rgb_size
    step = max(1, min(height, width) // 120)
    ys, xs = np.arange(0, height, step), np.arange(0, width, step)
    grid = np.stack(np.meshgrid(xs, ys), axis=-1).reshape(-1, 2).astype(np.float64)
    source = transform_points(np.linalg.inv(homography), grid)
    return are_inside(source, thermal_size).reshape(len(ys), len(xs)), step


def are_inside(places: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """Return for N x 2 places (x, y) whether they lie in an image (height, width), N bool."""
    return (
        (places[:, 0] >= 0)
        & (places[:, 0] <= size[1] - 1)
        & (places[:, 1] >= 0)
        & (places[:, 1] <= size[0] - 1)
    )


def largest_window(
    seen: np.ndarray, step: int, rgb_size: tuple[int, int]
) -> tuple[int, int, int, int]:
    """Return the largest upright rectangle whose pixels are all seen.

    Args:
        seen: rows x columns bool, of every so many pixels of the RGB image.
        step: how many.
        rgb_size: (height, width).

    Returns:
        (top, left, height, width) in RGB pixels.

    Raises:
        ValueError: none is seen.
    """
    height, width = rgb_size
    top, left, rows, columns = _largest_rectangle(seen)
    if rows == 0:
        raise ValueError("the thermal and the RGB image have no common field of view")
    bottom = height if top + rows == seen.shape[0] else (top + rows - 1) * step + 1
    right = width if left + columns == seen.shape[1] else (left + columns - 1) * step + 1
    return top * step, left * step, bottom - top * step, right - left * step


def _largest_rectangle(mask: np.ndarray) -> tuple[int, int, int, int]:
    """Return (top, left, height, width) of the largest all-true rectangle; histogram and stack."""
    best = (0, 0, 0, 0)
    heights = np.zeros(mask.shape[1] + 1, dtype=np.int64)
    for row in range(mask.shape[0]):
        heights[:-1] = np.where(mask[row], heights[:-1] + 1, 0)
        stack: list[tuple[int, int]] = []
        for column, tall in enumerate(heights.tolist()):
            start = column
            while stack and stack[-1][1] > tall:
                start, height = stack.pop()
                if height * (column - start) > best[2] * best[3]:
                    best = (row - height + 1, start, height, column - start)
            if tall and (not stack or stack[-1][1] < tall):
                stack.append((start, tall))
    return best
