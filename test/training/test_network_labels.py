"""A network completes what people left open, and nothing else."""

import cv2
import numpy as np
import pytest
import torch

from amdanet_ros.classes import PST900
from amdanet_ros.cli.main import main
from amdanet_ros.network import AMDANet, AMDANetOutput
from amdanet_ros.network.checkpoint import save_checkpoint
from amdanet_ros.training.labelled_pair import LabelledPair
from amdanet_ros.training.network_labels import (
    Proposal,
    Teacher,
    class_thresholds,
    completed_labels,
    proposal,
)


def probabilities(*pixels):
    return np.array(pixels, np.float32).T[:, None]


def test_where_people_excluded_classes_the_network_chooses_among_the_others():
    said = probabilities((0.5, 0.1, 0.4), (0.2, 0.2, 0.6), (0.9, 0.1, 0.0), (0.9, 0.1, 0.0))
    labels = np.array([[254, 254, 255, 2]], np.uint8)
    proposed = proposal(said, labels, absent=[2])
    assert proposed.classes.tolist() == [[0, 0, 255, 255]]
    # The first is class 0 with 5/6 of what is left, the second with half: not sure enough.
    completed = completed_labels(labels, proposed, np.full(3, 0.7 * 255))
    assert completed.tolist() == [[0, 254, 255, 2]]
    assert completed.dtype == np.uint8


def test_an_image_without_any_label_gets_what_the_network_is_sure_of():
    said = probabilities((0.5, 0.1, 0.4), (0.1, 0.1, 0.8))
    labels = np.full((1, 2), 255, np.uint8)
    proposed = proposal(said, labels, [2])
    assert completed_labels(labels, proposed, np.full(3, 0.7 * 255)).tolist() == [[255, 2]]


def test_of_each_class_its_surest_share_is_taken():
    frequent = Proposal(np.zeros((1, 10), np.uint8), np.arange(200, 210, dtype=np.uint8)[None])
    rare = Proposal(np.ones((1, 2), np.uint8), np.array([[150, 160]], np.uint8))
    thresholds = class_thresholds([frequent, rare], least=0.5, share=0.5, classes=3)
    assert thresholds[:2].tolist() == [205, 160]
    thresholds = class_thresholds([frequent, rare], least=0.7, share=1.0, classes=3)
    assert thresholds[:2].tolist() == [200, 179]  # 0.7 of 255 is needed anyway


class LooksForLightAbove(torch.nn.Module):
    """Class 1 where the red of RGB is light, else 0; remembers the sizes it saw."""

    def __init__(self):
        super().__init__()
        self.sizes = []

    def forward(self, rgb, thermal, want_fused):
        self.sizes.append(tuple(rgb.shape[2:]))
        light = 20 * (rgb[:, :1] - 0.5)
        return AMDANetOutput(torch.cat([-light, light], 1), None)


def test_a_teachers_opinion_is_the_mean_over_scales_and_mirror_images():
    rgb = np.zeros((40, 60, 3), np.uint8)
    rgb[:, :30] = 255
    pair = LabelledPair("a", rgb, rgb[..., 0].copy(), np.zeros((40, 60), np.uint8))
    network = LooksForLightAbove()
    found = Teacher(network, torch.device("cpu"), (1.0, 1.6)).probabilities(pair)
    assert network.sizes == [(40, 60)] * 2 + [(64, 96)] * 2
    assert found.shape == (2, 40, 60) and np.allclose(found.sum(0), 1, atol=1e-5)
    assert (found.argmax(0)[:, :29] == 1).all() and (found.argmax(0)[:, 31:] == 0).all()


@pytest.fixture
def weights(tmp_path):
    path = tmp_path / "network.safetensors"
    network = AMDANet(backbone="mit_micro", num_classes=len(PST900), embed_dim=16)
    save_checkpoint(path, network, classes=PST900.names, palette=PST900.palette)
    return path


def test_the_command_writes_labels_beside_those_that_are_there(tmp_path, data_set, weights, capsys):
    root = data_set(count=3)
    partial = np.full((48, 48), 254, np.uint8)
    partial[:8] = 4
    cv2.imwrite(str(root / "Label" / "000.png"), partial)
    cv2.imwrite(str(root / "Label" / "001.png"), np.full((48, 48), 255, np.uint8))
    command = ["label", str(weights), "--data", str(root), "--confidence", "0", "--share", "1"]
    excluded = ["--none-of", "Survivor", "BackPack"]
    assert main([*command, "--into", "Label_1", *excluded]) == 0
    assert "Survivor" in capsys.readouterr().out
    first, second, third = (cv2.imread(str(root / f"Label_1/00{i}.png"), -1) for i in range(3))
    assert (first[:8] == 4).all() and set(np.unique(first[8:])) <= {0, 1, 3}
    assert second.max() < 5
    assert np.array_equal(third, cv2.imread(str(root / "Label" / "002.png"), -1))
    two_scales = [*command, "--scales", "1", "1.5", "--into", "Label_2", *excluded]
    assert main(two_scales) == 0
    assert (cv2.imread(str(root / "Label_2/000.png"), -1)[:8] == 4).all()
    assert main([*command, "--into", "Label", *excluded]) == 2
    assert "name another folder" in capsys.readouterr().err
    assert main([*command, "--into", "Label_1"]) == 2
    assert "holds label 254" in capsys.readouterr().err
    assert main([*command, "--into", "Label_1", "--none-of", "cat"]) == 2


def labelled_by(weights, root, *options):
    command = ["label", str(weights), "--data", str(root), "--confidence", "0", "--share", "1"]
    status = main([*command, "--into", "Label_1", *options])
    written = root / "Label_1"
    return status, {p.stem: cv2.imread(str(p), -1) for p in written.glob("*.png")}


def test_what_an_image_does_not_show_becomes_none_of_these(tmp_path, data_set, weights):
    root = data_set(count=3)
    for name in ("000", "001"):
        cv2.imwrite(str(root / "Label" / f"{name}.png"), np.full((48, 48), 255, np.uint8))
    _, plain = labelled_by(weights, root)
    taken = PST900.names[np.bincount(plain["000"].reshape(-1)).argmax()]
    index = PST900.names.index(taken)
    (root / "looked_at.txt").write_text("000\n002\n")
    excluded = ("--none-of", taken, "--not-in", "looked_at", taken)
    status, found = labelled_by(weights, root, *excluded)
    assert status == 0
    assert np.array_equal(found["000"], np.where(plain["000"] == index, 254, plain["000"]))
    assert np.array_equal(found["001"], plain["001"])  # of another list
    assert np.array_equal(found["002"], plain["002"])  # what people said stays


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--not-in", "train"), "--not-in train: name the classes"),
        (("--none-of", "Survivor", "--not-in", "train", "BackPack"), "'BackPack' is not among"),
        (("--none-of", "Survivor", "--not-in", "nowhere", "Survivor"), "nowhere.txt is missing"),
    ],
)
def test_a_wrong_list_of_what_is_not_shown_is_named(data_set, weights, capsys, options, said):
    status, found = labelled_by(weights, data_set(count=2), *options)
    assert status == 2
    assert said in capsys.readouterr().err
    assert not found
