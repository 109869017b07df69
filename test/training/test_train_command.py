"""`amdanet train` and `amdanet evaluate`, from the command line to the files; two processes."""

import json

import pytest
import yaml

from amdanet_ros.cli.main import main

CONFIG = {
    "network": {
        "backbone": "mit_b0",
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
    ],
)
def test_mistakes_end_with_one_line(tmp_path, config, capsys, extra, message):
    assert main(["train", str(config), "--out", str(tmp_path / "run"), *extra]) == 2
    error = capsys.readouterr().err
    assert message in error
    assert error.startswith("amdanet: ") and error.count("\n") == 1
