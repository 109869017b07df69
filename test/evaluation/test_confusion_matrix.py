"""Segmentation scores by hand-computed values."""

import math

import numpy as np
import pytest

from amdanet_ros.evaluation.confusion_matrix import ConfusionMatrix


def matrix(labels, predicted, classes=3):
    made = ConfusionMatrix(classes)
    made.add(np.array(labels, np.uint8), np.array(predicted))
    return made


def test_scores_computed_by_hand():
    made = matrix([0, 0, 0, 1, 1, 2], [0, 0, 1, 1, 2, 2])
    assert made.counts.tolist() == [[2, 1, 0], [0, 1, 1], [0, 0, 1]]
    scores = made.scores()
    assert scores.iou == pytest.approx([2 / 3, 1 / 3, 1 / 2])
    assert scores.accuracy == pytest.approx([2 / 3, 1 / 2, 1])
    assert scores.precision == pytest.approx([1, 1 / 2, 1 / 2])
    assert scores.mean_iou() == pytest.approx(0.5)
    assert scores.mean_iou(without={1}) == pytest.approx(7 / 12)


def test_pixels_without_label_are_left_out():
    assert matrix([0, 255, 3], [0, 1, 2]).counts.sum() == 1


def test_a_class_that_occurs_nowhere_is_left_out_of_the_means():
    scores = matrix([0, 1], [0, 0]).scores()
    assert math.isnan(scores.iou[2])
    assert scores.mean_iou() == pytest.approx((0.5 + 0) / 2)


def test_images_add_up():
    made = matrix([0, 1], [0, 1])
    made.add(np.array([[2, 2]]), np.array([[1, 2]]))
    assert made.counts.tolist() == [[1, 0, 0], [0, 1, 0], [0, 1, 1]]


def test_wrong_input_is_refused():
    with pytest.raises(ValueError, match="labels are"):
        matrix([0, 1], [0])
    with pytest.raises(ValueError, match="predictions must be 0 to 2"):
        matrix([0], [3])
