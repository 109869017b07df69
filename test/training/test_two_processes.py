"""Two processes that `torchrun` starts, on the CPU over gloo, against one."""

import json
import subprocess
import sys

import pytest
import torch
import yaml

from amdanet_ros.cli.main import main
from amdanet_ros.training import processes
from amdanet_ros.training.saved_state import load_state
from amdanet_ros.training.trainer import LAST

# Dropout, drop path, masking and augmentation are on: random numbers must agree as well.
CONFIG = {
    "network": {"backbone": "mit_micro", "embed_dim": 16},
    "data": {"source": "folder", "classes": "pst900", "validation_share": 0.2, "workers": 0},
    "augmentation": {"crop": [32, 32], "scales": [0.8, 1.2], "exposure": 0.5},
    "optimization": {
        "steps": 3,
        "warmup_steps": 1,
        "batch_size": 4,
        "learning_rate": 1e-3,
        "clip_norm": 1.0,
    },
    "log_every": 1,
    "threads": 1,
}

LOSSES = {"all": {}, "classes": {"alpha2": 0.0, "alpha3": 0.0}}

# What `torchrun --standalone --nproc-per-node=2` does, but both are forked from a process that has
# imported everything.
SCRIPT = """
import json, sys
from torch.distributed.launcher.api import LaunchConfig, elastic_launch
import amdanet_ros.training.trainer
from amdanet_ros.cli.main import main
from amdanet_ros.network.mix_transformer import BACKBONES, MixTransformerSize
from amdanet_ros.training.processes import processes

def work():
    with processes("cpu"):
        for call in " ".join(sys.argv[2:]).split(" then "):
            assert main(call.split()) == 0, call

BACKBONES["mit_micro"] = MixTransformerSize(*map(tuple, json.loads(sys.argv[1])))
elastic_launch(
    LaunchConfig(1, 1, 2, start_method="fork", rdzv_backend="c10d", rdzv_endpoint="localhost:0"),
    work,
)()
"""


def test_batchnorms_of_several_gpus_agree_and_keep_their_weights(monkeypatch):
    """Wrapping for GPUs (run without one) keeps the parameters that the optimiser holds."""
    wrapped = {}
    monkeypatch.setattr(
        processes, "DistributedDataParallel", lambda network, **how: wrapped.update(how) or network
    )
    network = torch.nn.Sequential(torch.nn.Conv2d(3, 4, 1), torch.nn.BatchNorm2d(4))
    before = list(network.parameters())
    made = processes.Processes(1, 2, torch.device("cuda", 1)).distribute(network)
    assert isinstance(made[1], torch.nn.SyncBatchNorm) and made is network
    assert all(a is b for a, b in zip(made.parameters(), before, strict=True))
    assert wrapped == {"device_ids": [1], "find_unused_parameters": False}


@pytest.fixture
def one_thread():
    """Use one thread like the child processes: rounding depends on the number of threads."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def train_and_evaluate(config, root, out, weights, *options):
    """Return the words of both commands, with "then" between them."""
    train = ["train", str(config), "--device", "cpu", "--out", str(out), *options]
    evaluate = ["evaluate", str(weights), "--data", str(root), "--device", "cpu"]
    return [*train, "then", *evaluate, "--out", str(out)]


def test_two_processes_give_what_one_gives(
    tmp_path, data_set, log_of, child_environment, one_thread, micro_backbone
):
    root = data_set(count=9)
    calls = []
    for name, loss in LOSSES.items():
        config = tmp_path / f"{name}.yaml"
        values = {**CONFIG, "loss": loss, "data": {**CONFIG["data"], "root": str(root)}}
        config.write_text(yaml.safe_dump(values))
        # Two processes share a batch as two accumulated parts do.
        accumulate = "--set", "optimization.accumulate=2"
        one, two = tmp_path / "one" / name, tmp_path / "two" / name
        # Both score the same weights: each process keeps the mean of the images that it has seen.
        weights = one / "best.safetensors"
        for call in " ".join(train_and_evaluate(config, root, one, weights, *accumulate)).split(
            " then "
        ):
            assert main(call.split()) == 0
        calls += ["then", *train_and_evaluate(config, root, two, weights)]

    script = tmp_path / "commands.py"
    script.write_text(SCRIPT)
    done = subprocess.run(
        [sys.executable, str(script), micro_backbone, *calls[1:]],
        env=child_environment,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("finished; best mIoU") == len(LOSSES)  # only the first process prints
    for name in LOSSES:
        assert_same(tmp_path / "one" / name, tmp_path / "two" / name, log_of)


def assert_same(one, two, log_of):
    # The losses of each step and the final weights.
    steps = [[line for line in log_of(run) if line["kind"] == "train"] for run in (one, two)]
    assert len(steps[0]) == len(steps[1]) == 3
    for expected, found in zip(*steps, strict=True):
        for line in (expected, found):
            line.pop("seconds")
        assert found == pytest.approx(expected, rel=1e-5)
    weights, others = (load_state(run / LAST)["network"] for run in (one, two))
    for name in (name for name in weights if "running" not in name and "tracked" not in name):
        torch.testing.assert_close(others[name], weights[name], rtol=1e-4, atol=1e-5)

    # Nine images: one process has five, the other four.
    expected, found = (json.loads((run / "evaluation.json").read_text()) for run in (one, two))
    assert sum(map(sum, expected["confusion_matrix"])) == 9 * (48 * 48 - 1)
    assert found == expected
