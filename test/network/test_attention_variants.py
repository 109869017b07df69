"""CBAM and DANet as local alignment: values by loops, gradients, sizes, files."""

import pytest
import torch

from amdanet_ros.network import AMDANet
from amdanet_ros.network.cbam import CbamAlignment
from amdanet_ros.network.checkpoint import load_checkpoint, save_checkpoint
from amdanet_ros.network.danet import ChannelAttention, DanetAlignment, PositionAttention

VARIANTS = ("cbam", "danet")


def maps(*shape, seed=0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


@pytest.fixture(autouse=True)
def _seed():
    torch.manual_seed(7)


def test_cbam_computes_its_papers_equations():
    alignment = CbamAlignment(8)
    rgb, thermal = maps(1, 8, 5, 9), maps(1, 8, 5, 9, seed=1)
    with torch.no_grad():
        found = torch.cat(alignment(rgb, thermal), dim=1)[0]
    feature = torch.cat([rgb, thermal], dim=1)[0]
    w0, w1 = (alignment.channel.mlp[i].weight.detach() for i in (0, 2))

    def perceptron(vector):
        return w1 @ (w0 @ vector).clamp(min=0)

    average = torch.stack([plane.mean() for plane in feature])
    maximum = torch.stack([plane.max() for plane in feature])
    scaled = feature * torch.sigmoid(perceptron(average) + perceptron(maximum))[:, None, None]
    summary = torch.zeros(2, 5 + 6, 9 + 6)  # a margin of 3 zeros
    summary[0, 3:-3, 3:-3], summary[1, 3:-3, 3:-3] = scaled.mean(0), scaled.max(0).values
    kernel = alignment.spatial.conv.weight.detach()[0]
    for y in range(5):
        for x in range(9):
            area = summary[:, y : y + 7, x : x + 7]
            weight = torch.sigmoid((area * kernel).sum() + alignment.spatial.conv.bias.detach()[0])
            torch.testing.assert_close(found[:, y, x], weight * scaled[:, y, x])


def test_cbams_perceptron_has_a_sixteenth_of_the_channels():
    assert CbamAlignment(32).channel.mlp[0].out_features == 4


def test_position_attention_gathers_from_all_places():
    attention = PositionAttention(16)
    attention.alpha.data.fill_(0.7)
    feature = maps(2, 16, 3, 4)
    with torch.no_grad():
        found = attention(feature)
        query, key, value = (
            layer(feature).flatten(2) for layer in (attention.query, attention.key, attention.value)
        )
    assert query.shape[1] == 2
    for sample in range(2):
        for place in range(12):
            energy = torch.stack([query[sample, :, place] @ key[sample, :, i] for i in range(12)])
            share = energy.exp() / energy.exp().sum()
            gathered = sum(share[i] * value[sample, :, i] for i in range(12))
            expected = 0.7 * gathered + feature.flatten(2)[sample, :, place]
            torch.testing.assert_close(found.flatten(2)[sample, :, place], expected)


def test_position_attention_never_holds_its_map_of_all_pairs():
    attention = PositionAttention(16)
    activities = [torch.profiler.ProfilerActivity.CPU]
    with torch.inference_mode(), torch.profiler.profile(activities=activities) as profile:
        attention(maps(1, 16, 30, 40))
    called = {event.key for event in profile.key_averages()}
    assert "aten::scaled_dot_product_attention" in called
    assert not {name for name in called if "softmax" in name or "bmm" in name}


def test_channel_attention_gathers_from_all_channels():
    attention = ChannelAttention()
    attention.beta.data.fill_(-0.3)
    feature = 0.3 * maps(1, 6, 4, 5)
    with torch.no_grad():
        found = attention(feature)[0].flatten(1)
    rows = feature[0].flatten(1)
    for channel in range(6):
        energy = torch.stack([rows[channel] @ rows[i] for i in range(6)])
        share = energy.exp() / energy.exp().sum()
        expected = -0.3 * sum(share[i] * rows[i] for i in range(6)) + rows[channel]
        torch.testing.assert_close(found[channel], expected)


def test_channel_attention_bears_large_maps_in_half_precision():
    feature = (20 * maps(1, 4, 60, 80)).half()
    attention = ChannelAttention().half()
    attention.beta.data.fill_(1.0)
    assert attention(feature).isfinite().all()


def test_danet_is_the_sum_of_its_two_arms():
    alignment = DanetAlignment(8).eval()
    rgb, thermal = maps(1, 8, 6, 5), maps(1, 8, 6, 5, seed=1)
    both = torch.cat([rgb, thermal], dim=1)
    with torch.no_grad():
        arms = alignment.position(both) + alignment.channel(both)
        found = torch.cat(alignment(rgb, thermal), dim=1)
    assert arms.shape[1] == 4  # a quarter of the pair's 16
    weight, bias = alignment.last.weight[:, :, 0, 0].detach(), alignment.last.bias.detach()
    expected = torch.einsum("oc,bchw->bohw", weight, arms) + bias[:, None, None]
    torch.testing.assert_close(found, expected)


@pytest.mark.parametrize("variant", VARIANTS)
def test_gradients_reach_every_parameter_of_the_variant(variant):
    alignment = {"cbam": CbamAlignment, "danet": DanetAlignment}[variant](16)
    for name, parameter in alignment.named_parameters():
        if name.endswith(("alpha", "beta")):  # 0 would stop the gradient
            parameter.data.fill_(0.5)
    rgb, thermal = maps(2, 16, 6, 7).requires_grad_(), maps(2, 16, 6, 7, seed=1).requires_grad_()
    out_rgb, out_thermal = alignment(rgb, thermal)
    (out_rgb * maps(2, 16, 6, 7, seed=2)).sum().backward(retain_graph=True)
    assert thermal.grad.abs().max() > 0  # each output depends on both inputs
    (out_thermal * maps(2, 16, 6, 7, seed=3)).sum().backward()
    for name, parameter in alignment.named_parameters():
        assert parameter.grad.isfinite().all(), name
        # Softmax does not change if all energies of a query get the same addend.
        if not name.endswith("key.bias"):
            assert parameter.grad.abs().max() > 0, name


@pytest.mark.parametrize("variant", VARIANTS)
@pytest.mark.parametrize("size", [(32, 32), (45, 70)])
def test_network_with_the_variant_runs_at_any_size_and_trains(tiny_backbone, variant, size):
    network = AMDANet(backbone=tiny_backbone, num_classes=5, embed_dim=16, local_alignment=variant)
    rgb, thermal = torch.rand(2, 3, *size), torch.rand(2, 1, *size).expand(-1, 3, -1, -1)
    output = network.train()(rgb, thermal)
    sum(value.square().mean() for value in output).backward()
    assert all(parameter.grad is not None for parameter in network.parameters())
    with torch.inference_mode():
        output = network.eval()(rgb, thermal)
    assert output.logits.shape == (2, 5, *size)
    assert output.logits.isfinite().all()
    assert output.fused.std() > 0


@pytest.mark.parametrize("variant", VARIANTS)
def test_variant_comes_back_from_a_file_of_either_kind(tiny_backbone, tmp_path, variant):
    network = AMDANet(
        backbone=tiny_backbone, num_classes=3, embed_dim=8, local_alignment=variant
    ).eval()
    save_checkpoint(tmp_path / "ours.safetensors", network)
    torch.save({"model": network.state_dict()}, tmp_path / "bare.pth")
    inputs = torch.rand(1, 3, 40, 48), torch.rand(1, 3, 40, 48)
    with torch.inference_mode():
        expected = network(*inputs)
        for name in ("ours.safetensors", "bare.pth"):
            checkpoint = load_checkpoint(tmp_path / name)
            assert checkpoint.config.local_alignment == variant
            assert torch.equal(checkpoint.build()(*inputs).logits, expected.logits)
