"""Adaptive weighting: no change while it is off or untrained; a lost camera can lose weight."""

import pytest
import torch

from amdanet_ros.network import AMDANet
from amdanet_ros.network.checkpoint import (
    ADAPTIVE_PREFIXES,
    load_checkpoint,
    save_checkpoint,
)
from amdanet_ros.network.modality_reliability import (
    DEAD_ZONE,
    GAIN,
    ModalityReliability,
    kept_shares,
    mixed,
    weights_of,
)
from amdanet_ros.network.modality_stand_in import images_to_fuse
from amdanet_ros.training.config import ConfigError
from amdanet_ros.training.initial_weights import load_initial
from amdanet_ros.training.known_weights import given_evidence


def network_of(backbone, **arguments):
    torch.manual_seed(5)
    return AMDANet(backbone=backbone, num_classes=4, embed_dim=8, **arguments).eval()


def images(batch=2):
    generator = torch.Generator().manual_seed(1)
    return torch.rand(batch, 3, 48, 64, generator=generator), torch.rand(
        batch, 1, 48, 64, generator=generator
    ).expand(-1, 3, -1, -1)


def tilted(reliability, towards_rgb):
    """Make a reliability return this evidence for the RGB branch, whatever its input."""
    reliability.mlp[2].bias.data.fill_(towards_rgb / GAIN)


def test_evidence_is_added_from_pooled_statistics():
    torch.manual_seed(0)
    module = ModalityReliability(3)
    rgb, thermal, before = torch.randn(2, 7, 3), torch.randn(2, 7, 3), torch.tensor([0.5, -3.0])
    first, last = module.mlp[0], module.mlp[2]
    with torch.no_grad():
        found = module(rgb, thermal, before)
        for sample in range(2):
            statistics = [
                torch.stack([f(channel) for channel in tokens[sample].T])
                for tokens in (rgb, thermal)
                for f in (torch.mean, lambda c: c.std(correction=0))
            ]
            hidden = (first.weight @ torch.cat(statistics) + first.bias).clamp(min=0)
            expected = before[sample] + GAIN * (last.weight @ hidden + last.bias)[0]
            torch.testing.assert_close(found[sample], expected, rtol=1e-4, atol=1e-5)


def test_weights_are_a_softmax_beyond_the_dead_zone():
    evidence = torch.tensor([0.0, DEAD_ZONE, -DEAD_ZONE, DEAD_ZONE + 1.0, -DEAD_ZONE - 3.0])
    found = weights_of(evidence)
    assert torch.equal(found[:3], torch.ones(3, 2))
    for row, beyond in ((3, 1.0), (4, -3.0)):
        expected = 2 * torch.softmax(torch.tensor([beyond / 2, -beyond / 2]), 0)
        torch.testing.assert_close(found[row], expected)
    torch.testing.assert_close(found.sum(dim=1), torch.full((5,), 2.0))


def test_mixing_keeps_the_share_of_each_sample():
    own, other = torch.rand(3, 4, 5, 6), torch.rand(3, 4, 5, 6)
    found = mixed(own, other, kept_shares(torch.tensor([[1.7, 0.3], [0.5, 1.5], [1, 1]]))[:, 0])
    torch.testing.assert_close(found[1], 0.5 * own[1] + 0.5 * other[1])
    assert torch.equal(found[0], own[0]) and torch.equal(found[2], own[2])


def test_gradient_of_a_flat_image_is_finite():
    module = ModalityReliability(4)
    flat = torch.ones(1, 9, 4, requires_grad=True)
    module(flat, torch.randn(1, 9, 4), torch.zeros(1)).sum().backward()
    assert flat.grad.isfinite().all()


def test_off_adds_no_parameter_and_on_adds_its_own_alone(tiny_backbone):
    off, on = network_of(tiny_backbone), network_of(tiny_backbone, adaptive_weighting=True)
    assert off.state_dict().keys() == network_of(tiny_backbone).state_dict().keys()
    added = on.state_dict().keys() - off.state_dict().keys()
    assert {key.split(".")[1] for key in added} == {"reliability", "stand_ins"}
    assert all(key.startswith(ADAPTIVE_PREFIXES) for key in added)
    assert not off.state_dict().keys() - on.state_dict().keys()


def test_on_starts_with_weights_of_exactly_one(tiny_backbone):
    network = network_of(tiny_backbone, adaptive_weighting=True)
    with torch.inference_mode():
        reliability = network.backbone(*images()).reliability
    assert len(reliability) == 4
    for weights in reliability:
        assert torch.equal(weights, torch.ones(2, 2))


def test_checkpoint_without_weights_starts_a_network_with_them_at_the_same_outputs(
    tiny_backbone, tmp_path
):
    plain = network_of(tiny_backbone)
    save_checkpoint(tmp_path / "plain.safetensors", plain)
    adaptive = AMDANet(
        backbone=tiny_backbone, num_classes=4, embed_dim=8, adaptive_weighting=True
    ).eval()
    load_initial(adaptive, tmp_path / "plain.safetensors")
    with torch.inference_mode():
        found, expected = adaptive(*images()), plain(*images())
    assert torch.equal(found.logits, expected.logits)
    assert torch.equal(found.fused, expected.fused)
    assert torch.equal(found.reliability, torch.ones(2, 4, 2))
    assert not hasattr(expected, "reliability")


def test_output_tells_the_weights_by_camera_though_branches_change_places(tiny_backbone):
    network = network_of(tiny_backbone, adaptive_weighting=True)
    for stage in network.backbone.reliability:
        torch.nn.init.normal_(stage.mlp[2].weight)
    with torch.inference_mode():
        of_branches = network.backbone(*images()).reliability
        found = network(*images()).reliability
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


def test_with_weights_of_one_trained_stand_ins_change_no_bit(tiny_backbone):
    plain = network_of(tiny_backbone)
    adaptive = AMDANet(
        backbone=tiny_backbone, num_classes=4, embed_dim=8, adaptive_weighting=True
    ).eval()
    adaptive.load_state_dict(plain.state_dict(), strict=False)
    for parameter in adaptive.backbone.stand_ins.parameters():
        torch.nn.init.normal_(parameter)
    with torch.inference_mode():
        expected = plain(*images())
        tilted(adaptive.backbone.reliability[0], 0.9 * DEAD_ZONE)
        found = adaptive(*images())
        assert torch.equal(found.logits, expected.logits)
        assert torch.equal(found.fused, expected.fused)
        tilted(adaptive.backbone.reliability[0], 1.1 * DEAD_ZONE)
        assert not torch.equal(adaptive(*images()).logits, expected.logits)


@pytest.mark.parametrize("lost", ["rgb", "thermal"])
def test_the_fusion_decoder_does_not_see_an_image_without_weight(tiny_backbone, lost):
    network = network_of(tiny_backbone, adaptive_weighting=True)
    tilted(network.backbone.reliability[0], -200.0 if lost == "rgb" else 200.0)
    seen = []
    network.aux_head.register_forward_hook(lambda module, inputs, output: seen.append(inputs[1:]))
    rgb, thermal = images(1)
    if lost == "rgb":
        rgb = torch.ones_like(rgb)
    with torch.inference_mode():
        network(rgb, thermal)
    left = thermal if lost == "rgb" else rgb
    assert all(torch.equal(image, left) for image in seen[0])


def test_a_pixel_that_is_neither_white_nor_black_stays_in_the_image_to_fuse():
    rgb = torch.tensor([[1.0, 1.0, 1.0], [0.0, 0.0, 0.0], [1.0, 0.3, 1.0], [0.0, 0.5, 0.0]])
    rgb = rgb.T[None, :, None]
    thermal = torch.full_like(rgb, 0.7)
    found, left = images_to_fuse(rgb, thermal, torch.tensor([[0.0, 2.0]]))
    assert torch.equal(left, thermal)
    assert torch.equal(found[..., :2], thermal[..., :2])
    assert torch.equal(found[..., 2:], rgb[..., 2:])
    whole = images_to_fuse(rgb, thermal, torch.tensor([[1.0, 1.0]]))
    assert torch.equal(whole[0], rgb) and torch.equal(whole[1], thermal)


def test_evidence_of_the_first_stage_goes_on_with_the_camera(tiny_backbone):
    network = network_of(tiny_backbone, adaptive_weighting=True)
    tilted(network.backbone.reliability[0], DEAD_ZONE + 1.0)
    with torch.inference_mode():
        weights = network(*images()).reliability
    assert (weights[..., 0] > 1.2).all()
    assert torch.equal(weights, weights[:, :1].expand(-1, 4, -1))


def test_one_sample_is_not_touched_by_the_others_loss(tiny_backbone):
    network = network_of(tiny_backbone, adaptive_weighting=True)
    rgb, thermal = images(2)
    with given_evidence(network, torch.tensor([0.0, 8.0])), torch.inference_mode():
        both = network(rgb, thermal).logits
    with torch.inference_mode():
        alone = network(rgb[:1], thermal[:1]).logits
    torch.testing.assert_close(both[:1], alone, rtol=1e-4, atol=1e-5)


def test_without_a_wanted_fused_image_the_logits_are_the_same(tiny_backbone):
    network = network_of(tiny_backbone)
    with torch.inference_mode():
        found, expected = network(*images(), want_fused=False), network(*images())
    assert found.fused is None
    assert torch.equal(found.logits, expected.logits)


def test_gradients_reach_the_reliabilities(tiny_backbone):
    network = network_of(tiny_backbone, adaptive_weighting=True).train()
    tilted(network.backbone.reliability[0], DEAD_ZONE + 1.0)
    output = network(*images())
    sum(value.square().sum() for value in output[:4]).backward()
    for stage in network.backbone.reliability:
        assert stage.mlp[2].weight.grad.abs().max() > 0
    for name, parameter in network.backbone.stand_ins.named_parameters():
        # RGB is the better camera here. Thermal comes in the thermal branch to stages 1 and 3, in
        # the RGB branch to 2 and 4, and changes the branch within each stage.
        swaps = int(name[0]) + ("exchange" not in name)
        replaced = "rgb" if swaps % 2 else "thermal"
        assert (parameter.grad.abs().max() > 0) == (replaced in name), name


def test_files_of_either_kind_bring_the_weights_back(tiny_backbone, tmp_path):
    network = network_of(tiny_backbone, adaptive_weighting=True)
    for stage in network.backbone.reliability:
        torch.nn.init.normal_(stage.mlp[2].weight)
    save_checkpoint(tmp_path / "ours.safetensors", network)
    torch.save(network.state_dict(), tmp_path / "bare.pth")
    with torch.inference_mode():
        expected = network(*images()).logits
        for name in ("ours.safetensors", "bare.pth"):
            checkpoint = load_checkpoint(tmp_path / name)
            assert checkpoint.config.adaptive_weighting is True
            assert torch.equal(checkpoint.build()(*images()).logits, expected)
