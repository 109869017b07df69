"""Scoring a network on pairs."""

import importlib.util

import numpy as np
import pytest
import torch
from torch import nn

from amdanet_ros.evaluation.scoring import predicted, score_pairs
from amdanet_ros.inference.finite_output import NonFiniteOutputError
from amdanet_ros.network.amdanet import AMDANetOutput
from amdanet_ros.training.labelled_pair import LabelledPair

needs_torchmetrics = pytest.mark.skipif(
    importlib.util.find_spec("torchmetrics") is None, reason="torchmetrics is not installed"
)


class ThresholdNetwork(nn.Module):
    """Class 1 where the thermal image is bright."""

    def forward(self, rgb, thermal, want_fused=True):
        assert not self.training
        hot = thermal[:, :1]
        scores = torch.cat([torch.full_like(hot, 0.5), hot], dim=1)
        return AMDANetOutput(scores, rgb if want_fused else None)


@pytest.fixture
def pairs():
    thermal = np.zeros((48, 48), np.uint8)
    thermal[:, 24:] = 250
    rgb = np.random.default_rng(0).integers(0, 256, (48, 48, 3), np.uint8)
    labels = (thermal > 0).astype(np.uint8)
    wrong = labels.copy()
    wrong[:24] = 0
    return [
        LabelledPair("a", rgb, thermal, labels, "day"),
        LabelledPair("b", rgb, thermal, wrong, "night"),
    ]


def test_each_condition_has_its_matrix(pairs):
    network = ThresholdNetwork().train()
    report = score_pairs(network, pairs, ("cold", "hot"), torch.device("cpu"))
    assert network.training
    assert report.matrices["day"].scores().mean_iou() == 1
    assert report.matrices["night"].scores().iou[1] == pytest.approx(0.5)
    assert report.facts["pairs"] == 2


@pytest.mark.parametrize("window", [None, (40, 40), (64, 64)])
def test_without_the_fused_image_the_labels_are_the_same(pairs, window):
    labels, fused = predicted(ThresholdNetwork().eval(), pairs[0], torch.device("cpu"), window)
    alone, none = predicted(
        ThresholdNetwork().eval(), pairs[0], torch.device("cpu"), window, want_fused=False
    )
    assert np.array_equal(labels, alone)
    assert fused.shape == (48, 48, 3) and none is None


def test_windows_give_the_same_for_a_network_of_pixels(pairs):
    whole, cut = (
        score_pairs(ThresholdNetwork(), pairs, ("cold", "hot"), torch.device("cpu"), window)
        for window in (None, (40, 40))
    )
    assert np.array_equal(whole.total.counts, cut.total.counts)


@needs_torchmetrics
def test_fusion_metrics_are_means_over_images(pairs):
    report = score_pairs(
        ThresholdNetwork(), pairs, ("cold", "hot"), torch.device("cpu"), with_fusion=True
    )
    assert set(report.fusion) >= {"EN", "VIF", "Qabf", "SSIM"}


@pytest.mark.parametrize("window", [None, (32, 32), (64, 64)])
def test_scores_that_are_not_finite_are_no_score_of_the_first_class(pairs, window):
    class Diverged(nn.Module):
        def forward(self, rgb, thermal, want_fused):
            return AMDANetOutput(torch.full_like(rgb[:, :2], torch.nan), rgb)

    with pytest.raises(NonFiniteOutputError, match="class scores"):
        score_pairs(Diverged(), pairs, ("cold", "hot"), torch.device("cpu"), window)
