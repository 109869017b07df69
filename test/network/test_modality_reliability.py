"""Adaptive weighting: nothing changes while off or at the start; what is lost can lose weight."""

import pytest
import torch

from amdanet_ros.network import AMDANet
from amdanet_ros.network.checkpoint import load_checkpoint, save_checkpoint
from amdanet_ros.network.modality_reliability import GAIN, ModalityReliability, weighted
from amdanet_ros.training.config import ConfigError
from amdanet_ros.training.experiment import load_initial


def network_of(backbone, **arguments):
    torch.manual_seed(5)
    return AMDANet(backbone, 4, embed_dim=8, **arguments).eval()


def pictures(batch=2):
    generator = torch.Generator().manual_seed(1)
    return torch.rand(batch, 3, 48, 64, generator=generator), torch.rand(
        batch, 1, 48, 64, generator=generator
    ).expand(-1, 3, -1, -1)


def tilted(reliability, towards_rgb):
    """Let a reliability give all weight to one branch, whatever it sees."""
    reliability.mlp[2].bias.data.copy_(torch.tensor([towards_rgb, -towards_rgb]))


def test_weights_are_softmax_of_pooled_statistics():
    torch.manual_seed(0)
    module = ModalityReliability(3)
    rgb, thermal = torch.randn(2, 7, 3), torch.randn(2, 7, 3)
    first, last = module.mlp[0], module.mlp[2]
    with torch.no_grad():
        found = module(rgb, thermal)
        for sample in range(2):
            statistics = [
                torch.stack([f(channel) for channel in tokens[sample].T])
                for tokens in (rgb, thermal)
                for f in (torch.mean, lambda c: c.std(correction=0))
            ]
            hidden = (first.weight @ torch.cat(statistics) + first.bias).clamp(min=0)
            energy = GAIN * (last.weight @ hidden + last.bias)
            expected = 2 * energy.exp() / energy.exp().sum()
            torch.testing.assert_close(found[sample], expected, rtol=1e-4, atol=1e-5)


def test_gradient_of_a_flat_picture_is_finite():
    module = ModalityReliability(4)
    flat = torch.ones(1, 9, 4, requires_grad=True)
    module(flat, torch.randn(1, 9, 4))[0, 0].backward()
    assert flat.grad.isfinite().all()


def test_off_adds_no_parameter_and_on_adds_reliabilities_alone(tiny_backbone):
    off, on = network_of(tiny_backbone), network_of(tiny_backbone, adaptive_weighting=True)
    assert off.state_dict().keys() == network_of(tiny_backbone).state_dict().keys()
    added = on.state_dict().keys() - off.state_dict().keys()
    assert len(added) == 4 * 4
    assert all(key.startswith("backbone.reliability.") for key in added)
    assert not off.state_dict().keys() - on.state_dict().keys()


def test_on_starts_with_weights_of_exactly_one(tiny_backbone):
    network = network_of(tiny_backbone, adaptive_weighting=True)
    with torch.inference_mode():
        reliability = network.backbone(*pictures()).reliability
    assert len(reliability) == 4
    for weights in reliability:
        assert torch.equal(weights, torch.ones(2, 2))


def test_checkpoint_without_weights_starts_a_network_with_them_at_the_same_outputs(
    tiny_backbone, tmp_path
):
    plain = network_of(tiny_backbone)
    save_checkpoint(tmp_path / "plain.safetensors", plain)
    adaptive = AMDANet(tiny_backbone, 4, embed_dim=8, adaptive_weighting=True).eval()
    load_initial(adaptive, tmp_path / "plain.safetensors")
    with torch.inference_mode():
        found, expected = adaptive(*pictures()), plain(*pictures())
    assert torch.equal(found.logits, expected.logits)
    assert torch.equal(found.fused, expected.fused)
    assert torch.equal(found.reliability, torch.ones(2, 4, 2))
    assert not hasattr(expected, "reliability")


def test_output_tells_the_weights_by_camera_though_branches_trade_places(tiny_backbone):
    network = network_of(tiny_backbone, adaptive_weighting=True)
    for stage in network.backbone.reliability:
        torch.nn.init.normal_(stage.mlp[2].weight)
    with torch.inference_mode():
        of_branches = network.backbone(*pictures()).reliability
        found = network(*pictures()).reliability
    assert found.shape == (2, 4, 2)
    for stage, weights in enumerate(of_branches):
        rgb, thermal = (1, 0) if stage in (1, 3) else (0, 1)
        assert torch.equal(found[:, stage, 0], weights[:, rgb])
        assert torch.equal(found[:, stage, 1], weights[:, thermal])
    torch.testing.assert_close(found.sum(dim=2), torch.full((2, 4), 2.0))


def test_half_of_the_weights_missing_is_no_start(tiny_backbone, tmp_path):
    adaptive = network_of(tiny_backbone, adaptive_weighting=True)
    state = adaptive.state_dict()
    del state["backbone.reliability.2.mlp.0.bias"]
    torch.save(state, tmp_path / "damaged.pth")
    with pytest.raises(ConfigError, match=r"reliability\.2\.mlp\.0\.bias"):
        load_initial(adaptive, tmp_path / "damaged.pth")


def test_weights_scale_the_whole_sample_each(tiny_backbone):
    rgb, thermal = torch.rand(2, 3, 4, 5), torch.rand(2, 3, 4, 5)
    weights = torch.tensor([[0.5, 1.5], [2.0, 0.0]])
    found_rgb, found_thermal = weighted(rgb, thermal, weights)
    torch.testing.assert_close(found_rgb, torch.stack([0.5 * rgb[0], 2.0 * rgb[1]]))
    torch.testing.assert_close(found_thermal, torch.stack([1.5 * thermal[0], 0.0 * thermal[1]]))


@pytest.mark.parametrize("lost", ["rgb", "thermal"])
def test_a_modality_without_weight_at_the_first_stage_is_not_seen(tiny_backbone, lost):
    network = network_of(tiny_backbone, adaptive_weighting=True)
    tilted(network.backbone.reliability[0], -200.0 if lost == "rgb" else 200.0)
    rgb, thermal = pictures(1)
    other = torch.rand_like(rgb)
    with torch.inference_mode():
        before = network(rgb, thermal)
        after = network(other, thermal) if lost == "rgb" else network(rgb, other)
        again = network(rgb, other) if lost == "rgb" else network(other, thermal)
    torch.testing.assert_close(after.logits, before.logits)
    torch.testing.assert_close(after.fused, before.fused)
    assert (again.logits - before.logits).abs().max() > 1e-3


def test_gradients_reach_the_reliabilities(tiny_backbone):
    network = network_of(tiny_backbone, adaptive_weighting=True).train()
    output = network(*pictures())
    sum(value.square().sum() for value in output[:4]).backward()
    for stage in network.backbone.reliability:
        assert stage.mlp[2].weight.grad.abs().max() > 0


def test_files_of_either_kind_bring_the_weights_back(tiny_backbone, tmp_path):
    network = network_of(tiny_backbone, adaptive_weighting=True)
    for stage in network.backbone.reliability:
        torch.nn.init.normal_(stage.mlp[2].weight)
    save_checkpoint(tmp_path / "ours.safetensors", network)
    torch.save(network.state_dict(), tmp_path / "bare.pth")
    with torch.inference_mode():
        expected = network(*pictures()).logits
        for name in ("ours.safetensors", "bare.pth"):
            checkpoint = load_checkpoint(tmp_path / name)
            assert checkpoint.config["adaptive_weighting"] is True
            assert torch.equal(checkpoint.build()(*pictures()).logits, expected)
