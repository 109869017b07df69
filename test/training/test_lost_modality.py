"""A training with lost modalities: its losses, and how it starts."""

import math

import pytest
import torch

from amdanet_ros.network import AMDANet
from amdanet_ros.network.checkpoint import load_checkpoint, save_checkpoint
from amdanet_ros.network.mix_transformer import BACKBONES, MixTransformerSize
from amdanet_ros.network.modality_reliability import ModalityReliability
from amdanet_ros.training import reliability_fit
from amdanet_ros.training.augmentation import (
    NOTHING_LOST,
    PARTLY_LOST,
    RGB_LOST,
    THERMAL_LOST,
)
from amdanet_ros.training.config import ConfigError, load_config
from amdanet_ros.training.experiment import build_network
from amdanet_ros.training.losses.reliability import LOST_WORTH, reliability_loss
from amdanet_ros.training.reliability_fit import fit_reliabilities
from amdanet_ros.training.trainer import Trainer


@pytest.fixture
def tiny_adaptive():
    BACKBONES["mit_tiny"] = MixTransformerSize((8, 16, 40, 64), (1, 1, 1, 1))
    torch.manual_seed(2)
    yield AMDANet("mit_tiny", 3, embed_dim=8, adaptive_weighting=True)
    del BACKBONES["mit_tiny"]


def test_the_fused_picture_is_asked_for_what_is_left(tmp_path, micro, blobs, here):
    config = micro(augmentation__modality_dropout=1.0, validate_every=100, network__embed_dim=8)
    trainer = Trainer(config, tmp_path, blobs(), blobs(2, 50), here)
    seen, whole = [], trainer.loss.forward

    def watched(output, rgb, thermal, *others):
        seen.append((rgb, thermal))
        return whole(output, rgb, thermal, *others)

    trainer.loss.forward = watched
    trainer.run(stop_at=2)
    assert len(seen) == 2
    for rgb, thermal in seen:
        assert torch.equal(rgb, thermal)
        assert rgb.std() > 0


def test_the_adaptive_demo_goes_on_from_the_demo_weights(project, tmp_path):
    weights = project / "amdanet_ros" / "weights" / "demo_mit_b0.safetensors"
    path = project / "config" / "training" / "demo_adaptive.yaml"
    network = build_network(load_config(path, (f"initial={weights}",)))
    assert network.config()["adaptive_weighting"]
    state = load_checkpoint(weights).state
    own = network.state_dict()
    assert all(torch.equal(own[key], value) for key, value in state.items())


def test_weights_without_reliabilities_load_strictly_where_weighting_is_off(micro, tmp_path):
    plain = AMDANet("mit_b0", 5, embed_dim=16)
    save_checkpoint(tmp_path / "plain.safetensors", plain)
    network = build_network(micro(initial=str(tmp_path / "plain.safetensors")))
    assert network.state_dict().keys() == plain.state_dict().keys()
    assert all(torch.equal(v, plain.state_dict()[k]) for k, v in network.state_dict().items())


@pytest.mark.parametrize(
    ("weights", "lost", "expected"),
    [
        ((1.0, 1.0), NOTHING_LOST, math.log(2)),
        ((1.5, 0.5), NOTHING_LOST, -0.5 * (math.log(0.75) + math.log(0.25))),
        ((1.5, 0.5), THERMAL_LOST, -0.85 * math.log(0.75) - 0.15 * math.log(0.25)),
        ((1.5, 0.5), RGB_LOST, -0.15 * math.log(0.75) - 0.85 * math.log(0.25)),
        ((1.5, 0.5), PARTLY_LOST, 0.0),
    ],
)
def test_reliability_loss_of_one_sample(weights, lost, expected):
    reliability = torch.tensor(weights).expand(1, 4, 2)
    found = reliability_loss(reliability, torch.tensor([lost]))
    assert found.item() == pytest.approx(expected, abs=1e-6)


def test_reliability_loss_is_the_mean_over_the_samples_that_count():
    reliability = 0.1 + 1.8 * torch.rand(3, 4, 1)
    reliability = torch.cat([reliability, 2 - reliability], dim=2)
    lost = torch.tensor([RGB_LOST, PARTLY_LOST, THERMAL_LOST])
    alone = [reliability_loss(reliability[i : i + 1], lost[i : i + 1]) for i in (0, 2)]
    torch.testing.assert_close(reliability_loss(reliability, lost), sum(alone) / 2)


def test_the_loss_teaches_a_reliability_which_camera_was_lost():
    torch.manual_seed(0)
    module = ModalityReliability(8)
    module.start_equal()
    optimizer = torch.optim.Adam(module.parameters(), 1e-3)

    def batch():
        tokens = torch.randn(2, 9, 100, 8)
        lost = torch.tensor([NOTHING_LOST, RGB_LOST, THERMAL_LOST] * 3)
        for code, flat in ((RGB_LOST, tokens[0]), (THERMAL_LOST, tokens[1])):
            flat[lost == code] = 0.3
        return tokens, lost

    for _ in range(150):
        tokens, lost = batch()
        optimizer.zero_grad()
        reliability_loss(module(*tokens)[:, None], lost).backward()
        optimizer.step()
    tokens, lost = batch()
    weights = module(*tokens).detach()
    assert (weights[lost == RGB_LOST, 0] < 0.6).all()
    assert (weights[lost == THERMAL_LOST, 1] < 0.6).all()
    assert (weights[lost == NOTHING_LOST, 0] - 1).abs().max() < 0.5


def test_reliabilities_are_fitted_alone_and_know_samples_not_seen(tiny_adaptive):
    network = tiny_adaptive
    before = {name: value.clone() for name, value in network.state_dict().items()}
    torch.manual_seed(0)

    def batch():
        pictures = {"rgb": torch.rand(9, 3, 48, 48), "thermal": torch.rand(9, 1, 48, 48)}
        pictures["lost"] = torch.tensor([NOTHING_LOST, RGB_LOST, THERMAL_LOST] * 3)
        pictures["rgb"][pictures["lost"] == RGB_LOST] = 1.0
        pictures["thermal"][pictures["lost"] == THERMAL_LOST] = 0.5
        return pictures

    left = fit_reliabilities(network, [batch() for _ in range(6)], torch.device("cpu"))
    lost = -0.85 * math.log(0.85) - 0.15 * math.log(0.15)
    least = (math.log(2) + 2 * lost) / 3  # no weights can do better
    assert all(least - 1e-4 < loss < least + 0.1 for loss in left)
    changed = {k for k, v in network.state_dict().items() if not torch.equal(v, before[k])}
    assert changed and all(".reliability." in name for name in changed)
    other = batch()
    with torch.inference_mode():
        output = network.eval()(other["rgb"], other["thermal"].expand(-1, 3, -1, -1))
    weights = output.reliability
    assert weights[other["lost"] == RGB_LOST, :, 0].max() < 0.6
    assert weights[other["lost"] == THERMAL_LOST, :, 1].max() < 0.6
    assert (weights[other["lost"] == NOTHING_LOST, :, 0] - 1).abs().mean() < 0.5


@pytest.mark.parametrize("section", ["network__adaptive_weighting", "augmentation__crop"])
def test_fitting_what_is_not_there_is_refused(tmp_path, micro, blobs, here, section):
    value = True if section.startswith("network") else [32, 32]
    config = micro(**{section: value}, reliability_samples=8)
    with pytest.raises(ConfigError, match="reliability_samples needs"):
        Trainer(config, tmp_path, blobs(), blobs(2, 50), here)


@pytest.fixture
def short_fit(monkeypatch):
    monkeypatch.setattr(reliability_fit, "_ITERATIONS", 5)


def adaptive(micro, **changes):
    network = {"backbone": "mit_b0", "embed_dim": 8, "adaptive_weighting": True}
    return micro(
        network=network,
        augmentation__modality_dropout=1.0,
        reliability_samples=24,
        optimization__steps=2,
        **changes,
    )


def test_the_network_learns_at_right_weights_and_the_reliabilities_come_last(
    tmp_path, micro, blobs, here, short_fit
):
    trainer = Trainer(adaptive(micro, validate_every=1), tmp_path, blobs(), blobs(2, 50), here)
    seen, whole = [], trainer.loss.forward

    def watched(output, *others):
        seen.append(output.reliability.detach())
        return whole(output, *others)

    trainer.loss.forward = watched
    result = trainer.run()
    last = trainer.network.backbone.reliability[0].mlp[2].weight
    assert last.abs().max() > 0  # fitted
    weights = torch.cat(seen)
    assert weights.amin(dim=(1, 2)).max() < 0.7
    assert weights.amin(dim=2).mean() == pytest.approx(2 * LOST_WORTH, abs=0.15)
    assert result.best_step == 2  # not the first validation's, whose reliabilities were not there
    kept = load_checkpoint(tmp_path / "best.safetensors").state
    assert torch.equal(kept["backbone.reliability.0.mlp.2.weight"], last)


def test_a_resumed_training_fits_the_same_reliabilities(tmp_path, micro, blobs, here, short_fit):
    config = adaptive(micro, validate_every=100)
    whole = Trainer(config, tmp_path / "whole", blobs(), blobs(2, 50), here)
    whole.run()
    Trainer(config, tmp_path / "parts", blobs(), blobs(2, 50), here).run(stop_at=1)
    resumed = Trainer(config, tmp_path / "parts", blobs(), blobs(2, 50), here, resume=True)
    resumed.run()
    expected = whole.network.state_dict()
    for name, value in resumed.network.state_dict().items():
        assert torch.equal(value, expected[name]), name
