"""Checkpoints as trainings of all kinds save them: names, prefixes, and what lies beside."""

import argparse
import collections
import datetime
import pathlib

import numpy as np
import pytest
import torch

from amdanet_ros.network import AMDANet
from amdanet_ros.network.checkpoint import (
    CheckpointError,
    load_checkpoint,
    load_imagenet_mit,
    save_checkpoint,
)
from amdanet_ros.network.safetensors_file import write_safetensors


def assert_loads(path, state):
    loaded = load_checkpoint(path).state
    assert loaded.keys() == state.keys()
    for name, value in state.items():
        assert torch.equal(loaded[name], value), name


def renamed(state, prefix):
    return {prefix + name: value for name, value in state.items()}


def other(state):
    """The same names with other numbers."""
    return {name: torch.zeros_like(value) for name, value in state.items()}


@pytest.mark.parametrize(
    "place",
    ["model_state_dict", "net", "network", "weights", "ema", "teacher", "student", "generator"]
    + ["checkpoint.model", "state.net.params", "nets.0.state_dict"],
)
def test_state_dict_is_found_under_any_name(state, tmp_path, place):
    content = state
    for name in reversed(place.split(".")):
        content = {name: content, "epoch": 12}
    torch.save(content, tmp_path / "theirs.pth")
    assert_loads(tmp_path / "theirs.pth", state)


@pytest.mark.parametrize(
    "prefix",
    ["module.", "_orig_mod.", "model.", "net.", "module._orig_mod.", "_orig_mod.module."]
    + ["model.module.", "_forward_module.model._orig_mod.", "student.network."],
)
def test_words_before_the_names_are_dropped(state, tmp_path, prefix):
    torch.save({"state_dict": renamed(state, prefix)}, tmp_path / "theirs.pth")
    assert_loads(tmp_path / "theirs.pth", state)


def test_words_before_the_names_are_dropped_from_safetensors(state, tmp_path):
    write_safetensors(tmp_path / "theirs.safetensors", renamed(state, "model._orig_mod."), {})
    assert_loads(tmp_path / "theirs.safetensors", state)


def test_compiled_and_wrapped_part_of_a_network_loads(state, tmp_path):
    parts = {
        name.replace("backbone.", "backbone._orig_mod.").replace(
            ".block1.", ".block1._checkpoint_wrapped_module."
        ): value
        for name, value in state.items()
    }
    torch.save(parts, tmp_path / "theirs.pth")
    assert_loads(tmp_path / "theirs.pth", state)


def test_network_goes_before_its_average_and_an_average_alone_is_taken(state, tmp_path):
    path = tmp_path / "theirs.pth"
    torch.save({"model_ema": other(state), "model": state}, path)
    assert_loads(path, state)
    torch.save({**renamed(other(state), "teacher."), **renamed(state, "student.")}, path)
    assert_loads(path, state)
    torch.save({"ema_model": renamed(state, "module."), "model": None}, path)
    assert_loads(path, state)


def test_weights_of_something_else_beside_the_network_are_left_out(state, tmp_path):
    content = {**renamed(state, "model."), "criterion.weight": torch.ones(9)}
    torch.save({"state_dict": content}, tmp_path / "theirs.ckpt")
    assert_loads(tmp_path / "theirs.ckpt", state)


def test_counts_of_a_profiler_and_of_averaging_are_left_out(state, tmp_path):
    counted = {**state, "total_ops": torch.zeros(1, dtype=torch.float64)}
    for name in list(state):
        place = name.rpartition(".")[0]
        counted[f"{place}.total_ops"] = torch.zeros(1, dtype=torch.float64)
        counted[f"{place}.total_params"] = torch.zeros(1, dtype=torch.float64)
    torch.save({"model": counted, "n_averaged": torch.tensor(3)}, tmp_path / "thop.pth")
    assert_loads(tmp_path / "thop.pth", state)
    torch.save({**renamed(state, "module."), "n_averaged": torch.tensor(3)}, tmp_path / "swa.pth")
    assert_loads(tmp_path / "swa.pth", state)


def test_batch_counters_may_be_missing_or_averaged(state, tmp_path):
    path = tmp_path / "old.pth"
    torch.save({k: v for k, v in state.items() if not k.endswith("num_batches_tracked")}, path)
    assert_loads(path, state)
    torch.save({k: v.float() for k, v in state.items()}, path)
    assert_loads(path, state)


class Settings:
    """An object of a training's own."""

    def __init__(self):
        self.rate = 0.1


BESIDE = {
    "numpy": {"best": np.float64(0.5), "epoch": np.int32(3), "curve": np.arange(4.0)},
    "command line": {"args": argparse.Namespace(lr=1e-4, out=pathlib.PurePosixPath("/out"))},
    "collections": {
        "log": collections.defaultdict(list, loss=[1.0]),
        "last": collections.deque([1, 2]),
        "names": {"a", "b"},
        "size": torch.Size([3, 4]),
        "device": torch.device("cuda:0"),
        "when": datetime.datetime(2025, 11, 26),
    },
    "own object": {"settings": Settings(), "dtype": torch.float16, "kind": Settings},
    "random state": {"torch": torch.get_rng_state(), "numpy": np.random.get_state()},
}


@pytest.mark.parametrize("legacy", [False, True], ids=["zip", "legacy"])
@pytest.mark.parametrize("beside", list(BESIDE))
def test_data_beside_the_weights_does_no_harm(state, tmp_path, beside, legacy):
    content = {**BESIDE[beside], "model": state}
    torch.save(content, tmp_path / "theirs.pth", _use_new_zipfile_serialization=not legacy)
    assert_loads(tmp_path / "theirs.pth", state)


def test_numbers_among_the_weights_do_no_harm(state, tmp_path):
    torch.save({**state, "epoch": 5, "miou": np.float32(0.6), "note": "v2"}, tmp_path / "flat.pth")
    assert_loads(tmp_path / "flat.pth", state)


def test_lightning_checkpoint_loads(state, tmp_path):
    torch.save(
        {
            "epoch": 3,
            "global_step": 400,
            "pytorch-lightning_version": "2.4.0",
            "state_dict": {**renamed(state, "net."), "loss.weight": torch.ones(3)},
            "loops": {"fit_loop": {"state_dict": {}}},
            "callbacks": {"ModelCheckpoint{'monitor': 'miou'}": {"best": torch.tensor(0.5)}},
            "optimizer_states": [{"state": {0: {"exp_avg": torch.ones(4)}}, "param_groups": []}],
            "hyper_parameters": {"lr": 1e-3},
        },
        tmp_path / "last.ckpt",
    )
    assert_loads(tmp_path / "last.ckpt", state)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float64])
@pytest.mark.parametrize("legacy", [False, True], ids=["zip", "legacy"])
def test_weights_of_other_precision_become_float32(state, tmp_path, dtype, legacy):
    stored = {k: v.to(dtype) if v.is_floating_point() else v for k, v in state.items()}
    torch.save(stored, tmp_path / "theirs.pth", _use_new_zipfile_serialization=not legacy)
    expected = {k: v.float() if v.is_floating_point() else v for k, v in stored.items()}
    assert_loads(tmp_path / "theirs.pth", expected)


def test_parameters_shared_numbers_and_strides_load(state, tmp_path):
    name = "decode_head.linear_pred.weight"
    stored = {k: torch.nn.Parameter(v, v.is_floating_point()) for k, v in state.items()}
    stored[name] = state[name].to(memory_format=torch.channels_last)
    stored["backbone.norm1.weight"] = torch.cat([torch.zeros(8), state["backbone.norm1.weight"]])[
        8:
    ]
    torch.save(stored, tmp_path / "theirs.pth")
    assert_loads(tmp_path / "theirs.pth", state)


@pytest.mark.parametrize("name", ["ours.pth", "ours.bin", "ours"])
def test_content_tells_a_files_kind_not_its_name(tiny_backbone, state, tmp_path, name):
    network = AMDANet(backbone=tiny_backbone, num_classes=3, embed_dim=8)
    network.load_state_dict(state)
    save_checkpoint(tmp_path / name, network)
    assert_loads(tmp_path / name, state)
    torch.save(state, tmp_path / "theirs.safetensors")
    assert_loads(tmp_path / "theirs.safetensors", state)


def test_imagenet_weights_are_found_under_other_names(tiny_backbone, state, tmp_path):
    branch = ("backbone.patch_embed", "backbone.block", "backbone.norm")
    mit = {k: v for k, v in state.items() if k.startswith(branch)}
    segformer = {**mit, "decode_head.linear_pred.bias": torch.ones(150)}
    torch.save({"state_dict": segformer, "meta": {"epoch": 3}}, tmp_path / "segformer.pth")
    network = AMDANet(backbone=tiny_backbone, num_classes=3, embed_dim=8)
    assert len(load_imagenet_mit(tmp_path / "segformer.pth", network)) == 2 * len(mit)
    for key, value in mit.items():
        assert torch.equal(network.state_dict()[key], value)


def refusal(path):
    with pytest.raises(CheckpointError) as caught:
        load_checkpoint(path).build()
    message = str(caught.value)
    assert message.isprintable()
    assert len(message) < 400 + len(str(path))
    return message


def test_two_entries_of_one_name_are_refused(state, tmp_path):
    torch.save({**state, "backbone._orig_mod.norm1.bias": torch.ones(8)}, tmp_path / "two.pth")
    assert "has two entries for 'backbone.norm1.bias'" in refusal(tmp_path / "two.pth")


def test_own_training_state_points_to_the_best_weights(state, tmp_path):
    names = ("step", "best_step", "best_iou", "optimizer", "average", "config")
    torch.save({"network": state, **dict.fromkeys(names)}, tmp_path / "last.pt")
    message = refusal(tmp_path / "last.pt")
    assert "saved state of a training" in message
    assert message.endswith("give the best.safetensors beside it")


@pytest.mark.parametrize("wrap", [None, "model"])
@pytest.mark.parametrize("legacy", [False, True], ids=["zip", "legacy"])
def test_whole_pickled_network_is_refused_with_the_way_out(tmp_path, wrap, legacy):
    network = torch.nn.Sequential(torch.nn.Linear(2, 2))
    content = network if wrap is None else {wrap: network, "epoch": 3}
    torch.save(content, tmp_path / "whole.pth", _use_new_zipfile_serialization=not legacy)
    message = refusal(tmp_path / "whole.pth")
    assert "whole pickled network (torch.nn.modules." in message
    assert "torch.save(network.state_dict()" in message


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_torchscript_program_is_refused_with_the_way_out(tmp_path):
    torch.jit.save(torch.jit.script(torch.nn.Linear(2, 2)), tmp_path / "script.pt")
    assert "is a TorchScript program" in refusal(tmp_path / "script.pt")


def test_network_of_another_kind_is_told_in_one_bounded_line(tmp_path):
    names = {f"layer{i}.{'x' * 300}": torch.ones(1) for i in range(2000)}
    write_safetensors(tmp_path / "other.safetensors", names, {})
    message = refusal(tmp_path / "other.safetensors")
    assert "of another network: it has 'layer0." in message
    assert "lacks 'backbone.norm1.weight' and 4 more" in message


def test_numpy_arrays_for_weights_are_refused(state, tmp_path):
    torch.save({name: value.numpy() for name, value in state.items()}, tmp_path / "arrays.pth")
    assert "has a numpy array for " in refusal(tmp_path / "arrays.pth")


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda w: torch.quantize_per_tensor(w, 0.1, 0, torch.qint8), "is quantised"),
        (lambda w: w.to_sparse(), "is sparse"),
        (lambda w: w.reshape(8, -1).to_sparse_csr(), "is sparse"),
        (lambda w: w.to("meta"), "has no numbers .it is on torch's meta device"),
        (lambda w: w.to(torch.complex64), "save it as float32"),
        (lambda w: w.int(), "has numbers of another type for 1 parameter"),
    ],
    ids=["quantised", "sparse", "sparse rows", "meta", "complex", "integers"],
)
@pytest.mark.filterwarnings("ignore::UserWarning")
def test_tensor_of_another_kind_is_refused_by_name(state, tmp_path, make, message):
    name = "backbone.block1.0.attn.q.weight"
    torch.save({**state, name: make(state[name])}, tmp_path / "kind.pth")
    told = refusal(tmp_path / "kind.pth")
    assert name in told
    with pytest.raises(CheckpointError, match=message):
        load_checkpoint(tmp_path / "kind.pth").build()
