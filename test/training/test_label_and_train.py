"""The recipe of config/training/street_no_vehicles.yaml from end to end, at its least size."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from amdanet_ros.classes import STREET
from amdanet_ros.cli.main import main
from amdanet_ros.network import AMDANet
from amdanet_ros.network.checkpoint import load_checkpoint, save_checkpoint

RECIPE = Path("config/training/street_no_vehicles.yaml")
EXCLUDED = ("person", "bicycle", "vehicle")
LISTS = {
    "train_night": "000",
    "train_day": "001",
    "camvid": "002",
    "unlabelled": "003\n004",
    "no_vehicles": "004",
    "test": "005",
}


@pytest.fixture
def street(data_set):
    """A data set with the recipe's lists: what people left open, and images without labels."""
    root = data_set(count=6, classes=len(STREET))
    for name in ("000", "001"):
        labels = np.full((48, 48), 254, np.uint8)
        labels[:8] = STREET.names.index("person")
        cv2.imwrite(str(root / "Label" / f"{name}.png"), labels)
    for name in ("003", "004"):
        cv2.imwrite(str(root / "Label" / f"{name}.png"), np.full((48, 48), 255, np.uint8))
    for name, content in LISTS.items():
        (root / f"{name}.txt").write_text(content + "\n")
    (root / "train.txt").write_text("000\n001\n")
    return root


def test_labels_of_a_network_that_know_what_is_not_shown_can_be_trained_on(
    street, tmp_path, project
):
    weights = tmp_path / "first.safetensors"
    network = AMDANet(backbone="mit_micro", num_classes=len(STREET), embed_dim=16)
    # Everything is a vehicle to it.
    network.decode_head.linear_pred.bias.data[STREET.names.index("vehicle")] += 100
    save_checkpoint(weights, network, classes=STREET.names, palette=STREET.palette)
    label = ["label", str(weights), "--data", str(street), "--into", "Label_7", "--device", "cpu"]
    label += ["--none-of", *EXCLUDED, "--scales", "0.5", "0.65", "--share", "0.6"]
    unlabelled = ["--split", "unlabelled", "--confidence", "0.8", "--not-in", "no_vehicles"]
    assert main([*label, *unlabelled, "vehicle"]) == 0
    assert main([*label, "--split", "train", "--confidence", "0.6"]) == 0
    written = {p.stem: cv2.imread(str(p), -1) for p in (street / "Label_7").glob("*.png")}
    assert set(written) == {"000", "001", "003", "004"}  # the second call keeps what is there
    vehicle = STREET.names.index("vehicle")
    assert vehicle in written["003"] and not (written["003"] == 254).any()
    assert (written["004"] == 254).any() and vehicle not in written["004"]
    assert (written["000"][:8] == STREET.names.index("person")).all()

    settings = [
        f"initial={weights}", "network.backbone=mit_micro", "network.embed_dim=16",
        "optimization.steps=2", "optimization.warmup_steps=1", "optimization.batch_size=4",
        "augmentation.crop=[32, 32]",
    ]  # fmt: skip
    command = ["train", str(project / RECIPE), "--data", str(street), "--device", "cpu"]
    run = tmp_path / "run"
    options = [word for each in settings for word in ("--set", each)]
    assert main([*command, "--out", str(run), *options]) == 0
    trained = load_checkpoint(run / "best.safetensors")
    assert trained.classes == STREET.names
    assert not np.array_equal(
        trained.state["decode_head.linear_pred.bias"].numpy(),
        network.state_dict()["decode_head.linear_pred.bias"].numpy(),
    )
