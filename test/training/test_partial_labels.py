"""Labels that say only what a pixel is not."""

import math

import pytest
import torch
import torch.nn.functional as F

from amdanet_ros.classes import NONE_OF
from amdanet_ros.network import AMDANetOutput
from amdanet_ros.training.config import LossConfig
from amdanet_ros.training.losses import AMDANetLoss
from amdanet_ros.training.losses.dice import dice_loss
from amdanet_ros.training.losses.partial_labels import (
    completed,
    partial_cross_entropy,
    partial_dice_loss,
)
from amdanet_ros.training.losses.small_objects import object_weights


def logits_of(*probabilities):
    """One row of pixels with these class probabilities each."""
    return torch.tensor(probabilities).log().T[None, :, None]


def test_a_pixel_that_is_none_of_some_classes_is_one_of_the_others():
    logits = logits_of([0.5, 0.2, 0.3], [0.1, 0.2, 0.7])
    labels = torch.tensor([[[NONE_OF, 255]]])
    assert partial_cross_entropy(logits, labels, [1, 2]).item() == pytest.approx(-math.log(0.5))
    assert partial_cross_entropy(logits, labels, [2]).item() == pytest.approx(-math.log(0.7))


def test_whole_labels_give_the_plain_losses():
    random = torch.Generator().manual_seed(0)
    logits = torch.randn(2, 4, 5, 6, generator=random)
    labels = torch.randint(0, 4, (2, 5, 6), generator=random)
    labels[0, 0] = 255
    plain = torch.nn.functional.cross_entropy(logits, labels, ignore_index=255)
    assert partial_cross_entropy(logits, labels, [3]).item() == pytest.approx(plain.item())
    expected = dice_loss(logits, labels).item()
    assert partial_dice_loss(logits, labels, [3]).item() == pytest.approx(expected, abs=1e-6)


def test_dice_counts_an_excluded_class_where_it_is_known_to_be_absent():
    logits = logits_of([0.2, 0.8], [0.4, 0.6])
    labels = torch.tensor([[[1, NONE_OF]]])
    # class 0: pixel 1 alone is known; class 1: both are.
    expected = ((1 - 0.0) + (1 - 2 * 0.8 / (0.8 + 0.6 + 1))) / 2
    found = partial_dice_loss(logits, labels, [1]).item()
    assert found == pytest.approx(expected, abs=1e-4)


def test_a_batch_without_any_label_costs_nothing():
    logits, labels = torch.randn(1, 3, 4, 4), torch.full((1, 4, 4), 255)
    assert partial_cross_entropy(logits, labels, [2]).item() == 0
    assert partial_dice_loss(logits, labels, [2]).item() == 0


def test_excluding_every_class_is_refused():
    with pytest.raises(ValueError, match="none is left"):
        partial_cross_entropy(torch.zeros(1, 2, 1, 1), torch.tensor([[[NONE_OF]]]), [0, 1])


def test_the_training_loss_learns_from_what_a_pixel_is_not():
    logits = torch.zeros(1, 3, 4, 4, requires_grad=True)
    labels = torch.full((1, 4, 4), NONE_OF)
    output = type("Output", (), {"logits": logits, "fused": None})
    AMDANetLoss(none_of=[2])(output, None, None, labels)["total"].backward()
    assert (logits.grad[:, 2] > 0).all()  # descent makes the excluded class less likely
    assert torch.allclose(logits.grad[:, 0], logits.grad[:, 1])


def test_a_loss_of_one_class_a_pixel_takes_the_likeliest_that_is_possible():
    logits = logits_of([0.1, 0.2, 0.7], [0.3, 0.1, 0.6], [0.2, 0.2, 0.6])
    labels = torch.tensor([[[NONE_OF, NONE_OF, 2]]])
    assert completed(logits, labels, [2]).tolist() == [[[1, 0, 2]]]
    assert completed(logits, torch.tensor([[[255, 0, 1]]]), [2]).tolist() == [[[255, 0, 1]]]


def test_pixels_of_small_objects_weigh_more_up_to_a_bound():
    labels = torch.zeros(2, 40, 40, dtype=torch.uint8)
    labels[0, :5, :5], labels[0, 20:, :20], labels[0, 10, 30] = 1, 1, 2
    labels[1, 3, 3] = labels[1, 4, 4] = 2  # along the diagonal: one object
    weights = object_weights(labels, [1, 2], 30.0)
    assert weights[0, 0, 0] == 4 and weights[0, 30, 10] == 1 and weights[0, 10, 30] == 20
    assert weights[1, 3, 3].item() == pytest.approx(200**0.5)
    assert weights[labels == 0].eq(1).all()
    assert object_weights(labels, [1, 2], 6.0).max() == 6
    assert object_weights(labels, [1], 30.0)[1].eq(1).all()


def test_a_weight_for_small_objects_counts_in_the_cross_entropy_alone():
    torch.manual_seed(0)
    logits, labels = torch.randn(1, 3, 20, 20), torch.zeros(1, 20, 20, dtype=torch.uint8)
    labels[0, 5:7, 5:7], labels[0, 12:] = 2, NONE_OF
    output = AMDANetOutput(logits, None)

    def terms(**values):
        return AMDANetLoss(LossConfig(**values), none_of=(2,))(output, None, None, labels)

    plain, weighted = terms(), terms(small_objects=5.0)
    own = F.cross_entropy(logits, labels.clamp(max=2).long(), reduction="none")[labels == 2].sum()
    more = weighted["cross_entropy"] - plain["cross_entropy"]
    assert more.item() == pytest.approx(4 * own.item() / 400, rel=1e-4)
    assert weighted["dice"] == plain["dice"]
    with pytest.raises(ValueError, match=r"small_objects needs data\.none_of"):
        AMDANetLoss(LossConfig(small_objects=5.0))
