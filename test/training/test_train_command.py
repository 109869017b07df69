"""`amdanet train` and `amdanet evaluate`, from the command line to the files; two processes."""

import json

import pytest
import torch
import yaml

from amdanet_ros.cli.main import main
from amdanet_ros.network.checkpoint import CheckpointError, load_checkpoint
from amdanet_ros.training.saved_state import save_state

CONFIG = {
    "network": {
        "backbone": "mit_micro",
        "embed_dim": 16,
        "drop_path_rate": 0.0,
        "dropout": 0.0,
        "masking_rate": 0.0,
    },
    "data": {"source": "folder", "classes": "pst900", "validation_share": 0.25, "workers": 0},
    "augmentation": {"crop": [32, 32], "scales": [1.0]},
    "optimization": {"steps": 2, "warmup_steps": 1, "batch_size": 4, "learning_rate": 1e-3},
    "log_every": 1,
}


@pytest.fixture
def config(tmp_path, data_set):
    path = tmp_path / "tiny.yaml"
    data = {**CONFIG["data"], "root": str(data_set(count=8))}
    path.write_text(yaml.safe_dump({**CONFIG, "data": data}))
    return path


def losses(log_of, folder):
    return [line["total"] for line in log_of(folder) if line["kind"] == "train"]


def test_training_and_evaluation_of_a_data_set(tmp_path, config, log_of, capsys):
    run = tmp_path / "run"
    assert main(["train", str(config), "--out", str(run), "--stop-at", "1"]) == 0
    told = capsys.readouterr().out
    assert "no weights were kept: no validation was reached" in told
    assert "best" not in told
    with pytest.raises(CheckpointError, match=r"saved state of a training.*best\.safetensors"):
        load_checkpoint(run / "last.pt")
    assert main(["train", str(run / "config.yaml"), "--out", str(run), "--resume"]) == 0
    assert len(losses(log_of, run)) == 2
    root = yaml.safe_load(config.read_text())["data"]["root"]
    scores = tmp_path / "scores"
    weights = str(run / "best.safetensors")
    arguments = [
        "evaluate",
        weights,
        "--data",
        root,
        "--out",
        str(scores),
        "--protocol",
        "released",
    ]
    assert main(arguments) == 2
    assert "--window" in capsys.readouterr().err
    assert main([*arguments, "--window", "40", "40"]) == 0
    values = json.loads((scores / "evaluation.json").read_text())
    assert values["pairs"] == 8
    assert sum(map(sum, values["confusion_matrix"])) == 8 * (48 * 48 - 1)
    assert "Hand-Drill" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("extra", "message"),
    [
        (["--data", "/nowhere"], "train.txt is missing"),
        (["--set", "data.classes=mars"], "data.classes"),
        (["--set", "network.backbone=mit_b9"], "network.backbone must be one of "),
        (["--resume"], "no saved training state"),
        (["--data", "~nouser/MFNet"], "home folder of a user that does not exist"),
        (["--data", "[x"], "[x/train.txt is missing"),
        (["--data", "5"], "5/train.txt is missing"),
        (["--set", "optimization.learning_rate=.nan"], "optimization.learning_rate is nan"),
        (["--set", "optimization.batch_size=0"], "optimization.batch_size is 0"),
        (["--set", "optimization.steps=["], "is no YAML"),
        (["--set", "initial=/etc/passwd"], "/etc/passwd is a text file and no checkpoint: give"),
        (["--set", "imagenet=/dev/zero"], "checkpoint /dev/zero is a pipe or a device"),
        (["--out", "DATA"], "is the data set's folder: give a folder of its own"),
        (["--out", "DATA/train.txt"], "train.txt is a file: give a folder"),
    ],
)
def test_mistakes_end_with_one_line(tmp_path, config, capsys, extra, message):
    extra = [each.replace("DATA", str(tmp_path / "data_set")) for each in extra]
    assert main(["train", str(config), "--out", str(tmp_path / "run"), *extra]) == 2
    error = capsys.readouterr().err
    assert message in error
    assert error.startswith("amdanet: ") and error.count("\n") == 1


def test_state_that_the_disk_does_not_hold_is_told_and_the_old_one_stays(tmp_path, monkeypatch):
    path = tmp_path / "last.pt"
    save_state(path, {"step": 3})
    before = path.read_bytes()

    def failing(_state, partial):
        partial.write_bytes(b"half of it")
        raise RuntimeError("[enforce fail at inline_container.cc:595] . unexpected pos 64 vs 0")

    monkeypatch.setattr(torch, "save", failing)
    with pytest.raises(OSError, match=r"(No space left|Input/output error).*last\.pt"):
        save_state(path, {"step": 4})
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]
