"""The folded network computes what AMDANet computes: golden numbers, any size, chosen outputs."""

import gc
import sys

import numpy as np
import pytest
import torch

from amdanet_ros.inference.folded import FoldedAMDANet, UnsupportedVariantError
from amdanet_ros.inference.folded.any_size import AnySizeAMDANet
from amdanet_ros.inference.folded.converted_network import ConvertedAMDANet
from amdanet_ros.inference.shared_conversion import SharedConversion
from amdanet_ros.network import AMDANet


def relative(got, expected):
    return np.linalg.norm(got - expected) / np.linalg.norm(expected)


@pytest.fixture(scope="module")
def network(randomized):
    torch.manual_seed(3)
    return randomized(AMDANet(backbone="mit_b0", num_classes=6, embed_dim=48).eval())


@pytest.fixture(scope="module")
def folded(network):
    return FoldedAMDANet(network)


def images(size, batch=1):
    generator = torch.Generator().manual_seed(size[0] * 1000 + size[1])
    rgb = torch.rand(batch, 3, *size, generator=generator)
    return rgb, torch.rand(batch, 1, *size, generator=generator)


@pytest.mark.parametrize("tag", ["b2_70x90", "b4_96x128"])
def test_the_folded_and_the_plain_forward_give_the_releases_numbers(
    golden_case, golden_errors, project, monkeypatch, tag
):
    monkeypatch.syspath_prepend(str(project / "benchmarks"))
    monkeypatch.delitem(sys.modules, "plain_forward", raising=False)
    from plain_forward import PlainForward

    case, network = golden_case(tag)
    state = network.state_dict()
    rgb, thermal = torch.from_numpy(case.rgb), torch.from_numpy(case.thermal)
    plain = PlainForward(state, case.bn_eps)(rgb, thermal)
    with torch.inference_mode():
        network = FoldedAMDANet(network)
        folded = network(rgb, thermal[:, :1])
        form = ConvertedAMDANet(network)
        samples = [form(rgb[i : i + 1], thermal[i : i + 1, :1]) for i in range(len(rgb))]
        converted = tuple(torch.cat(each) for each in zip(*samples, strict=True))
    for logits, fused in (plain, folded, converted):
        logits_error, fused_error, labels = golden_errors(case, logits.numpy(), fused.numpy())
        assert logits_error < 3e-5
        assert fused_error < 1e-5
        assert labels > 0.999


@pytest.mark.parametrize("size", [(32, 32), (33, 45), (64, 96), (71, 130), (100, 36), (135, 33)])
def test_any_size_gives_the_networks_outputs(network, folded, size):
    rgb, thermal = images(size, batch=2)
    with torch.inference_mode():
        expected = network(rgb, thermal.expand(-1, 3, -1, -1))
        logits, fused = folded(rgb, thermal)
    assert relative(logits.numpy(), expected.logits.numpy()) < 3e-5
    assert relative(fused.numpy(), expected.fused.numpy()) < 1e-5


def test_only_what_is_wanted_is_computed(folded, monkeypatch):
    rgb, thermal = images((48, 48))
    with torch.inference_mode():
        logits, fused = folded(rgb, thermal)

        def unwanted(*_):
            raise AssertionError("computed, though not wanted")

        with monkeypatch.context() as patch:
            patch.setattr(folded.fusion, "forward", unwanted)
            only_logits = folded(rgb, thermal, want_fused=False)
        with monkeypatch.context() as patch:
            patch.setattr(folded.segmentation, "forward", unwanted)
            for alignment in folded.global_alignment:
                patch.setattr(alignment, "forward", unwanted)
            only_fused = folded(rgb, thermal, want_logits=False)
    assert torch.equal(only_logits[0], logits)
    assert only_logits[1] is None
    assert torch.equal(only_fused[1], fused)
    assert only_fused[0] is None


def test_inputs_and_the_training_module_stay_as_they_are(network):
    before = {key: value.clone() for key, value in network.state_dict().items()}
    rgb, thermal = images((40, 56))
    copies = rgb.clone(), thermal.clone()
    with torch.inference_mode():
        FoldedAMDANet(network)(rgb, thermal)
    assert torch.equal(rgb, copies[0])
    assert torch.equal(thermal, copies[1])
    for key, value in network.state_dict().items():
        assert torch.equal(value, before[key])


def test_later_training_steps_do_not_show(network):
    folded = FoldedAMDANet(network)
    rgb, thermal = images((32, 48))
    state = {key: value.clone() for key, value in network.state_dict().items()}
    with torch.inference_mode():
        before = folded(rgb, thermal)
    with torch.no_grad():
        for parameter in network.parameters():
            parameter += 1.0
    with torch.inference_mode():
        after = folded(rgb, thermal)
    network.load_state_dict(state)
    assert torch.equal(before[0], after[0])
    assert torch.equal(before[1], after[1])


def test_one_sample_at_a_time_or_a_batch_is_the_same(folded):
    rgb, thermal = images((40, 64), batch=3)
    with torch.inference_mode():
        logits, fused = folded(rgb, thermal)
        for i in range(3):
            one = folded(rgb[i : i + 1], thermal[i : i + 1])
            torch.testing.assert_close(one[0][0], logits[i], rtol=1e-3, atol=1e-5)
            torch.testing.assert_close(one[1][0], fused[i], rtol=1e-3, atol=1e-5)


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
def test_half_precision_in_the_encoder_stays_near(network, folded, dtype):
    rgb, thermal = images((64, 64))
    with torch.inference_mode():
        exact = folded(rgb, thermal)
        half = FoldedAMDANet(network, dtype)(rgb, thermal)
    assert half[0].dtype == half[1].dtype == torch.float32
    assert (half[1] - exact[1]).abs().mean() < 0.02


@pytest.mark.parametrize("form", ["folded", "any size", "converted"])
def test_thermal_is_standardised_as_in_the_network(shallow_network, form):
    torch.manual_seed(2)
    network = shallow_network(luminance_mixing=True, thermal_standardisation=True)
    folded = FoldedAMDANet(network)
    engine = {
        "folded": lambda: folded,
        "any size": lambda: AnySizeAMDANet(network),
        "converted": lambda: ConvertedAMDANet(folded),
    }[form]()
    rgb, thermal = images((64, 96))
    level = torch.full_like(thermal, 0.4)
    with torch.inference_mode():
        for each in (thermal, 0.1 * thermal, level):
            expected = network(rgb, each.expand(-1, 3, -1, -1))
            logits, fused = engine(rgb, each)
            assert relative(logits.numpy(), expected.logits.numpy()) < 1e-4
            assert relative(fused.numpy(), expected.fused.numpy()) < 1e-5


def test_a_remembered_graph_of_the_same_weights_is_another_one_when_standardised(network):
    other = AMDANet(network.config, thermal_standardisation=True).eval()
    other.load_state_dict(network.state_dict())
    digests = {SharedConversion(FoldedAMDANet(each)).digest for each in (network, other)}
    assert len(digests) == 2


def test_no_tensor_is_left_behind(folded):
    def living():
        gc.collect()
        return sum(type(thing) is torch.Tensor for thing in gc.get_objects())

    with torch.inference_mode():
        folded(*images((48, 64)))
        before = living()
        for _ in range(3):
            folded(*images((48, 64)))
        assert living() == before


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("sfe", False),
        ("global_alignment", False),
        ("local_alignment", "none"),
        ("local_alignment", "cbam"),
        ("local_alignment", "danet"),
        ("sci_rule", "supplement"),
        ("adaptive_weighting", True),
    ],
)
def test_variants_are_refused_by_name(setting, value):
    network = AMDANet(backbone="mit_b0", num_classes=4, embed_dim=16, **{setting: value})
    with pytest.raises(UnsupportedVariantError, match=setting):
        FoldedAMDANet(network)
