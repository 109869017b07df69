"""Pipes and devices in the place of files: one wording for all readers, and none waits."""

import os
import socket
from pathlib import Path

import pytest

pytest.importorskip("torch")
from amdanet_ros.annotation.errors import AnnotationError
from amdanet_ros.annotation.plain_values import read_text
from amdanet_ros.bags.bag_files import find_files
from amdanet_ros.bags.errors import BagError
from amdanet_ros.class_table_file import ClassTableError, class_table_of
from amdanet_ros.cli.main import main
from amdanet_ros.evaluation.label_origin import LABEL_ORIGIN, network_of
from amdanet_ros.fleet.manifest import find_units
from amdanet_ros.fleet.search import ManifestError
from amdanet_ros.images.errors import BadImage
from amdanet_ros.images.image_file import read_bytes
from amdanet_ros.inference.onnx_model import OnnxModel, OnnxModelError
from amdanet_ros.network.checkpoint import CheckpointError, load_checkpoint
from amdanet_ros.output_place import OutputPlaceError, check_writable_kind
from amdanet_ros.registration.camera_info_file import (
    CameraInfoFileError,
    read_camera_info_file,
)
from amdanet_ros.regular_file import is_pipe_or_device
from amdanet_ros.training.config_values import ConfigError, read_values
from amdanet_ros.training.image_lists import read_list
from amdanet_ros.training.labelled_pair import DataError

READERS = {
    "annotations": (AnnotationError, lambda path: read_text(path, ("*.json",))),
    "bag": (BagError, find_files),
    "camera_info": (CameraInfoFileError, read_camera_info_file),
    "checkpoint": (CheckpointError, load_checkpoint),
    "classes": (ClassTableError, lambda path: class_table_of(str(path))),
    "configuration": (ConfigError, read_values),
    "image": (BadImage, read_bytes),
    "list of bags": (ManifestError, lambda path: find_units([str(path)], Path("out"))),
    "list of images": (DataError, read_list),
    "onnx": (OnnxModelError, OnnxModel),
    "output": (OutputPlaceError, check_writable_kind),
}


@pytest.fixture(params=["named pipe", "shell's pipe", "device", "socket", "link to a pipe"])
def place(request, tmp_path, monkeypatch):
    """The path of something that is neither a file nor a folder."""
    monkeypatch.chdir(tmp_path)
    if request.param == "device":
        yield Path("/dev/zero")
    elif request.param == "socket":
        with socket.socket(socket.AF_UNIX) as opened:
            opened.bind("socket")
            yield Path("socket")
    elif request.param == "shell's pipe":
        ends = os.pipe()
        yield Path(f"/dev/fd/{ends[0]}")
        for end in ends:
            os.close(end)
    else:
        os.mkfifo("pipe")
        os.symlink("pipe", "link")
        yield Path("pipe" if request.param == "named pipe" else "link")


@pytest.mark.parametrize("reader", READERS)
def test_each_reader_says_the_same_and_what_to_give(place, reader):
    error, read = READERS[reader]
    with pytest.raises(error, match=r"is a pipe or a device: give (a|an|the) ") as caught:
        read(place)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "command",
    [
        "fuse {} -o out",
        "fuse {} . -o out",
        "fuse . {} -o out",
        "info {}",
        "train {} --out run",
        "evaluate demo --synthetic 1:1 --classes {}",
    ],
)
def test_commands_name_the_pipe_and_end_with_status_2(place, command, capsys):
    assert main(command.format(place).split()) == 2
    said = capsys.readouterr().err
    assert f"{place} is a pipe or a device: give " in said
    assert said.count("\n") == 1


def test_files_that_are_read_on_the_way_are_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / LABEL_ORIGIN)
    assert network_of(tmp_path) == ("", {})


def test_files_and_folders_and_what_is_missing_are_neither(tmp_path):
    assert not is_pipe_or_device(tmp_path)
    assert not is_pipe_or_device(__file__)
    assert not is_pipe_or_device(tmp_path / "missing")
    assert not is_pipe_or_device("a\0b")
