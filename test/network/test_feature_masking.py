"""Mutual feature masking: its rate, what it masks, and that the seed decides."""

import pytest
import torch

from amdanet_ros.network import AMDANet
from amdanet_ros.network.feature_masking import mask_feature


def test_mask_drops_fifteen_percent_and_leaves_the_rest_as_it_was():
    torch.manual_seed(0)
    feature = torch.rand(4, 32, 40, 40) + 1.0
    masked = mask_feature(feature, 0.15)
    dropped = masked == 0
    assert dropped.float().mean().item() == pytest.approx(0.15, abs=0.003)
    assert torch.equal(masked[~dropped], feature[~dropped])


class DecoderInputs:
    """Records the input of each call of the decoders."""

    def __init__(self, network):
        self.segmentation, self.fusion = [], []
        network.decode_head.register_forward_pre_hook(
            lambda _m, inputs: self.segmentation.append([f.detach() for f in inputs[0]])
        )
        network.aux_head.register_forward_pre_hook(
            lambda _m, inputs: self.fusion.append([f.detach() for p in inputs[0] for f in p])
        )


def assert_masked(before, after):
    for plain, masked in zip(before, after, strict=True):
        dropped = masked != plain
        assert (masked[dropped] == 0).all()
    total = sum(f.numel() for f in before)
    share = sum(int(((m == 0) & (p != 0)).sum()) for p, m in zip(before, after, strict=True))
    assert share / total == pytest.approx(0.15, abs=0.02)


def test_each_training_step_masks_one_of_the_two_sets(tiny_backbone):
    torch.manual_seed(0)
    network = AMDANet(backbone=tiny_backbone, num_classes=3, embed_dim=8).train()
    rgb, thermal = torch.rand(2, 3, 96, 96), torch.rand(2, 3, 96, 96)
    kinds = []
    seen = DecoderInputs(network)
    for _ in range(8):
        seen.segmentation.clear()
        seen.fusion.clear()
        output = network(rgb, thermal)
        assert output.masked_logits.shape == output.logits.shape
        assert output.masked_fused.shape == output.fused.shape
        # The segmentation decoder has a dropout, so it decodes again whichever set is masked.
        first, again = seen.segmentation
        if all(torch.equal(a, b) for a, b in zip(first, again, strict=True)):
            kinds.append("pairs")
            assert_masked(*seen.fusion)
            assert not torch.equal(output.masked_fused, output.fused)
        else:
            kinds.append("semantics")
            assert_masked(first, again)
            assert len(seen.fusion) == 1
            assert torch.equal(output.masked_fused, output.fused)
    assert set(kinds) == {"pairs", "semantics"}


def test_training_forward_depends_on_the_seed_alone(tiny_backbone):
    torch.manual_seed(0)
    network = AMDANet(backbone=tiny_backbone, num_classes=3, embed_dim=8).train()
    rgb, thermal = torch.rand(2, 3, 32, 32), torch.rand(2, 3, 32, 32)
    outputs = []
    for seed in (5, 5, 6):
        torch.manual_seed(seed)
        outputs.append(network(rgb, thermal))
    for first, second in zip(outputs[0], outputs[1], strict=True):
        assert torch.equal(first, second)
    assert not torch.equal(outputs[0].masked_logits, outputs[2].masked_logits)
