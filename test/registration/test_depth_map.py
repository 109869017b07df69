"""Depth images undo parallax: panels at known distances, drawn from both cameras."""

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from amdanet_ros.registration.depth_map import DepthProjector
from amdanet_ros.registration.lens import Lens
from amdanet_ros.registration.pixel_map import PlaneMap, View, warped
from amdanet_ros.registration.rig import Rig, RigCamera

RGB_SIZE, THERMAL_SIZE = (240, 320), (192, 256)
WHOLE = View((0, 0, *RGB_SIZE))
BARREL = Lens(False, (-0.3, 0.1, 0.001, -0.001, 0.0))
WALL = 80.0
PANELS = {2.0: (-0.4, 0.1), 5.0: (0.35, 0.8), 15.0: (-6.0, -4.5), 50.0: (9.0, 13.0)}
"""Distance along the RGB camera's axis, and the panel's left and right edge there, metres."""


def matrix(focal, size):
    return np.array([[focal, 0, (size[1] - 1) / 2], [0, focal, (size[0] - 1) / 2], [0, 0, 1.0]])


def rig(lens=None):
    return Rig(
        RigCamera(matrix(280.0, RGB_SIZE), lens),
        RigCamera(matrix(230.0, THERMAL_SIZE), lens),
        cv2.Rodrigues(np.array([0.01, 0.02, -0.01]))[0],
        np.array([0.12, 0.01, 0.02]),
    )


def drawn(camera, size, rotation, origin):
    """What a camera at a place sees, and its depth along the RGB camera's axis, H x W each.

    Panels are as warm as they are near; the wall behind them is cold.
    """
    y, x = np.mgrid[: size[0], : size[1]].astype(float)
    directions = camera.directions(np.column_stack([x.ravel(), y.ravel()])) @ rotation.T
    heat, depth = np.full(x.size, 20.0), np.full(x.size, WALL)
    for distance, (left, right) in sorted(PANELS.items(), reverse=True):
        across = origin[0] + directions[:, 0] * (distance - origin[2]) / directions[:, 2]
        met = (across >= left) & (across <= right)
        heat[met], depth[met] = 50.0 + 20.0 * list(PANELS).index(distance), distance
    return heat.reshape(size).astype(np.float32), depth.reshape(size).astype(np.float32)


def scene(lens=None):
    """The rig, the warmth of each RGB pixel, its depth, and the thermal image."""
    cameras = rig(lens)
    truth, depth = drawn(cameras.rgb, RGB_SIZE, np.eye(3), np.zeros(3))
    thermal, _ = drawn(cameras.thermal, THERMAL_SIZE, cameras.rotation, cameras.translation)
    return cameras, truth, depth, thermal


def projector(cameras, distance=0.0):
    nearness = 1.0 / distance if distance else 0.0
    return DepthProjector(cameras, nearness, WHOLE, RGB_SIZE, THERMAL_SIZE)


def edges(row, warmth):
    """First and last column of a panel: the longest run of its warmth."""
    turns = np.flatnonzero(np.diff(np.r_[0, np.abs(row - warmth) < 9.0, 0]))
    runs = turns.reshape(-1, 2)
    first, after = runs[np.argmax(runs[:, 1] - runs[:, 0])]
    return first, after - 1


@pytest.mark.parametrize("lens", [None, BARREL])
def test_edges_from_2_m_to_50_m_lie_within_2_pixels(lens):
    cameras, truth, depth, thermal = scene(lens)
    placed = warped(thermal, projector(cameras).map(depth).at(RGB_SIZE))
    plane = warped(thermal, PlaneMap(cameras, 0.0, WHOLE).at(RGB_SIZE))
    for index in range(len(PANELS)):
        warmth = 50.0 + 20.0 * index
        for row in (60, 120, 180):
            expected = edges(truth[row], warmth)
            np.testing.assert_allclose(edges(placed[row], warmth), expected, atol=2)
    near = edges(plane[120], 50.0)
    assert abs(near[0] - edges(truth[120], 50.0)[0]) > 10  # what the depth undoes


def test_what_a_near_thing_hides_is_not_drawn_with_its_warmth():
    """Seen from the thermal camera the near panel covers a strip of the wall beside it."""
    cameras, truth, depth, thermal = scene()
    placed = warped(thermal, projector(cameras).map(depth).at(RGB_SIZE))
    seen = slice(30, -40)
    wrong = np.abs(placed - truth)[40:-40, seen] > 15.0
    assert wrong.mean() < 0.03
    for columns in (c[seen] for c in np.abs(placed - truth)[[60, 120, 180]]):
        runs = np.diff(np.flatnonzero(np.diff(np.r_[0, columns > 15.0, 0]))[::1])[::2]
        assert runs.max(initial=0) <= 3  # edges, never a strip


@pytest.mark.parametrize("factor", [0.5, 2.0])
@pytest.mark.parametrize("size", [RGB_SIZE, (120, 160)])
def test_depth_of_another_resolution_serves(factor, size):
    cameras, truth, depth, thermal = scene()
    made = projector(cameras)
    other = cv2.resize(depth, None, fx=factor, fy=factor, interpolation=cv2.INTER_NEAREST)
    assert made.fits(other.shape)
    placed = warped(thermal, made.map(other).at(size))
    placed = cv2.resize(placed, RGB_SIZE[::-1], interpolation=cv2.INTER_NEAREST)
    np.testing.assert_allclose(edges(placed[120], 50.0), edges(truth[120], 50.0), atol=2)


@pytest.mark.parametrize("shape", [(1, 1), (192, 320), (320, 240), (240, 424), (2, 320), (0, 0)])
def test_depth_of_another_shape_does_not_fit(shape):
    assert not projector(rig()).fits(shape)


@pytest.mark.parametrize("shape", [(240, 320), (120, 160), (119, 160), (480, 640), (60, 80)])
def test_depth_of_the_same_shape_fits(shape):
    assert projector(rig()).fits(shape)


@pytest.mark.parametrize("value", [0.0, -3.0, np.nan, np.inf, -np.inf, 1e-30])
def test_without_depth_the_plane_at_the_distance_counts(value):
    cameras, small = rig(BARREL), (60, 80)
    found = projector(cameras, 4.0).map(np.full(RGB_SIZE, value, np.float32)).at(small)
    plane = PlaneMap(cameras, 0.25, WHOLE).at(small)
    inside = ((plane >= 0) & (plane < THERMAL_SIZE[::-1])).all(axis=2)
    assert inside.mean() > 0.5
    np.testing.assert_allclose(found[inside], plane[inside], atol=0.1)


def test_a_window_and_a_crop_count_in_their_own_pixels():
    cameras, _, depth, _ = scene()
    whole = projector(cameras).map(depth).at(RGB_SIZE)
    view = View((40, 60, 160, 200), (7, 11))
    cut = DepthProjector(cameras, 0.0, view, RGB_SIZE, (180, 240)).map(depth).at((160, 200))
    # Beside the panels, where neither hides anything.
    np.testing.assert_allclose(cut[10, 10], whole[50, 70] - (11, 7), atol=1e-3)
    np.testing.assert_allclose(cut[150, 100], whole[190, 160] - (11, 7), atol=1e-3)


@settings(max_examples=20, deadline=None, derandomize=True)
@given(
    depth=arrays(
        np.float32, (12, 16), elements=st.floats(width=32) | st.sampled_from([0.0, 0.06, 2.0, 9.0])
    ),
    lens=st.sampled_from([None, BARREL, Lens(True, (0.1, 0.0, 0.0, 0.0))]),
    distance=st.sampled_from([0.0, 0.01, 3.0]),
)
def test_any_depth_gives_places(depth, lens, distance):
    """Also of a thermal camera that looks the other way."""
    for turn in (np.eye(3), np.diag([-1.0, 1.0, -1.0])):
        cameras = Rig(rig(lens).rgb, rig(lens).thermal, turn, np.array([0.1, 0.0, -0.5]))
        assert np.isfinite(projector(cameras, distance).map(depth).at((12, 16))).all()
