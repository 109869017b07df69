"""AMDANet as a whole: sizes, errors, gradients, ablations, no needless work in inference."""

import subprocess
import sys
from dataclasses import FrozenInstanceError, replace

import pytest
import torch

from amdanet_ros.network import AMDANet, AMDANetOutput


def small(**arguments):
    torch.manual_seed(3)
    return AMDANet(**{"backbone": "mit_b0", "num_classes": 5, "embed_dim": 16, **arguments})


def images(height, width, batch=1):
    generator = torch.Generator().manual_seed(height * width)
    rgb = torch.rand(batch, 3, height, width, generator=generator)
    thermal = torch.rand(batch, 1, height, width, generator=generator)
    return rgb, thermal.expand(-1, 3, -1, -1)


@pytest.fixture(scope="module")
def network():
    return small().eval()


@pytest.mark.parametrize("size", [(32, 32), (33, 47), (70, 90), (32, 161)])
def test_any_size_from_32_up_gives_outputs_of_that_size(network, size):
    with torch.inference_mode():
        output = network(*images(*size))
    assert output.logits.shape == (1, 5, *size)
    assert output.fused.shape == (1, 3, *size)
    assert output.logits.isfinite().all()
    assert output.fused.min() >= 0
    assert output.fused.max() <= 1
    assert output.fused.std() > 0


def test_batch_gives_what_its_samples_give_alone(network):
    rgb, thermal = images(40, 64, batch=2)
    with torch.inference_mode():
        both = network(rgb, thermal)
        second = network(rgb[1:], thermal[1:])
    torch.testing.assert_close(both.logits[1:], second.logits, rtol=1e-4, atol=1e-6)
    torch.testing.assert_close(both.fused[1:], second.fused, rtol=1e-4, atol=1e-6)


def test_inference_is_deterministic_and_draws_no_random_number(network):
    inputs = images(64, 64)
    state = torch.get_rng_state()
    with torch.inference_mode():
        first, second = network(*inputs), network(*inputs)
    assert torch.equal(torch.get_rng_state(), state)
    assert torch.equal(first.logits, second.logits)
    assert torch.equal(first.fused, second.fused)
    assert first.masked_logits is None
    assert first.masked_fused is None


def test_inference_runs_every_module_once():
    network = small().eval()
    calls = {}
    for name, module in network.named_modules():
        module.register_forward_hook(
            lambda _m, _i, _o, name=name: calls.update({name: calls.get(name, 0) + 1})
        )
    with torch.inference_mode():
        network(*images(64, 64))
    assert calls["decode_head"] == calls["aux_head"] == calls["backbone"] == 1
    # The channel weights apply the same perceptron to average and maximum.
    twice = {name for name, count in calls.items() if count != 1}
    shared = {n for n in twice if ".cha.mlp" in n}
    assert twice - shared - {n for n in twice if n.endswith("drop_path")} == set()


def test_gradients_reach_every_parameter():
    network = small(drop_path_rate=0.0).train()
    output = network(*images(64, 96, batch=2))
    torch.manual_seed(4)
    sum((value * torch.randn_like(value)).sum() for value in output).backward()
    before_norm = {
        f"{name}.0.bias"
        for name, module in network.named_modules()
        if isinstance(module, torch.nn.Sequential)
        and len(module) > 1
        and isinstance(module[1], torch.nn.BatchNorm2d)
    }
    assert len(before_norm) == 10
    for name, parameter in network.named_parameters():
        assert parameter.grad is not None, name
        assert parameter.grad.isfinite().all(), name
        # BatchNorm subtracts the mean and with it the effect of a bias before it.
        if name not in before_norm:
            assert parameter.grad.abs().max() > 0, name


def test_initial_weights_are_fit_for_training():
    network = small()
    for name, parameter in network.named_parameters():
        if name.endswith("lambda_param"):
            assert parameter == 0.5
        elif name.endswith("bias"):
            assert (parameter == 0).all(), name
        elif parameter.ndim == 1:
            assert (parameter == 1).all(), name
        elif parameter.ndim == 2 and parameter.numel() > 500:
            assert parameter.std().item() == pytest.approx(0.02, rel=0.2), name
    output = network.train()(*images(64, 64, batch=2))
    assert output.logits.std() < 5
    assert 0.2 < output.fused.mean() < 0.8


def test_stochastic_depth_rises_linearly_and_acts_in_training_only():
    network = small(drop_path_rate=0.5, dropout=0.0, masking_rate=0.0)
    rates = [
        block.drop_path.rate
        for stage in (1, 2, 3, 4)
        for block in getattr(network.backbone, f"extra_block{stage}")
    ]
    assert rates == pytest.approx([0.5 * i / 7 for i in range(8)])
    drop_path = network.backbone.block4[1].drop_path.train()
    torch.manual_seed(0)
    kept = drop_path(torch.ones(4000, 1, 1))
    assert set(kept.flatten().tolist()) == {0.0, 2.0}
    assert kept.mean().item() == pytest.approx(1.0, abs=0.06)
    assert torch.equal(drop_path.eval()(torch.ones(2, 3, 4)), torch.ones(2, 3, 4))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"backbone": "resnet50"}, "backbone must be one of mit_b0, .*mit_b5, not 'resnet50'"),
        ({"num_classes": 0}, "num_classes must be at least 1, not 0"),
        ({"embed_dim": 0}, "embed_dim must be at least 1, not 0"),
        ({"masking_rate": 1.0}, r"masking_rate must lie in \[0, 1\), not 1.0"),
        ({"drop_path_rate": -0.1}, r"drop_path_rate must lie in \[0, 1\), not -0.1"),
        ({"sci_rule": "off"}, "sci_rule must be one of released, supplement, not 'off'"),
        ({"local_alignment": "conv"}, "must be one of amdanet, none, cbam, danet, not"),
    ],
)
def test_bad_argument_is_named(arguments, message):
    with pytest.raises(ValueError, match=message):
        small(**arguments)


@pytest.mark.parametrize(
    ("rgb", "thermal", "message"),
    [
        (torch.rand(3, 64, 64), torch.rand(3, 64, 64), r"rgb must be B x 3 x H x W"),
        (torch.rand(1, 1, 64, 64), torch.rand(1, 1, 64, 64), r"rgb must be .*\(1, 1, 64, 64\)"),
        (torch.rand(1, 3, 64, 64), torch.rand(1, 3, 48, 64), r"thermal must have the shape"),
        (torch.rand(1, 3, 64, 64), torch.rand(1, 1, 64, 64), r"one channel repeated three times"),
        (torch.rand(1, 3, 31, 64), torch.rand(1, 3, 31, 64), r"at least 32 x 32 .* not 31 x 64"),
        (
            torch.zeros(1, 3, 32, 32, dtype=torch.uint8),
            torch.zeros(1, 3, 32, 32, dtype=torch.uint8),
            "divide 8-bit images by 255",
        ),
    ],
)
def test_bad_input_is_refused_with_the_cause(network, rgb, thermal, message):
    with pytest.raises(ValueError, match=message):
        network(rgb, thermal)


@pytest.mark.parametrize(
    ("arguments", "absent"),
    [
        ({"local_alignment": "none"}, "backbone.LEs."),
        ({"global_alignment": False}, "backbone.GEs."),
        ({"sfe": False}, ".SE_x"),
    ],
)
def test_ablation_leaves_its_part_out_and_trains(tiny_backbone, arguments, absent):
    whole = small(backbone=tiny_backbone)
    network = small(backbone=tiny_backbone, **arguments).train()
    left_out = whole.state_dict().keys() - network.state_dict().keys()
    assert left_out
    assert all(absent in key for key in left_out)
    assert not network.state_dict().keys() - whole.state_dict().keys()
    output = network(*images(64, 64, batch=2))
    sum(value.square().mean() for value in output).backward()
    assert all(parameter.grad is not None for parameter in network.parameters())


def test_config_builds_the_same_network():
    network = small(sci_rule="supplement", sci_tau=0.6, sfe=False, bn_eps=0.01)
    again = AMDANet(network.config)
    assert again.config == network.config
    again.load_state_dict(network.state_dict())
    inputs = images(48, 48)
    with torch.inference_mode():
        first, second = network.eval()(*inputs), again.eval()(*inputs)
    assert torch.equal(first.logits, second.logits)


def test_settings_change_a_config(network):
    assert AMDANet(network.config, sfe=False).config == replace(network.config, sfe=False)


def test_the_config_of_a_network_cannot_be_changed(network):
    with pytest.raises(FrozenInstanceError):
        network.config.num_classes = 99
    assert network.config.num_classes == 5


def test_output_unpacks_by_name_and_place(network):
    output = network(*images(32, 32))
    assert isinstance(output, AMDANetOutput)
    assert output[0] is output.logits
    assert output[1] is output.fused


def test_network_needs_torch_alone():
    script = (
        "import sys\n"
        "for name in ('rclpy', 'cv2', 'safetensors', 'torchvision', 'sensor_msgs'):\n"
        "    sys.modules[name] = None\n"
        "import amdanet_ros.network, amdanet_ros.network.checkpoint\n"
    )
    subprocess.run([sys.executable, "-c", script], check=True, timeout=120)
