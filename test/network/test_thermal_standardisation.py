"""A network that sees thermal at one level and contrast: looks coincide, the fused image stays."""

import pytest
import torch

from amdanet_ros.network import AMDANet
from amdanet_ros.network.checkpoint import load_checkpoint, save_checkpoint
from amdanet_ros.network.luminance_mixing import luminance
from amdanet_ros.network.thermal_standardisation import CONTRAST, LEVEL, standardised


def network_of(tiny_backbone, **settings):
    torch.manual_seed(1)
    return AMDANet(backbone=tiny_backbone, num_classes=4, embed_dim=8, **settings).eval()


@pytest.fixture(scope="module")
def network(tiny_backbone):
    return network_of(tiny_backbone, thermal_standardisation=True, luminance_mixing=True)


def images(batch=2):
    generator = torch.Generator().manual_seed(5)
    rgb = torch.rand(batch, 3, 40, 56, generator=generator)
    thermal = 0.2 + 0.5 * torch.rand(batch, 1, 40, 56, generator=generator)
    return rgb, thermal.expand(-1, 3, -1, -1)


def test_level_and_contrast_are_the_same_whatever_came_in():
    thermal = images()[1]
    for look in (thermal, 0.2 * thermal, 0.79 * thermal + 0.2, thermal.square()):
        found = standardised(look)
        deviation = (found - found.mean()).abs().mean()
        assert abs(found.mean() - LEVEL) < 0.002 and abs(deviation - CONTRAST) < 0.002
        assert found.min() >= 0 and found.max() <= 1


@pytest.mark.parametrize("gain, offset", [(0.25, 0.0), (0.79, 0.206), (0.4, 0.5), (1.25, -0.1)])
def test_a_cameras_gain_and_offset_change_no_class(tiny_backbone, network, gain, offset):
    rgb, thermal = images()
    with torch.inference_mode():
        expected = network(rgb, thermal).logits
        torch.testing.assert_close(
            network(rgb, gain * thermal + offset).logits, expected, rtol=1e-3, atol=1e-5
        )
        plain = network_of(tiny_backbone, luminance_mixing=True)
        assert not torch.allclose(
            plain(rgb, gain * thermal + offset).logits, plain(rgb, thermal).logits, rtol=1e-3
        )


def test_the_fused_image_is_made_of_the_thermal_image_as_it_came(network):
    rgb, thermal = images()
    dim = 0.1 * thermal
    with torch.inference_mode():
        mixed = luminance(network(rgb, dim).fused)
    low, high = torch.minimum(luminance(rgb), dim[:, :1]), torch.maximum(luminance(rgb), dim[:, :1])
    assert (mixed >= low - 1e-5).all() and (mixed <= high + 1e-5).all()


def test_off_is_the_published_network_and_neither_adds_a_parameter(tiny_backbone, network):
    off = network_of(tiny_backbone)
    assert not off.config.thermal_standardisation
    assert off.state_dict().keys() == network.state_dict().keys()
    rgb, thermal = images()
    with torch.inference_mode():
        level = standardised(thermal)
        assert torch.equal(network(rgb, thermal).logits, off(rgb, level).logits)
        assert not torch.equal(off(rgb, thermal).logits, off(rgb, level).logits)


def test_each_sample_has_its_own_statistics(network):
    rgb, thermal = images()
    thermal = torch.cat([thermal[:1], 0.1 * thermal[1:]])
    with torch.inference_mode():
        together = network(rgb, thermal).logits
        for i in range(2):
            alone = network(rgb[i : i + 1], thermal[i : i + 1]).logits
            torch.testing.assert_close(together[i : i + 1], alone, rtol=1e-3, atol=1e-5)


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16, torch.float16])
@pytest.mark.parametrize("level", [0.0, 0.01, 0.3, 1.0])
def test_an_image_of_one_level_shows_nothing_and_is_finite(network, dtype, level):
    thermal = torch.full((1, 3, 40, 56), level, dtype=dtype, requires_grad=True)
    found = standardised(thermal)
    assert found.dtype == dtype
    expected = torch.full_like(found, LEVEL if level else 0.0)
    torch.testing.assert_close(found, expected, rtol=0, atol=2e-3)
    found.float().sum().backward()
    assert thermal.grad.isfinite().all()
    with torch.inference_mode():
        output = network(images(1)[0], thermal.detach().float())
    assert output.logits.isfinite().all() and output.fused.isfinite().all()


@pytest.mark.parametrize("dtype", [torch.float32, torch.float16])
@pytest.mark.parametrize("border", [1, 8, 60])
def test_what_thermal_does_not_see_of_rgb_stays_black_and_moves_nothing(border, dtype):
    thermal = images(1)[1].to(dtype)
    found = standardised(torch.nn.functional.pad(thermal, [border] * 4))
    inner = found[..., border:-border, border:-border]
    torch.testing.assert_close(inner, standardised(thermal), rtol=0, atol=2e-3)
    assert found.count_nonzero() == inner.count_nonzero()


def test_faint_noise_stays_faint():
    noise = 0.3 + (torch.rand(1, 3, 40, 56) > 0.5) / 255.0
    assert (standardised(noise) - LEVEL).abs().max() < 0.05


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
def test_half_precision_gives_nearly_the_same_of_a_dim_night(dtype):
    thermal = 0.02 + 0.05 * torch.rand(1, 3, 240, 320, generator=torch.Generator().manual_seed(0))
    difference = standardised(thermal.to(dtype)).float() - standardised(thermal)
    assert difference.abs().max() < 0.02


def test_it_travels_in_the_checkpoint(network, tmp_path):
    save_checkpoint(tmp_path / "a.safetensors", network, half=True)
    loaded = load_checkpoint(tmp_path / "a.safetensors")
    assert loaded.config.thermal_standardisation
    assert not loaded.build(thermal_standardisation=False).config.thermal_standardisation
    with pytest.raises(ValueError, match="thermal_standardisation must be true or false"):
        AMDANet(thermal_standardisation=1)


def test_adaptive_weighting_starts_with_equal_outputs(tiny_backbone, network):
    adaptive = network_of(
        tiny_backbone,
        adaptive_weighting=True,
        thermal_standardisation=True,
        luminance_mixing=True,
    )
    adaptive.load_state_dict(network.state_dict(), strict=False)
    with torch.inference_mode():
        found, expected = adaptive(*images()), network(*images())
    assert torch.equal(found.logits, expected.logits) and torch.equal(found.fused, expected.fused)


def test_training_goes_through_it(tiny_backbone):
    network = network_of(tiny_backbone, thermal_standardisation=True).train()
    output = network(*images())
    (output.logits.mean() + output.fused.mean()).backward()
    gradient = network.backbone.extra_patch_embed1.proj.weight.grad
    assert gradient.isfinite().all() and gradient.abs().max() > 0
