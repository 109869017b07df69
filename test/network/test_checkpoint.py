"""Checkpoints: round trips, inferred settings, and one-line errors."""

import os
import pickle
from dataclasses import asdict

import numpy as np
import pytest
import torch

from amdanet_ros.network import AMDANet, AMDANetConfig
from amdanet_ros.network.checkpoint import (
    CheckpointError,
    load_checkpoint,
    load_imagenet_mit,
    save_checkpoint,
)
from amdanet_ros.network.inferred_settings import inferred_settings
from amdanet_ros.network.safetensors_file import read_safetensors, write_safetensors

CLASSES = ("road", "person", "sky")
PALETTE = np.array([[0, 0, 0], [255, 0, 1], [2, 3, 254]], np.uint8)


@pytest.fixture(scope="module")
def network(tiny_backbone):
    torch.manual_seed(1)
    network = AMDANet(
        backbone=tiny_backbone,
        num_classes=3,
        embed_dim=8,
        bn_eps=0.01,
        sci_rule="supplement",
        sci_tau=0.3,
    )
    with torch.no_grad():
        network.backbone.sci_1.lambda_param.fill_(0.1)
    return network.eval()


@pytest.fixture(scope="module")
def saved(network, tmp_path_factory):
    path = tmp_path_factory.mktemp("saved") / "network.safetensors"
    save_checkpoint(path, network, classes=CLASSES, palette=PALETTE, metadata={"miou": "0.7"})
    return path


def assert_same_state(one, other):
    assert one.keys() == other.keys()
    for key, value in one.items():
        assert torch.equal(value, other[key]), key


def refusal(path, **arguments):
    """Return the message of the error for a checkpoint."""
    with pytest.raises(CheckpointError) as caught:
        load_checkpoint(path, **arguments).build()
    message = str(caught.value)
    assert "\n" not in message
    assert len(message) < 400
    assert str(path) in message
    return message


def test_saved_network_comes_back_whole(network, saved):
    checkpoint = load_checkpoint(saved)
    assert checkpoint.config == network.config
    assert checkpoint.classes == CLASSES
    np.testing.assert_array_equal(checkpoint.palette, PALETTE)
    assert checkpoint.palette.dtype == np.uint8
    assert checkpoint.metadata["miou"] == "0.7"
    built = checkpoint.build()
    assert not built.training
    assert_same_state(built.state_dict(), network.state_dict())
    assert all(parameter.requires_grad for parameter in built.parameters())
    images = torch.rand(2, 1, 3, 32, 48)
    with torch.inference_mode():
        assert torch.equal(built(*images).logits, network(*images).logits)


def test_file_without_class_names_says_so(network, tmp_path):
    save_checkpoint(tmp_path / "bare.safetensors", network)
    checkpoint = load_checkpoint(tmp_path / "bare.safetensors")
    assert checkpoint.classes is None
    assert checkpoint.palette is None


def test_half_precision_keeps_integers_scalars_and_statistics(network, saved, tmp_path):
    path = tmp_path / "half.safetensors"
    save_checkpoint(path, network, half=True)
    stored, _ = read_safetensors(path)
    assert stored["backbone.block1.0.attn.q.weight"].dtype == torch.float16
    assert stored["backbone.sci_1.lambda_param"].dtype == torch.float32
    assert stored["aux_head.CNN_fuse.1.running_var"].dtype == torch.float32
    assert stored["aux_head.CNN_fuse.1.num_batches_tracked"].dtype == torch.int64
    whole, _ = read_safetensors(saved)
    assert sum(t.nbytes for t in stored.values()) < 0.6 * sum(t.nbytes for t in whole.values())
    built = load_checkpoint(path).build()
    found = built.state_dict()
    for key, value in network.state_dict().items():
        assert found[key].dtype == value.dtype
        torch.testing.assert_close(found[key], value, rtol=1e-3, atol=1e-6)
    assert built.backbone.sci_1.lambda_param.item() == pytest.approx(0.1, rel=1e-7)


def test_building_copies_and_draws_no_random_number(saved):
    checkpoint = load_checkpoint(saved)
    random_state = torch.get_rng_state()
    first = checkpoint.build()
    assert torch.equal(torch.get_rng_state(), random_state)
    before = {key: value.clone() for key, value in checkpoint.state.items()}
    with torch.no_grad():
        for parameter in first.parameters():
            parameter.add_(1.0)
    assert_same_state(checkpoint.state, before)
    assert_same_state(checkpoint.build().state_dict(), before)


def test_build_takes_changes_of_the_configuration(saved):
    built = load_checkpoint(saved).build(bn_eps=1e-3, sci_tau=0.7)
    assert built.decode_head.linear_fuse[1].eps == 1e-3
    assert built.backbone.sci_4.tau == 0.7
    with pytest.raises(CheckpointError, match="does not fit this version.*sci_rule must be one of"):
        load_checkpoint(saved).build(sci_rule="other")


@pytest.mark.parametrize("prefix", ["", "module."])
@pytest.mark.parametrize("wrap", ["bare", "model", "state_dict"])
def test_pth_loads_bare_wrapped_and_from_several_gpus(network, tmp_path, prefix, wrap):
    state = {prefix + key: value for key, value in network.state_dict().items()}
    content = state if wrap == "bare" else {wrap: state, "epoch": 300, "iteration": 5}
    torch.save(content, tmp_path / "theirs.pth")
    checkpoint = load_checkpoint(tmp_path / "theirs.pth", num_classes=3)
    assert checkpoint.config == AMDANetConfig(backbone="mit_tiny", num_classes=3, embed_dim=8)
    assert checkpoint.classes is None
    assert_same_state(checkpoint.build().state_dict(), network.state_dict())


def test_pth_with_the_optimizers_state_loads(network, tmp_path):
    optimizer = torch.optim.AdamW([network.decode_head.linear_pred.weight])
    content = {"model": network.state_dict(), "optimizer": optimizer.state_dict()}
    torch.save(content, tmp_path / "theirs.pth")
    assert load_checkpoint(tmp_path / "theirs.pth").config.embed_dim == 8


@pytest.mark.parametrize("backbone", ["mit_b0", "mit_b1", "mit_b2", "mit_b3", "mit_b4", "mit_b5"])
def test_backbone_is_inferred_from_names_and_shapes(backbone):
    with torch.device("meta"):  # names and shapes alone
        state = AMDANet(backbone=backbone, num_classes=9).state_dict()
    config = AMDANetConfig(**inferred_settings(state))
    assert config == AMDANetConfig(backbone=backbone, num_classes=9, embed_dim=512)


@pytest.mark.parametrize(
    "variant", [{"local_alignment": "none"}, {"global_alignment": False}, {"sfe": False}]
)
def test_left_out_part_is_inferred_from_the_names(tiny_backbone, tmp_path, variant):
    network = AMDANet(backbone=tiny_backbone, num_classes=3, embed_dim=8, **variant)
    torch.save(network.state_dict(), tmp_path / "variant.pth")
    checkpoint = load_checkpoint(tmp_path / "variant.pth")
    assert variant.items() <= asdict(checkpoint.config).items()
    assert_same_state(checkpoint.build().state_dict(), network.state_dict())


class RunsACommand:
    """The content of a malicious pickle: loading it calls a function of its choice."""

    def __init__(self, witness):
        self.witness = witness

    def __reduce__(self):
        return os.system, (f"touch '{self.witness}'",)


@pytest.mark.parametrize("writer", ["torch", "torch_legacy", "pickle"])
def test_pickle_with_code_is_refused_and_does_not_run(network, tmp_path, writer):
    witness, path = tmp_path / "witness", tmp_path / "evil.pth"
    content = {"model": network.state_dict(), "extra": RunsACommand(witness)}
    if writer == "pickle":
        path.write_bytes(pickle.dumps({"model": RunsACommand(witness)}, protocol=2))
    else:
        torch.save(content, path, _use_new_zipfile_serialization=writer == "torch")
    message = refusal(path)
    assert "not safe to load" in message or "loads safely" in message
    assert not witness.exists()


def test_missing_file_is_named(tmp_path):
    for name in ("none.pth", "none.safetensors"):
        assert "does not exist: give the path of" in refusal(tmp_path / name)


@pytest.mark.parametrize("share", [0.0, 0.001, 0.01, 0.1, 0.3, 0.9, 0.999])
@pytest.mark.parametrize("kind", ["pth", "safetensors"])
def test_truncated_file_is_called_damaged(network, saved, tmp_path, kind, share):
    whole = saved
    if kind == "pth":
        whole = tmp_path / "whole.pth"
        torch.save(network.state_dict(), whole)
    content = whole.read_bytes()
    cut = tmp_path / f"cut.{kind}"
    cut.write_bytes(content[: int(len(content) * share)])
    message = refusal(cut)
    assert "is damaged" in message
    assert message.endswith("copy it again")


@pytest.mark.parametrize("content", [b"hello\n", b"\x00" * 100, b"<html>Not Found</html>\n"])
def test_file_of_another_kind_is_refused(tmp_path, content):
    path = tmp_path / "page.pth"
    path.write_bytes(content)
    assert "no checkpoint" in refusal(path)


def test_pth_without_state_dict_is_refused(tmp_path):
    path = tmp_path / "other.pth"
    for content in ([1, 2], {}, {"model": {"a": 3}}, torch.ones(2)):
        torch.save(content, path)
        assert "holds no state dict" in refusal(path)


def test_checkpoint_of_another_network_names_the_first_parameters(network, tmp_path):
    path = tmp_path / "other.pth"
    torch.save(torch.nn.Linear(2, 2).state_dict(), path)
    message = refusal(path)
    assert "of another network" in message
    assert "'bias'" in message
    assert "'backbone.norm1.weight'" in message

    state = network.state_dict()
    lacking = {key: value for key, value in state.items() if "sci_2.mlp" not in key}
    torch.save(lacking, path)
    assert "lacks 4 parameters, first 'backbone.sci_2.mlp.0.bias'" in refusal(path)
    torch.save({**state, "backbone.norm9.weight": torch.ones(1)}, path)
    assert "has unknown 1 parameter, first 'backbone.norm9.weight'" in refusal(path)
    torch.save({**state, "aux_head.CNN_fuse.0.bias": torch.ones(3)}, path)
    assert "another shape for 1 parameter, first 'aux_head.CNN_fuse.0.bias'" in refusal(path)
    torch.save({**state, "backbone.norm2.weight": torch.ones(17)}, path)
    assert "channels (8, 17, 40, 64) and depths (1, 2, 1, 1) are no MiT" in refusal(path)


def test_other_number_of_classes_than_expected_is_refused(saved):
    assert load_checkpoint(saved, num_classes=3).config.num_classes == 3
    assert "has 3 classes, 9 are wanted" in refusal(saved, num_classes=9)


@pytest.mark.parametrize(
    ("metadata", "message"),
    [
        ({"classes": "["}, "unreadable metadata"),
        ({"config": "[1, 2]"}, "unreadable metadata"),
        ({"palette": "[[0, 0, 300]]"}, "unreadable metadata|palette of shape"),
        ({"classes": '["one"]'}, "names 1 classes for 3 outputs"),
        ({"palette": "[[0, 0, 0]]"}, r"palette of shape \(1, 3\) for 3 classes"),
        ({"config": '{"colour": 1}'}, "does not fit this version"),
    ],
)
def test_metadata_that_does_not_fit_is_refused(network, tmp_path, metadata, message):
    path = tmp_path / "network.safetensors"
    write_safetensors(path, network.state_dict(), metadata)
    with pytest.raises(CheckpointError, match=message):
        load_checkpoint(path).build()
    refusal(path)


def single_branch(network):
    """Make the state dict of a MiT by itself, as SegFormer publishes it, with other numbers."""
    torch.manual_seed(9)
    state = {
        key: torch.randn_like(value)
        for key, value in network.backbone.state_dict().items()
        if key.startswith(("patch_embed", "block", "norm"))
    }
    return state


def test_imagenet_weights_initialise_both_branches_and_nothing_else(tiny_backbone, tmp_path):
    torch.manual_seed(2)
    network = AMDANet(backbone=tiny_backbone, num_classes=3, embed_dim=8)
    before = {key: value.clone() for key, value in network.state_dict().items()}
    mit = single_branch(network)
    path = tmp_path / "mit.pth"
    torch.save({**mit, "head.weight": torch.ones(1000, 64), "head.bias": torch.ones(1000)}, path)
    set_now = load_imagenet_mit(path, network)
    after = network.state_dict()
    assert len(set_now) == 2 * len(mit)
    for key, value in mit.items():
        assert torch.equal(after[f"backbone.{key}"], value)
        assert torch.equal(after[f"backbone.extra_{key}"], value)
    for key in after.keys() - set(set_now):
        assert torch.equal(after[key], before[key]), key


def test_imagenet_weights_of_another_size_are_refused(network, tmp_path):
    mit = single_branch(network)
    with torch.device("meta"):
        other = AMDANet(backbone="mit_b1", num_classes=3, embed_dim=8)
    with pytest.raises(CheckpointError, match="does not fit mit_b1.*give the ImageNet checkpoint"):
        load_imagenet_mit(mit, other)
    del mit["norm3.bias"]
    with pytest.raises(CheckpointError, match="lacks 'extra_norm3.bias'"):
        load_imagenet_mit(mit, network)
    with pytest.raises(CheckpointError, match="does not exist"):
        load_imagenet_mit(tmp_path / "mit_b0.pth", network)
