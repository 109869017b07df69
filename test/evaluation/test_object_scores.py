"""Scores on maps of a few classes and on boxes, computed by hand."""

from types import SimpleNamespace

import numpy as np
import pytest
import torch

from amdanet_ros.evaluation.object_scores import ObjectScores, outside_boxes, score_objects

NAMES = ("road", "person", "vehicle")


def test_iou_counts_what_is_called_an_object_where_none_is_and_leaves_out_the_unknown():
    scores = ObjectScores([1, 2])
    labels = np.array([[1, 1, 254, 254, 255, 2]], np.uint8)
    predicted = np.array([[1, 0, 1, 0, 1, 0]], np.uint8)
    scores.add(labels, predicted)
    assert scores.iou().tolist() == pytest.approx([1 / 3, 0.0])
    scores.add(np.array([[2]]), np.array([[2]]))  # over all images, not a mean of images
    assert scores.as_dict(NAMES) == pytest.approx(
        {"person": 1 / 3, "vehicle": 0.5, "mean_iou": (1 / 3 + 0.5) / 2}
    )


def test_a_class_that_occurs_nowhere_is_left_out_of_the_mean():
    scores = ObjectScores([1, 2])
    assert np.isnan(scores.mean_iou())
    scores.add(np.array([[1, 254]]), np.array([[1, 0]]))
    assert scores.mean_iou() == 1.0


def test_boxes_are_hit_by_their_middle_and_what_lies_outside_is_stray():
    scores = ObjectScores([1, 2])
    predicted = np.zeros((40, 60), np.uint8)
    predicted[10:30, 20:30] = 1  # fills the middle of the first box
    predicted[0:4, 0:50] = 2  # outside all boxes
    boxes = [
        (0, 15.0, 5.0, 35.0, 35.0),
        (0, 40.0, 10.0, 50.0, 30.0),  # missed
        (0, 52.0, 10.0, 54.0, 15.0),  # too low to count
        (2, 40.0, 32.0, 60.0, 40.0),  # no person
    ]
    scores.add_boxes(boxes, predicted, kinds={0: 1}, least_height=10.0)
    found = scores.as_dict(NAMES)
    assert found["box_hits"] == 0.5
    outside = 40 * 60 - 20 * 30 - 10 * 20 - 2 * 5 - 20 * 8
    assert found["stray"] == pytest.approx(200 / outside)


def test_boxes_of_other_kinds_have_their_own_class_whatever_the_order_of_the_objects():
    scores = ObjectScores([2, 1])
    predicted = np.zeros((40, 60), np.uint8)
    predicted[:20] = 2
    boxes = [(2, 0.0, 0.0, 20.0, 20.0), (2, 0.0, 20.0, 20.0, 40.0), (0, 30.0, 0.0, 50.0, 20.0)]
    scores.add_boxes(boxes, predicted, {0: 1, 2: 2}, 10.0)
    found = scores.as_dict(NAMES)
    assert found["vehicle_box_hits"] == 0.5 and found["box_hits"] == 0.0


def test_a_margin_widens_boxes_up_to_the_image():
    outside = outside_boxes((10, 10), [(0, 4.0, 4.0, 6.0, 6.0), (0, 9.0, 0.0, 12.0, 2.0)], 1.0)
    assert not outside[3:7, 3:7].any() and outside[2, 2:7].all()
    assert (~outside).sum() == 16 + 2 * 3


class Hot(torch.nn.Module):
    """Calls hot pixels class 1."""

    def forward(self, rgb, thermal, want_fused=True):
        assert not want_fused and not self.training
        hot = thermal[:, 0] - 0.5
        return SimpleNamespace(logits=torch.stack([-hot, hot, torch.full_like(hot, -9)], 1))


def test_a_network_is_scored_by_condition():
    def pair(name, condition):
        labels = np.full((8, 8), 254, np.uint8)
        thermal = np.zeros((8, 8), np.uint8)
        labels[:4], thermal[:4] = 1, 255 if condition == "day" else 0
        rgb = np.zeros((8, 8, 3), np.uint8)
        return SimpleNamespace(
            name=name, rgb=rgb, thermal=thermal, labels=labels, condition=condition
        )

    network = Hot().train()
    boxes = {"a": [(0, 0.0, 0.0, 8.0, 4.0)], "b": [(0, 0.0, 0.0, 8.0, 4.0)]}
    scores = score_objects(
        network, [pair("a", "day"), pair("b", "night")], [1, 2], torch.device("cpu"), boxes, 3.0
    )
    assert network.training
    assert scores["day"].as_dict(NAMES)["person"] == 1.0
    assert scores["day"].as_dict(NAMES)["box_hits"] == 1.0
    assert scores["night"].as_dict(NAMES)["person"] == 0.0
    assert scores["night"].as_dict(NAMES)["box_hits"] == 0.0
