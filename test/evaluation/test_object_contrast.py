"""Contrast of objects in images with known values."""

import sys
from pathlib import Path

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).parent))
from object_contrast import detail, object_contrast, object_masks


@pytest.fixture
def labels():
    made = np.zeros((40, 60), np.uint8)
    made[10:20, 10:20] = 3
    made[10:20, 40:50] = 3
    made[30:33, 5:8] = 3
    return made


def test_each_region_is_one_object_and_specks_are_none(labels):
    masks = list(object_masks(labels, 3))
    assert [int(mask.sum()) for mask in masks] == [100, 100]


def test_contrast_is_the_difference_to_the_ring(labels):
    mask = next(object_masks(labels, 3))
    image = np.full((40, 60, 3), 50.0)
    image[mask] = (60, 90, 50)
    assert object_contrast(image, mask) == pytest.approx(40)
    assert object_contrast(image[..., 2], mask) == 0
    assert np.isnan(object_contrast(np.ones((5, 5)), np.ones((5, 5), bool)))


def test_detail_sees_the_inside_alone(labels):
    mask = next(object_masks(labels, 3))
    image = np.full((40, 60), 200.0)
    image[mask] = 100
    assert detail(image, mask) == 0
    image[12:18, 10:15] = 0
    assert detail(image, mask) == pytest.approx(50)
