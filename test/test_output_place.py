"""No command writes over its input, or over what is not its own."""

import json
import os
from types import SimpleNamespace

import cv2
import numpy as np
import pytest

from amdanet_ros.cli.main import main
from amdanet_ros.demo.recording import check_demo_folder, make_recording
from amdanet_ros.output_place import OutputPlaceError, check_writable_kind, keep_apart
from amdanet_ros.synthetic.recording import StreetRecording
from amdanet_ros.training.dataset_conversion import convert
from amdanet_ros.training.image_folder import ImageFolder
from amdanet_ros.training.labelled_pair import DataError
from amdanet_ros.training.labels_folder import new_labels
from amdanet_ros.training.network_labels import write_labels
from amdanet_ros.training.street_conversion import convert_street


@pytest.fixture
def files(tmp_path):
    """A recording, weights and a configuration, under several names."""
    (tmp_path / "bag").mkdir()
    for name in ("bag/metadata.yaml", "weights.onnx", "net.pth", "config.yaml", "part.mcap"):
        (tmp_path / name).write_text(f"what {name} holds")
    (tmp_path / "to_bag").symlink_to("bag")
    (tmp_path / "net.onnx").hardlink_to(tmp_path / "net.pth")
    (tmp_path / "best.safetensors").symlink_to("net.pth")
    return tmp_path


def contents(folder):
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize(
    ("output", "given"),
    [
        ("bag", "bag"),
        ("bag", "to_bag"),
        ("to_bag", "bag"),
        ("bag/../bag", "bag"),
        (".", "bag"),
        ("to_bag/out", "bag"),
        ("bag/deep/er", "to_bag"),
        ("bag/out", "bag/metadata.yaml"),
        ("net.onnx", "net.pth"),
        ("best.safetensors", "net.pth"),
    ],
)
def test_an_output_is_kept_apart_from_the_inputs(files, output, given):
    with pytest.raises(OutputPlaceError) as caught:
        keep_apart(files / output, [files / "config.yaml", files / given])
    assert str(caught.value).count("\n") == 0


@pytest.mark.parametrize(
    ("output", "given"),
    [
        ("new", "bag"),
        ("new/deep", "bag"),
        ("bag2", "bag"),
        ("out", "part.mcap"),
        ("bag", "nowhere"),
    ],
)
def test_other_places_are_free(files, output, given):
    keep_apart(files / output, [files / given])
    check_writable_kind(files / output)


def test_a_folder_that_may_not_be_written_is_said(files, monkeypatch):
    monkeypatch.setattr(os, "access", lambda *_: False)  # root may write anywhere
    with pytest.raises(PermissionError):
        check_writable_kind(files / "out")


@pytest.mark.parametrize(
    ("command", "words"),
    [
        ("export weights.onnx -o weights.onnx", "is the input"),
        ("export net.pth -o net.onnx", "is the input"),
        ("export net.pth -o config.yaml", "ends in .onnx"),
        ("export net.pth -o /dev/null", "ends in .onnx"),
        ("benchmark net.pth --json net.onnx", "is the input"),
        ("benchmark net.pth --json config.yaml", "was not written by amdanet benchmark"),
        ("benchmark net.pth --json bag", "bag"),
        ("evaluate net.pth --synthetic 0:1 --out config.yaml", "config.yaml"),
        ("evaluate scores/objects.json --synthetic 0:1 --out scores", "is the input"),
        ("demo -o drive", "recording is not a recording of the demo"),
        ("demo -o reports", "summary.md was not written by amdanet demo"),
    ],
)
def test_commands_keep_what_is_there(files, capsys, monkeypatch, command, words):
    for name in ("drive/recording/mine.bag", "reports/summary.md", "scores/objects.json"):
        (files / name).parent.mkdir(parents=True)
        (files / name).write_text("mine")
    monkeypatch.chdir(files)
    before = contents(files)
    assert main(command.split()) == 2
    error = capsys.readouterr().err
    assert words in error and error.count("\n") == 1
    assert contents(files) == before


def test_training_does_not_write_over_what_it_reads(files, capsys, monkeypatch, project):
    monkeypatch.chdir(files)
    text = (project / "config" / "training" / "demo.yaml").read_text()
    (files / "config.yaml").write_text(text)
    before = contents(files)
    assert main(["train", "config.yaml", "--out", "."]) == 2
    assert "config.yaml is the input config.yaml" in capsys.readouterr().err
    (files / "mine.yaml").write_bytes((files / "config.yaml").read_bytes())
    (files / "config.yaml").unlink()
    assert main(["train", "mine.yaml", "--out", ".", "--set", "initial=net.pth"]) == 2
    assert "best.safetensors is the input net.pth" in capsys.readouterr().err
    assert (files / "net.pth").read_bytes() == before[files / "net.pth"]
    assert not (files / "config.yaml").exists()


@pytest.mark.parametrize("into", ["Label", "./Label", "Label/", "RGB/../Label", "people", "."])
def test_labels_of_a_network_never_go_over_those_of_people(tmp_path, into):
    pairs = SimpleNamespace(root=tmp_path, folders={"labels": "people"})
    with pytest.raises(DataError, match="what people said"):
        write_labels(None, pairs, into, (), 0.5, 0.5)


@pytest.fixture
def labelled(tmp_path):
    """A data set of two pairs, one in a folder, with labels of people in two folders."""
    for name in ("Visible", "Infrared", "Label", "Mine", "../other"):
        for pair in ("a", "seq/b"):
            path = tmp_path / "set" / name / f"{pair}.png"
            path.parent.mkdir(parents=True, exist_ok=True)
            cv2.imwrite(str(path), np.full((8, 8), 1, np.uint8))
    (tmp_path / "set" / "train.txt").write_text("a\nseq/b\n")
    (tmp_path / "set" / "link").symlink_to("Mine")
    return ImageFolder(tmp_path / "set", "train", 3)


_INTO = ["../other", "ABSOLUTE/other", "Visible/new", "Mine", "link", "new/", "a\nb", ""]


@pytest.mark.parametrize("into", _INTO)
def test_labels_of_a_network_go_to_a_new_folder_of_the_set(labelled, tmp_path, into):
    before = contents(tmp_path)
    place = new_labels(labelled, into.replace("ABSOLUTE", str(tmp_path)))
    words = "name another folder|no name of a new folder|people said"
    with pytest.raises(DataError, match=words), place:
        pytest.fail("begins to write")
    assert contents(tmp_path) == before


def test_a_network_replaces_its_own_labels_until_somebody_changes_them(labelled):
    def write(value):
        with new_labels(labelled, "Label_1") as folder:
            for name in labelled.names:
                folder.put(name, np.full((8, 8), value, np.uint8))

    written = labelled.root / "Label_1" / "seq" / "b.png"
    write(1)
    write(2)
    assert cv2.imread(str(written), -1).min() == 2
    before = contents(labelled.root)
    with pytest.raises(KeyboardInterrupt), new_labels(labelled, "Label_1") as folder:
        folder.put("a", np.zeros((8, 8), np.uint8))
        raise KeyboardInterrupt
    assert contents(labelled.root) == before
    cv2.imwrite(str(written), np.zeros((8, 8), np.uint8))
    with pytest.raises(DataError, match=r"seq/b\.png is not as amdanet label wrote it"):
        write(1)


@pytest.mark.parametrize("into", ["train", "train/new", "."])
def test_a_data_set_is_not_converted_into_its_source(tmp_path, into):
    for split in ("train", "test"):
        for folder in ("Visible", "Infrared", "Label"):
            (tmp_path / split / folder).mkdir(parents=True)
            cv2.imwrite(str(tmp_path / split / folder / "a.png"), np.zeros((8, 8), np.uint8))
    before = contents(tmp_path)
    with pytest.raises(DataError, match="the source"):
        convert("fmb", tmp_path, tmp_path / into)
    assert contents(tmp_path) == before


def test_a_street_set_is_not_converted_into_itself(tmp_path):
    for name in ("msrs/train.txt", "msrs/val.txt", "msrs/boxes.json", "camvid/rgb/x"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("{}")
    before = contents(tmp_path)
    with pytest.raises(DataError, match="source itself"):
        convert_street(tmp_path, tmp_path / "msrs" / "..", (24, 32))
    assert contents(tmp_path) == before


def test_a_recording_that_was_interrupted_is_made_anew_and_another_stays(tmp_path):
    street = StreetRecording(duration=0.2, size=(32, 32), thermal_size=(32, 32))

    def interrupted(*_):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        make_recording(tmp_path / "recording", street, interrupted)
    check_demo_folder(tmp_path)
    made = make_recording(tmp_path / "recording", street)
    assert json.loads((tmp_path / "recording" / "settings.json").read_text())["duration"] == 0.2
    (tmp_path / "summary.md").touch()
    check_demo_folder(tmp_path)
    assert make_recording(tmp_path / "recording", street) == made
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "settings.json").write_text('{"colour": "dark"}')
    with pytest.raises(OutputPlaceError, match="not a recording of the demo"):
        make_recording(tmp_path / "other", street)
    assert (tmp_path / "other" / "settings.json").exists()
