"""Training with lost cameras: losses, known weights, fitted reliabilities."""

from itertools import chain, count, cycle, repeat

import pytest
import torch

from amdanet_ros.network import AMDANet
from amdanet_ros.network.checkpoint import load_checkpoint, save_checkpoint
from amdanet_ros.network.mix_transformer import BACKBONES, MixTransformerSize
from amdanet_ros.network.modality_reliability import weights_of
from amdanet_ros.training import reliability_fit
from amdanet_ros.training.config import ConfigError, load_config
from amdanet_ros.training.experiment import build_network
from amdanet_ros.training.known_weights import SURE, evidence_against, known_evidence
from amdanet_ros.training.lost_cameras import Lost
from amdanet_ros.training.reliability_fit import fit_reliabilities, reliability_loss
from amdanet_ros.training.trainer import Trainer


@pytest.fixture
def tiny_adaptive():
    BACKBONES["mit_tiny"] = MixTransformerSize((8, 16, 40, 64), (1, 1, 1, 1))
    torch.manual_seed(2)
    yield AMDANet(backbone="mit_tiny", num_classes=3, embed_dim=8, adaptive_weighting=True)
    del BACKBONES["mit_tiny"]


def test_the_fused_image_is_asked_for_what_is_left(tmp_path, micro, blobs, here):
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
    assert network.config.adaptive_weighting
    state = load_checkpoint(weights).state
    own = network.state_dict()
    assert all(torch.equal(own[key], value) for key, value in state.items())


def test_weights_without_reliabilities_load_strictly_where_weighting_is_off(micro, tmp_path):
    plain = AMDANet(backbone="mit_micro", num_classes=5, embed_dim=16)
    save_checkpoint(tmp_path / "plain.safetensors", plain)
    network = build_network(micro(initial=str(tmp_path / "plain.safetensors")))
    assert network.state_dict().keys() == plain.state_dict().keys()
    assert all(torch.equal(v, plain.state_dict()[k]) for k, v in network.state_dict().items())


@pytest.mark.parametrize(
    ("evidence", "wanted", "expected"),
    [
        (0.0, 0.0, 0.0),
        (-1.5, 0.0, 2.25),
        (5.0, SURE, 9.0),
        (SURE + 5.0, SURE, 0.0),
        (-5.0, -SURE, 9.0),
        (-SURE - 5.0, -SURE, 0.0),
        (1.0, -SURE, (SURE + 1.0) ** 2),
    ],
)
def test_reliability_loss_of_one_sample(evidence, wanted, expected):
    found = reliability_loss(torch.tensor([evidence]), torch.tensor([wanted]))
    assert found.item() == pytest.approx(expected, abs=1e-6)


def test_evidence_speaks_against_the_camera_that_is_worse():
    found = evidence_against(torch.tensor(list(Lost))).tolist()
    assert found == [0.0, -SURE, SURE, -SURE, SURE, 0.0]


def test_stand_ins_learn_at_no_weight_for_a_loss_and_at_any_for_harm():
    torch.manual_seed(0)
    lost = torch.tensor(
        [Lost.NOTHING, Lost.RGB, Lost.THERMAL, Lost.RGB_HARMED, Lost.THERMAL_HARMED] * 200
    )
    weights = weights_of(known_evidence(lost))
    assert torch.equal(weights[lost == Lost.NOTHING], torch.ones(200, 2))
    for code, camera in ((Lost.RGB, 0), (Lost.THERMAL, 1)):
        assert weights[lost == code, camera].max() < 0.01
    for code, camera in ((Lost.RGB_HARMED, 0), (Lost.THERMAL_HARMED, 1)):
        kept = weights[lost == code, camera]
        assert kept.min() < 0.1 and 0.9 < kept.max() < 1.0
        assert kept.mean() == pytest.approx(1 / 5, abs=0.07)  # u ** 4


def damaged_batch():
    images = {"rgb": torch.rand(9, 3, 48, 48), "thermal": torch.rand(9, 1, 48, 48)}
    images["labels"] = torch.randint(3, (9, 48, 48), dtype=torch.uint8)
    images["lost"] = torch.tensor([Lost.NOTHING, Lost.RGB, Lost.THERMAL] * 3)
    images["rgb"][images["lost"] == Lost.RGB] = 1.0
    images["thermal"][images["lost"] == Lost.THERMAL] = 0.5
    return images


def by_turns(*losses):
    """Return a loss whose value alternates between ``losses``, nine samples each."""
    turns = cycle(losses)
    values = chain.from_iterable(repeat(next(turns), 9) for _ in count())
    return lambda logits, labels: torch.tensor(next(values))


def test_reliabilities_are_fitted_alone_and_know_samples_not_seen(tiny_adaptive):
    network = tiny_adaptive
    before = {name: value.clone() for name, value in network.state_dict().items()}
    torch.manual_seed(0)
    batches = [damaged_batch() for _ in range(6)]
    left = fit_reliabilities(network, batches, torch.device("cpu"), by_turns(2.0, 1.0))
    assert max(left) < 0.5
    changed = {k for k, v in network.state_dict().items() if not torch.equal(v, before[k])}
    assert changed and all(".reliability." in name for name in changed)
    other = damaged_batch()
    with torch.inference_mode():
        output = network.eval()(other["rgb"], other["thermal"].expand(-1, 3, -1, -1))
    weights = output.reliability
    assert weights[other["lost"] == Lost.RGB, :, 0].max() < 0.1
    assert weights[other["lost"] == Lost.THERMAL, :, 1].max() < 0.1
    assert torch.equal(weights[other["lost"] == Lost.NOTHING], torch.ones(3, 4, 2))


def test_nothing_is_replaced_where_that_does_not_pay(tiny_adaptive, short_fit):
    torch.manual_seed(0)
    batches = [damaged_batch() for _ in range(3)]
    fit_reliabilities(tiny_adaptive, batches, torch.device("cpu"), by_turns(1.0, 1.0))
    other = damaged_batch()
    with torch.inference_mode():
        output = tiny_adaptive.eval()(other["rgb"], other["thermal"].expand(-1, 3, -1, -1))
    assert torch.equal(output.reliability, torch.ones(9, 4, 2))


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
    network = {"backbone": "mit_micro", "embed_dim": 8, "adaptive_weighting": True}
    values = {
        "augmentation__modality_dropout": 1.0,
        "reliability_samples": 8,
        "optimization__steps": 2,
    }
    return micro(network=network, **(values | changes))


def test_the_network_learns_at_right_weights_and_the_reliabilities_come_last(
    tmp_path, micro, blobs, here, short_fit
):
    trainer = Trainer(adaptive(micro, validate_every=1), tmp_path, blobs(), blobs(2, 50), here)
    seen, whole = [], trainer.loss.forward

    def watched(output, *others):
        if hasattr(output, "reliability"):  # a training step's, not the fit's
            seen.append(output.reliability.detach())
        return whole(output, *others)

    trainer.loss.forward = watched
    result = trainer.run()
    last = trainer.network.backbone.reliability[0].mlp[2].weight
    assert last.abs().max() > 0  # fitted
    weights = torch.cat(seen)
    assert weights.amin(dim=2).max() < 0.01  # every sample has lost a modality
    assert result.best_step == 2  # not the first validation, before the reliabilities were fitted
    kept = load_checkpoint(tmp_path / "best.safetensors").state
    assert torch.equal(kept["backbone.reliability.0.mlp.2.weight"], last)


def test_the_fused_image_is_not_asked_for_white_pixels_that_thermal_replaces(
    tmp_path, micro, blobs, here
):
    config = adaptive(
        micro,
        augmentation__modality_dropout=1e-9,
        augmentation__exposure=1.0,
        augmentation__exposure_strongest=1000.0,
        optimization__batch_size=8,
        validate_every=100,
    )
    trainer = Trainer(config, tmp_path, blobs(), blobs(2, 50), here)
    seen, whole = [], trainer.loss.forward

    def watched(output, rgb, thermal, *others):
        seen.append((output.reliability[:, 0].detach(), rgb, thermal))
        return whole(output, rgb, thermal, *others)

    trainer.loss.forward = watched
    trainer.run(stop_at=1)
    weights, rgb, thermal = seen[0]
    replaced = weights[:, 0] < 0.1
    assert replaced.any()
    white = (rgb[replaced].amin(dim=1) == 1.0) & (thermal[replaced].amin(dim=1) < 0.9)
    assert not white.any()


def test_only_what_is_named_is_trained(tmp_path, micro, blobs, here, short_fit):
    config = adaptive(
        micro, trainable=["backbone.stand_ins."], loss__alpha2=0.0, validate_every=100
    )
    trainer = Trainer(config, tmp_path, blobs(), blobs(2, 50), here)
    before = {name: value.clone() for name, value in trainer.network.state_dict().items()}
    trainer.run()
    after = trainer.network.state_dict()
    changed = {name for name, value in before.items() if not torch.equal(after[name], value)}
    assert {name.split(".")[1] for name in changed} == {"stand_ins", "reliability"}
    assert all(p.grad is None for n, p in trainer.network.named_parameters() if "stand" not in n)


def test_a_name_that_no_parameter_begins_with_is_refused(tmp_path, micro, blobs, here):
    config = micro(trainable=["decode_head.", "stand_ins."])
    with pytest.raises(ConfigError, match="no parameter of the network begins with 'stand_ins"):
        Trainer(config, tmp_path, blobs(), blobs(2, 50), here)


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
