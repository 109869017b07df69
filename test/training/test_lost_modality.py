"""A training with lost modalities: what the loss asks of the fused picture, and the start."""

import torch

from amdanet_ros.network import AMDANet
from amdanet_ros.network.checkpoint import load_checkpoint, save_checkpoint
from amdanet_ros.training.config import load_config
from amdanet_ros.training.experiment import build_network
from amdanet_ros.training.trainer import Trainer


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
