"""docs/own_data.md takes a reader from a recording to own weights: its commands are run."""

import importlib.util
import json
import os
import re
import shlex

import pytest
import torch

from amdanet_ros.classes import DEMO, STREET
from amdanet_ros.cli.main import main
from amdanet_ros.demo.recording import make_recording
from amdanet_ros.network import AMDANet
from amdanet_ros.network.checkpoint import load_checkpoint, save_checkpoint
from amdanet_ros.synthetic.recording import StreetRecording

pytestmark = pytest.mark.skipif(
    importlib.util.find_spec("torchvision") is None, reason="the extra train brings it"
)

MICRO = (
    "initial=old.safetensors",
    "network.embed_dim=16",
    "network.luminance_mixing=false",
    "data.workers=0",
    "augmentation.crop=[32,32]",
    "optimization.steps=1",
    "optimization.warmup_steps=0",
    "optimization.batch_size=2",
)
SMALLER = {
    "extract": ["--every", "0.2", "--count", "8", "--confidence", "0", "--change", "0"],
    "train": [word for change in MICRO for word in ("--set", change)],
}


@pytest.fixture
def beginning(tmp_path, project, monkeypatch, no_half_precision):
    """A recording of small images, and small weights in the place of the built-in ones."""
    street = StreetRecording(
        duration=2.0, size=(48, 64), thermal_size=(48, 64), conditions=("day",)
    )
    make_recording(tmp_path / "recording", street)
    torch.manual_seed(0)
    for name, table in (("old", STREET), ("first", DEMO)):
        network = AMDANet(backbone="mit_b0", num_classes=len(table), embed_dim=16)
        save_checkpoint(tmp_path / f"{name}.safetensors", network, classes=table.names)
    os.symlink(project / "config", tmp_path / "config")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_its_commands_lead_from_a_recording_to_weights(beginning, project, capsys):
    text = (project / "docs" / "own_data.md").read_text()
    (beginning / "my_classes.yaml").write_text(re.search(r"^names: .*$", text, re.MULTILINE)[0])
    weights = {"demo": "first.safetensors", "street": "old.safetensors"}
    called = []
    for line in re.findall(r"^amdanet (.+)$", text, re.MULTILINE):
        words = [weights.get(word, word) for word in shlex.split(line)]
        if words[:2] == ["convert", "cvat"] and "--to" not in words:
            drawn_by_people(beginning / "my_task" / "annotations.xml")
        words += SMALLER.get(words[0], [])
        called.append(words[0])
        assert main(words) == 0, capsys.readouterr().err
        said = capsys.readouterr().out
        if words[0] == "evaluate":
            assert re.search(r"the new one is (better|worse)|not told apart", said)
    assert called == ["extract", "convert", "convert", "train", "evaluate", "fuse"]
    assert (beginning / "my_set" / "Label_before_1").is_dir()
    names = ("road", "car", "person", "plant")
    trained = load_checkpoint(beginning / "runs" / "mine" / "best.safetensors")
    assert tuple(trained.classes) == names
    origin = json.loads((beginning / "my_set" / "first_labels.json").read_text())
    assert origin["network"].startswith("first.safetensors")
    assert (beginning / "fused_bag" / "metadata.yaml").is_file()


def drawn_by_people(path):
    """Add a road and a plant to each image, as CVAT would export them."""
    areas = "".join(
        f'<polygon label="{label}" points="{points}" z_order="99"></polygon>'
        for label, points in (
            ("road", "0,30;64,30;64,48;0,48"),
            ("plant", "0,0;30,0;30,20;0,20"),
            ("person", "40,10;50,10;50,40;40,40"),
        )
    )
    path.write_text(path.read_text().replace("</image>", areas + "</image>"))
