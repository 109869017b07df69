"""`amdanet benchmark`: candidates side by side, on the user's own checkpoints."""

import json

import pytest
import torch

from amdanet_ros.cli.main import main
from amdanet_ros.inference import Predictor
from amdanet_ros.inference.timing import time_predictors
from amdanet_ros.network import AMDANet
from amdanet_ros.network.checkpoint import save_checkpoint


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory):
    torch.manual_seed(0)
    path = tmp_path_factory.mktemp("benchmark") / "small.safetensors"
    network = AMDANet(backbone="mit_b0", num_classes=3, embed_dim=16)
    save_checkpoint(path, network, classes=("road", "person", "car"))
    return path


def test_each_checkpoint_is_timed_in_each_precision(checkpoint, tmp_path, capsys):
    numbers = tmp_path / "times.json"
    call = [str(checkpoint), "--size", "48", "64", "--rounds", "2", "--device", "cpu"]
    assert main(["benchmark", *call, "--precisions", "fp32", "bf16", "--json", str(numbers)]) == 0
    printed = capsys.readouterr().out
    assert "2 rounds at 48 x 64" in printed and "folded path" in printed
    seconds = json.loads(numbers.read_text())["seconds"]
    assert list(seconds) == ["small.safetensors fp32", "small.safetensors bf16"]
    first = seconds["small.safetensors fp32"]
    assert first["ratio"] == 1.0 and first["agreement"] == 1.0
    parts = first["prepare"] + first["network"] + first["finish"]
    assert 0 < parts <= 1.5 * first["slowest"]


def test_agreement_counts_the_labels_that_stay(checkpoint):
    torch.manual_seed(1)
    other = AMDANet(backbone="mit_b0", num_classes=3, embed_dim=16)
    candidates = {
        "first": Predictor.from_checkpoint(checkpoint, "cpu", "fp32"),
        "again": Predictor.from_checkpoint(checkpoint, "cpu", "fp32"),
        "another": Predictor(other, device="cpu", precision="fp32"),
    }
    timings = time_predictors(candidates, (48, 64), rounds=1)
    assert timings["again"].agreement == 1.0
    assert timings["another"].agreement < 1.0


def test_mistakes_are_one_line(checkpoint, capsys):
    assert main(["benchmark", str(checkpoint), "--rounds", "0"]) == 2
    assert "--rounds is 0" in capsys.readouterr().err
    assert main(["benchmark", "missing.pth"]) == 2
    assert "missing.pth" in capsys.readouterr().err
    assert main(["benchmark", str(checkpoint), "--size", "16", "64"]) == 2
    assert "--size is 16" in capsys.readouterr().err


@pytest.mark.parametrize(
    "content", ["{}", "[1, 2]", '{"my": "results"}', "years of work", "[" * 9999]
)
def test_a_file_of_something_else_is_not_replaced(checkpoint, tmp_path, capsys, content):
    kept = tmp_path / "times.json"
    kept.write_text(content)
    assert main(["benchmark", str(checkpoint), "--json", str(kept)]) == 2
    assert "was not written by amdanet benchmark" in capsys.readouterr().err
    assert kept.read_text() == content
    weights = tmp_path / "other.onnx"
    weights.write_text(content)
    assert main(["export", str(checkpoint), "-o", str(weights)]) == 2
    assert "was not written by amdanet export" in capsys.readouterr().err
    assert weights.read_text() == content
