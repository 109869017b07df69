"""Thermal images that are warped by a known homography."""

import cv2
import numpy as np


def random_homography(random: np.random.Generator, size: tuple[int, int]) -> np.ndarray:
    """Scale by up to 28 %, rotate by up to 4 degrees, shift by up to 8 %, some perspective."""
    height, width = size
    scale = np.exp(random.uniform(-0.25, 0.25))
    angle = np.deg2rad(random.uniform(-4, 4))
    shift = random.uniform(-0.08, 0.08, 2) * (width, height)
    tilt = random.uniform(-0.1, 0.1, 2) / width
    centre = np.array([[1, 0, (width - 1) / 2], [0, 1, (height - 1) / 2], [0, 0, 1.0]])
    cos, sin = scale * np.cos(angle), scale * np.sin(angle)
    about = np.array([[cos, -sin, shift[0]], [sin, cos, shift[1]], [*tilt, 1.0]])
    matrix = centre @ about @ np.linalg.inv(centre)
    return matrix / matrix[2, 2]


def seen_through(thermal: np.ndarray, homography: np.ndarray) -> np.ndarray:
    """What a thermal camera sees whose pixels lie at ``homography`` in the given image."""
    height, width = thermal.shape
    return cv2.warpPerspective(thermal, np.linalg.inv(homography), (width, height))
