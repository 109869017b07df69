"""Boards as two cameras of known calibration see them: rendered images, and exact points."""

from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np

SUPERSAMPLING = 3


@dataclass(frozen=True)
class Camera:
    """A camera of known calibration."""

    size: tuple  # height, width
    focal: float
    centre: tuple
    distortion: tuple = (0.0, 0.0, 0.0, 0.0, 0.0)

    @property
    def matrix(self):
        (x, y), f = self.centre, self.focal
        return np.array([[f, 0, x], [0, f, y], [0, 0, 1.0]])

    def points(self, board, pose):
        """Where the board's points are seen, N x 2."""
        turn, place = pose
        seen, _ = cv2.projectPoints(
            board.points.astype(float), cv2.Rodrigues(turn)[0], place, self.matrix,
            np.array(self.distortion),
        )  # fmt: skip
        return seen[:, 0]


RGB = Camera((240, 320), 290.0, (157.0, 122.5), (-0.21, 0.07, 0.001, -0.0005, 0.0))
THERMAL = Camera((120, 160), 168.0, (81.5, 57.0), (-0.28, 0.1, 0.0, 0.0, 0.0))
SMALL = Camera((60, 80), 78.0, (40.5, 28.8), (-0.22, 0.05, 0.0, 0.0, 0.0))
ROTATION = cv2.Rodrigues(np.array([0.02, -0.035, 0.015]))[0]
TRANSLATION = np.array([0.05, 0.008, -0.004])
"""From the thermal camera's optical frame to the RGB camera's."""


def poses(board, count=14, seed=3, tilt=35.0, distances=(0.45, 0.75), spread=0.8, shown=THERMAL):
    """Poses of a board in the thermal camera's frame: (rotation, place) each.

    Args:
        tilt: largest, degrees.
        distances: least and largest, metres, of the board's middle.
        spread: share of the image over which the middle is moved.
        shown: the camera in which it all lies.
    """
    random = np.random.default_rng(seed)
    middle = board.points.astype(float).mean(axis=0)
    found = []
    while len(found) < count:
        index = len(found)
        angle = 2.4 * index + random.uniform(-0.3, 0.3)
        axis = np.array([np.cos(angle), np.sin(angle), 0.0])
        lean = np.radians(tilt * (0.5 + 0.5 * random.random()))
        roll = np.array([0, 0, random.uniform(-0.25, 0.25)])
        turn = cv2.Rodrigues(roll)[0] @ cv2.Rodrigues(axis * lean)[0]
        distance = distances[0] + (distances[1] - distances[0]) * random.random()
        (height, width), f = shown.size, shown.focal
        reach = spread * np.array([width, height]) / 2 / f
        place = np.append(random.uniform(-1, 1, 2) * reach, 1.0) * distance
        pose = turn, place - turn @ middle
        both = [(shown, pose), (RGB, in_rgb(pose))] if shown is not RGB else [(shown, pose)]
        margin = board.square
        if all(_is_within(camera, board, each, margin) for camera, each in both):
            found.append(pose)
    return found


def in_rgb(pose):
    """A pose of the thermal camera's frame in the RGB camera's."""
    turn, place = pose
    return ROTATION @ turn, ROTATION @ place + TRANSLATION


def _is_within(camera, board, pose, margin):
    turn, place = pose
    points = camera.points(board, pose)
    border = margin * camera.focal / place[2]
    limits = np.array(camera.size[::-1]) - 1 - border
    return (points > border).all() and (points < limits).all()


@lru_cache
def _rays(camera):
    """Directions of the samples of each pixel, (s h) x (s w) x 2."""
    height, width = camera.size
    s = SUPERSAMPLING
    x, y = np.meshgrid(
        (np.arange(s * width) + 0.5) / s - 0.5, (np.arange(s * height) + 0.5) / s - 0.5
    )
    pixels = np.stack([x, y], axis=-1).reshape(-1, 1, 2)
    flat = cv2.undistortPoints(pixels, camera.matrix, np.array(camera.distortion))
    return flat.reshape(s * height, s * width, 2)


def render(camera, board, pose, background=0.35):
    """The board in [0, 1]: dark squares 0, light squares and margin 1; h x w float32."""
    turn, place = pose
    rays = _rays(camera)
    inverse = np.linalg.inv(np.column_stack([turn[:, 0], turn[:, 1], place]))
    x, y, w = (rays @ row[:2] + row[2] for row in inverse)
    u, v = x / w / board.square, y / w / board.square
    if board.pattern == "checkerboard":
        dark = (np.floor(u) + np.floor(v)) % 2 == 0
        inside = (u > -1) & (v > -1) & (u < board.columns) & (v < board.rows)
        value = np.where(inside & dark, 0.0, 1.0)
        edge = 1.6
    else:
        centres = board.points[:, :2] / board.square
        value = np.ones_like(u)
        radius = 0.3 if board.pattern == "circles" else 0.5
        for cx, cy in centres:
            value[(u - cx) ** 2 + (v - cy) ** 2 < radius**2] = 0.0
        edge = 1.2
    far = board.points[:, :2].max(axis=0) / board.square
    on = (u > -edge) & (v > -edge) & (u < far[0] + edge) & (v < far[1] + edge)
    image = np.where(on, value, background).astype(np.float32)
    return cv2.resize(image, camera.size[::-1], interpolation=cv2.INTER_AREA)


def rgb_image(board, pose, seed=0, camera=RGB):
    """An H x W x 3 uint8 image of the board at a pose of the thermal camera's frame."""
    random = np.random.default_rng(seed)
    grey = 40 + 170 * render(camera, board, in_rgb(pose))
    image = cv2.GaussianBlur(grey, (0, 0), 0.6)[..., None] * np.array([1.0, 0.97, 0.9])
    return np.clip(image + random.normal(0, 3, image.shape), 0, 255).astype(np.uint8)


def thermal_image(board, pose, seed=0, camera=THERMAL, noise=6.0, blur=0.7, inverted=True):
    """14-bit counts, h x w uint16: what is dark is warm, blurred and noisy, with a hot spot."""
    random = np.random.default_rng(1000 + seed)
    value = render(camera, board, pose)
    value = 1 - value if inverted else value
    counts = 7600 + 300 * cv2.GaussianBlur(value, (0, 0), blur)
    counts += random.normal(0, noise, counts.shape)
    counts[:2, :3] = 9000
    return np.clip(counts, 0, 16383).astype(np.uint16)
