"""Values that must not be mixed, resized by nearest neighbour."""

import cv2
import numpy as np
import pytest

from amdanet_ros.images.nearest import nearest_index, resize_nearest


def test_pixels_are_repeated_when_an_image_is_enlarged():
    labels = np.array([[0, 8], [3, 5]], np.uint8)
    large = resize_nearest(labels, (4, 6))
    np.testing.assert_array_equal(large, np.kron(labels, np.ones((2, 3), np.uint8)))


@pytest.mark.skipif(cv2.__version__ >= "5", reason="OpenCV 5 decides ties otherwise")
@pytest.mark.parametrize("old", [(64, 80), (33, 45), (90, 120)])
@pytest.mark.parametrize("new", [(96, 120), (33, 200), (45, 31), (64, 80)])
@pytest.mark.parametrize("dtype", [np.uint8, np.float32])
def test_ties_are_decided_as_opencv_4_does(old, new, dtype):
    values = np.random.default_rng(0).integers(0, 255, old).astype(dtype)
    expected = cv2.resize(values, new[::-1], interpolation=cv2.INTER_NEAREST_EXACT)
    np.testing.assert_array_equal(resize_nearest(values, new), expected)


@pytest.mark.parametrize(("old", "new"), [(1, 7), (7, 1), (240, 480), (480, 333)])
def test_indices_rise_and_stay_inside(old, new):
    index = nearest_index(old, new)
    assert len(index) == new
    assert index.min() >= 0
    assert index.max() <= old - 1
    assert (np.diff(index) >= 0).all()
    np.testing.assert_allclose(index + 0.5, (np.arange(new) + 0.5) * old / new, atol=0.51)
