"""The fusion loss for real cameras, by values computed by hand and by what it asks for."""

import pytest
import torch

from amdanet_ros.inference.folded.folded_network import FoldedAMDANet
from amdanet_ros.network import AMDANet
from amdanet_ros.network.checkpoint import load_checkpoint, save_checkpoint
from amdanet_ros.network.luminance_mixing import luminance, mixed_luminance
from amdanet_ros.training.config import LossConfig
from amdanet_ros.training.losses import AMDANetLoss
from amdanet_ros.training.losses.fusion_loss import chroma
from amdanet_ros.training.losses.luminance_fusion import LuminanceTarget, above_floor


def image(*rgb, size=8):
    return torch.tensor(rgb)[None, :, None, None].expand(1, 3, size, size).contiguous()


def test_the_brighter_luminance_is_asked_for_in_rgbs_colours():
    rgb, thermal = image(0.2, 0.4, 0.1), image(0.0, 0.0, 0.0)
    thermal[..., 4:] = 0.8  # hot half
    target = LuminanceTarget(rgb, thermal)
    y = 0.299 * 0.2 + 0.587 * 0.4 + 0.114 * 0.1
    assert target.content[0, 0, 4, 1].item() == pytest.approx(y)
    assert target.content[0, 0, 4, 6].item() == pytest.approx(0.8)
    perfect = (rgb + (target.content - luminance(rgb))).clamp(0, 1)
    terms = target.terms(perfect)
    assert terms.content.item() == pytest.approx(0, abs=1e-6)
    assert terms.color.item() == pytest.approx(0, abs=1e-6)
    grey = target.terms(target.content.expand(1, 3, 8, 8))
    assert grey.color.item() > 0.05


def test_of_two_edges_the_stronger_one_is_asked_for_whichever_way_it_falls():
    rgb, thermal = image(0.9, 0.9, 0.9), image(0.5, 0.5, 0.5)
    rgb[..., 4:] = 0.1  # falls by 0.8
    thermal[..., 4:] = 0.45  # falls by 0.05
    target = LuminanceTarget(rgb, thermal)
    # Sobel of a vertical edge of 0.8: 4 x 0.8.
    assert target.gradient_x[0, 0, 4, 4].item() == pytest.approx(-3.2, abs=1e-5)


def test_thermal_that_does_not_begin_at_black_does_not_brighten_the_image():
    thermal = torch.full((1, 1, 10, 10), 0.3)
    thermal[..., :2] = 1.0
    lifted = above_floor(thermal)
    assert lifted[0, 0, 5, 5].item() == pytest.approx(0)
    assert lifted[0, 0, 5, 0].item() == pytest.approx(1)
    valid = torch.ones(1, 10, 10)
    valid[:, 5:] = 0
    thermal[:, :, 5:] = 0.0  # padding does not count
    assert above_floor(thermal, valid)[0, 0, 0, 5].item() == pytest.approx(0)


def test_padding_costs_nothing():
    rgb, thermal = torch.rand(1, 3, 8, 8), torch.rand(1, 1, 8, 8).expand(1, 3, 8, 8)
    valid = torch.zeros(1, 8, 8)
    terms = LuminanceTarget(rgb, thermal, valid).terms(torch.rand(1, 3, 8, 8))
    assert terms.total.item() == pytest.approx(0, abs=1e-6)


def test_an_unknown_rule_is_refused():
    with pytest.raises(ValueError, match="released, luminance"):
        AMDANetLoss(LossConfig(fusion_rule="bright"))


def test_the_fused_image_has_rgbs_colours_and_a_luminance_between_both_images():
    rgb, thermal = torch.rand(2, 3, 6, 6) * 0.4 + 0.3, torch.rand(2, 1, 6, 6)
    decoded = torch.rand(2, 3, 6, 6)
    fused = mixed_luminance(0.5 + 0.1 * (rgb - 0.5), thermal * 0.2 + 0.4, decoded)
    for found, wanted in zip(chroma(fused), chroma(0.1 * rgb), strict=True):
        assert torch.allclose(found, wanted, atol=1e-6)
    half = mixed_luminance(rgb, thermal, torch.full_like(rgb, 0.5))
    inside = ((half > 0) & (half < 1)).all(dim=1, keepdim=True)
    between = (luminance(rgb) + thermal) / 2
    assert torch.allclose(luminance(half)[inside], between[inside], atol=1e-6)


def test_nothing_and_all_of_thermal_is_mixed_in_where_the_decoder_says_so():
    rgb, thermal = torch.rand(1, 3, 6, 6), torch.rand(1, 1, 6, 6)
    assert torch.equal(mixed_luminance(rgb, thermal, torch.zeros_like(rgb)), rgb)
    black = mixed_luminance(torch.zeros_like(rgb), thermal, torch.ones_like(rgb))
    assert torch.allclose(black, thermal.expand_as(black), atol=1e-6)
    assert mixed_luminance(torch.ones_like(rgb), thermal + 1, torch.ones_like(rgb)).max() <= 1


@pytest.mark.parametrize("mixing", [False, True])
def test_a_network_and_its_folds_give_the_same_fused_image(mixing):
    torch.manual_seed(0)
    small = {"backbone": "mit_micro", "num_classes": 4, "embed_dim": 16}
    network = AMDANet(**small, luminance_mixing=mixing).eval()
    rgb, thermal = 0.3 + 0.4 * torch.rand(1, 3, 64, 64), torch.rand(1, 1, 64, 64)
    with torch.inference_mode():
        whole = network(rgb, thermal.expand(-1, 3, -1, -1)).fused
        folded = FoldedAMDANet(network)(rgb, thermal)[1]
    assert torch.allclose(whole, folded, atol=2e-4)
    error = (chroma(whole)[0] - chroma(rgb)[0]).abs().mean()
    assert error < 0.01 if mixing else error > 0.03


def test_a_checkpoint_says_whose_colours_the_fused_image_has(tmp_path):
    network = AMDANet(backbone="mit_micro", num_classes=4, embed_dim=16, luminance_mixing=True)
    save_checkpoint(tmp_path / "network.safetensors", network)
    built = load_checkpoint(tmp_path / "network.safetensors").build()
    assert built.config.luminance_mixing and built.aux_head.luminance_mixing
