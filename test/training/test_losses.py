"""Losses: hand-computed values and documented rules."""

import importlib.util
import math
from types import SimpleNamespace

import pytest
import torch

from amdanet_ros.training.config import LossConfig
from amdanet_ros.training.losses import AMDANetLoss, lovasz
from amdanet_ros.training.losses.dice import dice_loss
from amdanet_ros.training.losses.fusion_loss import FusionTarget, sobel
from amdanet_ros.training.losses.lovasz import lovasz_loss

needs_kornia = pytest.mark.skipif(
    importlib.util.find_spec("kornia") is None, reason="kornia is not installed"
)


def logits_of(probability_of_one):
    """Two classes; the softmax of class 1 is as given."""
    odds = torch.logit(torch.tensor(probability_of_one))
    return torch.stack([torch.zeros_like(odds), odds]).unsqueeze(0)


def test_dice_of_an_image_computed_by_hand():
    logits = logits_of([[0.8, 0.4]])
    labels = torch.tensor([[[1, 0]]])
    # class 0: overlap 0.6, predicted 0.2 + 0.6, target 1; class 1: 0.8, 0.8 + 0.4, 1
    expected = 1 - (2 * 0.6 / 1.8 + 2 * 0.8 / 2.2) / 2
    assert dice_loss(logits, labels).item() == pytest.approx(expected, abs=1e-5)


def test_dice_rules_differ_only_in_pixels_without_label():
    logits = logits_of([[0.8, 0.4, 0.9]])
    labels = torch.tensor([[[1, 0, 255]]])
    without = dice_loss(logits[..., :2], labels[..., :2])
    assert dice_loss(logits, labels, "ignore").item() == pytest.approx(without.item())
    # "released": the third pixel is class 0 with probability 0.1
    expected = 1 - (2 * 0.7 / (0.9 + 2) + 2 * 0.8 / (2.1 + 1)) / 2
    assert dice_loss(logits, labels, "released").item() == pytest.approx(expected, abs=1e-5)


def test_unknown_dice_rule_is_refused():
    with pytest.raises(ValueError, match="ignore, released"):
        AMDANetLoss(LossConfig(dice_rule="wrong"))


@needs_kornia
def test_lovasz_of_an_image_computed_by_hand():
    logits = logits_of([[0.8, 0.4]])
    labels = torch.tensor([[[1, 0]]])
    # Errors by size and the IoU lost with each (Berman et al., Section 2.2). Class 1: the second
    # pixel, 0.4, a false positive, takes 1/2, then the first, 0.2, the other half. Class 0: the
    # second, 0.4, is its only pixel and takes all.
    expected = ((0.4 * 0.5 + 0.2 * 0.5) + 0.4 * 1.0) / 2
    assert lovasz_loss(logits, labels).item() == pytest.approx(expected, abs=1e-6)


@needs_kornia
def test_lovasz_leaves_out_what_has_no_label_and_classes_that_do_not_occur():
    logits = logits_of([[0.8, 0.4, 0.9]])
    labels = torch.tensor([[[1, 0, 255]]])
    expected = lovasz_loss(logits[..., :2], labels[..., :2])
    assert lovasz_loss(logits, labels).item() == pytest.approx(expected.item())
    third = torch.cat([logits, torch.full((1, 1, 1, 3), -30.0)], dim=1)
    assert lovasz_loss(third, labels).item() == pytest.approx(expected.item(), abs=1e-6)
    assert lovasz_loss(logits, torch.full_like(labels, 255)).item() == 0


@needs_kornia
def test_lovasz_falls_to_zero_along_its_gradient():
    random = torch.Generator().manual_seed(0)
    labels = torch.randint(0, 3, (2, 6, 6), generator=random)
    logits = torch.randn(2, 3, 6, 6, generator=random).requires_grad_()
    start = lovasz_loss(logits, labels).item()
    for _ in range(60):
        (gradient,) = torch.autograd.grad(lovasz_loss(logits, labels), logits)
        logits = (logits - 20 * gradient).detach().requires_grad_()
    assert 0 <= lovasz_loss(logits, labels).item() < 0.1 * start
    assert torch.equal(logits.argmax(dim=1), labels)


@needs_kornia
def test_lovasz_counts_by_its_weight_in_both_decodings():
    plain, more = AMDANetLoss()(*output()), AMDANetLoss(LossConfig(lovasz=0.5))(*output())
    assert set(more) - set(plain) == {"lovasz", "masked_lovasz"}
    added = 1.0 * 0.5 * more["lovasz"] + 0.5 * 0.5 * 0.5 * more["masked_lovasz"]
    assert (more["total"] - plain["total"]).item() == pytest.approx(added.item(), rel=1e-4)


def test_lovasz_by_a_kornia_of_another_meaning_is_refused(monkeypatch):
    monkeypatch.setattr(lovasz, "version", lambda _: "0.8.2")
    with pytest.raises(ImportError, match=r"at least 0\.9 .*0\.8\.2 is installed"):
        AMDANetLoss(LossConfig(lovasz=1.0))
    with pytest.raises(ValueError, match="at least 0"):
        AMDANetLoss(LossConfig(lovasz=-1.0))


def test_sobel_of_a_ramp():
    ramp = torch.arange(5.0).expand(1, 1, 5, 5)
    along_x, along_y = sobel(ramp)
    assert (along_x[..., 1:-1, 1:-1] == 8).all()
    assert (along_y[..., 1:-1, 1:-1] == 0).all()
    assert (sobel(ramp.transpose(2, 3))[1][..., 1:-1, 1:-1] == -8).all()


def test_fusion_of_flat_images_computed_by_hand():
    flat = torch.ones(1, 3, 4, 4)
    terms = FusionTarget(0.5 * flat, 0.3 * flat).terms(0.2 * flat)
    assert terms.content.item() == pytest.approx(0.5**0.8 - 0.2, abs=1e-6)
    assert terms.color.item() == pytest.approx(0, abs=1e-6)  # grey against grey


def test_fusion_is_zero_at_its_target_and_blind_to_padding():
    rgb = torch.rand(1, 3, 6, 6, generator=torch.Generator().manual_seed(0))
    thermal = torch.zeros_like(rgb)
    valid = torch.ones(1, 6, 6)
    valid[..., 4:] = 0
    fused = rgb.pow(0.8)
    fused[..., 4:] = 1
    terms = FusionTarget(rgb, thermal, valid).terms(fused)
    assert terms.content.item() == pytest.approx(0, abs=1e-6)
    assert terms.color.item() == pytest.approx(0, abs=1e-6)


def output(masked=True):
    random = torch.Generator().manual_seed(1)
    logits, masked_logits = (torch.randn(2, 3, 8, 8, generator=random) for _ in range(2))
    fused, masked_fused = (torch.rand(2, 3, 8, 8, generator=random) for _ in range(2))
    images = [torch.rand(2, 3, 8, 8, generator=random) for _ in range(2)]
    labels = torch.randint(0, 3, (2, 8, 8), generator=random)
    if not masked:
        masked_logits = masked_fused = None
    return (
        SimpleNamespace(
            logits=logits, fused=fused, masked_logits=masked_logits, masked_fused=masked_fused
        ),
        *images,
        labels,
    )


def test_total_is_the_supplements_weighted_sum():
    batch = output()
    terms = AMDANetLoss(LossConfig(alpha1=0.3, alpha2=0.7, alpha3=0.6))(*batch)
    expected = (
        0.3 * (terms["cross_entropy"] + 2 * terms["dice"])
        + 0.7 * terms["fusion"]
        + 0.6
        * 0.5
        * (terms["masked_cross_entropy"] + 2 * terms["masked_dice"] + terms["masked_fusion"])
    )
    assert terms["total"].item() == pytest.approx(expected.item(), rel=1e-6)


def test_without_the_masked_pair_its_terms_are_left_out():
    terms = AMDANetLoss()(*output(masked=False))
    assert not any(name.startswith("masked") for name in terms)


def test_a_batch_without_labels_gives_a_finite_loss():
    made, rgb, thermal, labels = output()
    terms = AMDANetLoss()(made, rgb, thermal, torch.full_like(labels, 255))
    assert terms["cross_entropy"].item() == 0
    assert math.isfinite(terms["total"].item())
