"""A class table of one's own, from a YAML file to the checkpoint and to what reads it."""

import json
import shlex

import cv2
import numpy as np
import pytest

from amdanet_ros.class_table_file import class_table_of
from amdanet_ros.cli.main import main
from amdanet_ros.inference import Predictor
from amdanet_ros.inference.checkpoint_file import read_checkpoint
from amdanet_ros.inference.options import NetworkOptions
from amdanet_ros.network import AMDANet
from amdanet_ros.network.checkpoint import CheckpointError, load_checkpoint, save_checkpoint
from amdanet_ros.training.config import ConfigError
from amdanet_ros.training.dataset_conversion import convert
from amdanet_ros.training.experiment import build_pairs
from amdanet_ros.training.image_folder import ImageFolder
from amdanet_ros.training.labelled_pair import DataError
from amdanet_ros.training.trainer import Trainer

TABLE = """\
name: farm
names: [ground, crop, person]
colors: [[1, 2, 3], [4, 5, 6], [7, 8, 9]]
ignored: [17]
"""


@pytest.fixture
def farm(data_set):
    """A data set of three pairs with classes 0 to 2 and the value 17, and `farm.yaml` in it."""
    root = data_set(count=4, classes=3)
    for path in (root / "Label").iterdir():
        labels = cv2.imread(str(path), cv2.IMREAD_GRAYSCALE)
        labels[:5] = 17
        cv2.imwrite(str(path), labels)
    (root / "farm.yaml").write_text(TABLE)
    return root


@pytest.fixture
def trained(tmp_path, farm, micro, here):
    """The best weights of a training with the table, of two steps."""
    config = micro(
        data__source="folder",
        data__root=str(farm),
        data__classes=str(farm / "farm.yaml"),
        data__validation_share=0.25,
        optimization__steps=2,
        validate_every=2,
        loss={"alpha2": 0.0, "alpha3": 0.0},
    )
    train, validation = build_pairs(config)
    assert set(np.unique(train[0].labels)) <= {0, 1, 2, 255} and (train[0].labels[:5] == 255).all()
    Trainer(config, tmp_path / "run", train, validation, here).run()
    return tmp_path / "run" / "best.safetensors"


def test_the_checkpoint_carries_the_table_to_evaluate_and_to_the_node(trained, farm, tmp_path):
    checkpoint, table = read_checkpoint(trained)
    assert (table.name, table.names, table.ignored) == ("farm", ("ground", "crop", "person"), (17,))
    assert table.palette.tolist() == [[1, 2, 3], [4, 5, 6], [7, 8, 9]]
    (farm / "test.txt").write_text((farm / "train.txt").read_text())
    command = ["evaluate", str(trained), "--data", str(farm), "--device", "cpu"]
    assert main([*command, "--out", str(tmp_path)]) == 0
    found = json.loads((tmp_path / "evaluation.json").read_text())
    assert {"ground", "crop", "person"} <= set(json.dumps(found).replace('"', " ").split())
    predictor = Predictor.of(NetworkOptions(checkpoint=str(trained), device="cpu"))
    assert predictor.classes.names == table.names


def test_evaluate_takes_a_file_for_weights_that_name_no_classes(farm, tmp_path, capsys):
    path = tmp_path / "n.safetensors"
    save_checkpoint(path, AMDANet(backbone="mit_micro", num_classes=3, embed_dim=16))
    (farm / "test.txt").write_text("001\n")
    command = ["evaluate", str(path), "--data", str(farm), "--device", "cpu"]
    assert main([*command, "--classes", str(farm / "farm.yaml")]) == 0
    assert "crop" in capsys.readouterr().out
    (farm / "two.yaml").write_text("names: [a, b]")
    assert main([*command, "--classes", str(farm / "two.yaml")]) == 2
    assert "2 classes" in capsys.readouterr().err


def test_the_nodes_parameter_names_the_classes(tmp_path):
    path = tmp_path / "n.safetensors"
    save_checkpoint(path, AMDANet(backbone="mit_micro", num_classes=3, embed_dim=16))
    (tmp_path / "farm.yaml").write_text(TABLE)
    options = NetworkOptions(
        checkpoint=str(path), classes=str(tmp_path / "farm.yaml"), device="cpu", precision="fp32"
    )
    predictor = Predictor.of(options)
    assert predictor.classes.names == ("ground", "crop", "person")
    assert "(farm)" in predictor.describe()
    (tmp_path / "farm.yaml").write_text("names: [a, b]")
    with pytest.raises(ValueError, match="3 classes, but the class table 'farm' names 2"):
        Predictor.of(options)


def test_values_that_are_not_ignored_are_still_refused(farm):
    table = class_table_of(farm / "farm.yaml")
    assert (ImageFolder(farm, "train", table)[0].labels[:5] == 255).all()
    with pytest.raises(DataError, match="label 17"):
        ImageFolder(farm, "train", len(table))


def test_an_index_may_be_ignored(farm):
    (farm / "farm.yaml").write_text(TABLE.replace("[17]", "[17, 0]"))
    labels = ImageFolder(farm, "train", class_table_of(farm / "farm.yaml"))[0].labels
    assert set(np.unique(labels)) <= {1, 2, 255}


def test_convert_checks_labels_by_the_table(tmp_path, capsys):
    source = tmp_path / "download"
    for folder in ("images", "labels"):
        (source / folder).mkdir(parents=True)
    labels = np.zeros((40, 40), np.uint8)
    labels[:10], labels[10:20] = 17, 2
    cv2.imwrite(str(source / "images" / "a.png"), np.zeros((40, 40, 4), np.uint8))
    cv2.imwrite(str(source / "labels" / "a.png"), labels)
    for split in ("train", "test"):
        (source / f"{split}.txt").write_text("a\n")
    with pytest.raises(DataError, match="label 17"):
        convert("mfnet", source, tmp_path / "set")
    (tmp_path / "farm.yaml").write_text(TABLE)
    command = ["convert", "mfnet", str(source), str(tmp_path / "set")]
    assert main([*command, "--classes", str(tmp_path / "farm.yaml")]) == 0
    written = cv2.imread(str(tmp_path / "set" / "Label" / "a.png"), cv2.IMREAD_GRAYSCALE)
    assert (written[:10] == 255).all() and (written[10:20] == 2).all()
    assert main([*command, "--classes", str(tmp_path / "none.yaml")]) == 2
    assert "none.yaml cannot be read" in capsys.readouterr().err


def test_a_table_that_cannot_be_used_is_an_error_of_the_configuration(farm, micro):
    config = micro(data__source="folder", data__root=str(farm), data__classes="none.yaml")
    with pytest.raises(ConfigError, match=r"data\.classes: classes none\.yaml cannot be read"):
        build_pairs(config)


@pytest.mark.parametrize("text", ["17", "[256]", "[true]", "[", '["a"]'])
def test_ignored_values_that_a_checkpoint_cannot_mean_are_named(tmp_path, text):
    path = tmp_path / "n.safetensors"
    network = AMDANet(backbone="mit_micro", num_classes=2, embed_dim=16)
    save_checkpoint(path, network, classes=("a", "b"), metadata={"ignored_labels": text})
    assert load_checkpoint(path).classes == ("a", "b")
    with pytest.raises(CheckpointError, match=r"n\.safetensors has unreadable ignored_labels"):
        read_checkpoint(path)


def test_a_table_that_is_not_the_sets_own_is_refused_before_training(farm, micro):
    (farm / "classes.yaml").write_text("names: [ground, crop, person]")
    changes = {"data__source": "folder", "data__root": str(farm)}
    with pytest.raises(ConfigError, match=r"--set data\.classes=.*classes\.yaml"):
        build_pairs(micro(**changes, data__classes="pst900"))
    assert build_pairs(micro(**changes, data__classes=str(farm / "farm.yaml")))
    spaced = farm.rename(farm.with_name("my set ü"))
    changes["data__root"] = str(spaced)
    with pytest.raises(ConfigError) as caught:
        build_pairs(micro(**changes, data__classes="pst900"))
    copied = shlex.split(str(caught.value).partition("--set ")[2])
    assert copied == [f"data.classes={spaced / 'classes.yaml'}"]
