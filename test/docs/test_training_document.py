"""docs/training.md takes a reader from the download of MFNet to a table: its commands are run."""

import importlib.util
import json
import os
import re
import shlex

import cv2
import numpy as np
import pytest
import torch

from amdanet_ros.cli.main import main
from amdanet_ros.network import AMDANet

pytestmark = pytest.mark.skipif(
    importlib.util.find_spec("torchvision") is None, reason="the extra train brings it"
)

MICRO = (
    "network.backbone=mit_b0",
    "network.embed_dim=16",
    "data.workers=0",
    "data.validation_share=0.34",
    "augmentation.crop=[32,32]",
    "optimization.steps=1",
    "optimization.warmup_steps=0",
    "optimization.batch_size=2",
)


@pytest.fixture(scope="module")
def text(project):
    return (project / "docs" / "training.md").read_text()


@pytest.fixture
def commands(text):
    """Return the commands of the section, as lists of words."""
    section = text.split("## From MFNet to a table")[1].split("\n## ")[0]
    return [shlex.split(line) for line in re.findall(r"^ *amdanet (.+)$", section, re.MULTILINE)]


@pytest.fixture
def download(tmp_path, project, monkeypatch):
    """Make a download of MFNet and of an ImageNet MiT where the commands look for them."""
    random = np.random.default_rng(0)
    root = tmp_path / "ir_seg_dataset"
    for folder in ("images", "labels"):
        (root / folder).mkdir(parents=True)
    splits = {"train": ("00001D", "00002N", "00003D"), "test": ("00004N",)}
    for split, names in splits.items():
        (root / f"{split}.txt").write_text("\n".join(names) + "\n")
        for name in names:
            four = random.integers(0, 256, (96, 128, 4), np.uint8)
            cv2.imwrite(str(root / "images" / f"{name}.png"), four)
            labels = random.integers(0, 9, (96, 128), np.uint8)
            cv2.imwrite(str(root / "labels" / f"{name}.png"), labels)
    state = AMDANet(backbone="mit_b0", num_classes=9).backbone.state_dict()
    own = ("extra_", "sci_", "LEs.", "GEs.")
    torch.save({k: v for k, v in state.items() if not k.startswith(own)}, tmp_path / "mit_b4.pth")
    os.symlink(project / "config", tmp_path / "config")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_its_commands_lead_from_the_download_to_tables(commands, download, capsys):
    called = [command[0] for command in commands]
    assert called == ["convert", "train", "evaluate", "reproduce"]
    for command in commands:
        extra = []
        if command[0] in ("train", "reproduce"):
            extra = [word for change in MICRO for word in ("--set", change)]
        if command[0] == "reproduce":
            extra.append("--plan")  # that it runs through is test/reproduction's
        assert main([*command, *extra]) == 0, capsys.readouterr().err
    scores = json.loads((download / "scores" / "evaluation.json").read_text())
    assert scores["pairs"] == 1 and scores["protocol"] == "released"
    assert sum(map(sum, scores["confusion_matrix"])) == 96 * 128
    assert scores["fusion"].keys() >= {"EN", "MI", "Qabf", "SSIM"}
    output = capsys.readouterr().out
    assert "without guardrail" in output
    assert output.count("to train") == 4


def test_files_it_names_exist(text, project):
    for name in re.findall(r"`((?:config|test|amdanet_ros)/[\w/.]+)`", text):
        assert (project / name).exists(), name
    for link in re.findall(r"\]\(([\w./]+\.md)\)", text):
        assert (project / "docs" / link).is_file(), link
