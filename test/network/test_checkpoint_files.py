"""Paths and files that are no checkpoints: one line says what each is."""

import os
import socket
import tarfile
import zipfile
from pathlib import Path

import numpy as np
import pytest
import torch

from amdanet_ros.network.checkpoint import CheckpointError, load_checkpoint, load_imagenet_mit


def refusal(path):
    with pytest.raises(CheckpointError) as caught:
        load_checkpoint(path)
    message = str(caught.value)
    assert message.startswith("checkpoint ")
    assert message.isprintable()
    assert len(message) < 700
    with pytest.raises(CheckpointError):  # the other way into files of weights
        load_imagenet_mit(path, network=None)
    return message


@pytest.mark.parametrize("name", ["weights.pth", "weights.safetensors", "weights.onnx", "weights"])
@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "is damaged: it is empty"),
        (
            b"version https://git-lfs.github.com/spec/v1\noid sha256:4d\n",
            "Git LFS pointer.*lfs pull",
        ),
        (b"<!DOCTYPE html>\n<html><title>Google Drive - Virus scan", "is a web page"),
        (b"\n\n <html>\n", "is a web page"),
        (b'<?xml version="1.0"?><Error><Code>AccessDenied</Code>', "is a web page"),
        (b'{"message": "Not Found"}\n' * 9, "is a JSON file"),
        (b"\x1f\x8b\x08\x00" + bytes(60), "is an archive"),
        (b"\x89HDF\r\n\x1a\n" + bytes(60), "is an HDF5 file"),
        (b"\x93NUMPY\x01\x00" + bytes(60), "is a numpy array"),
        (b"GGUF\x03\x00\x00\x00" + bytes(60), "is a GGUF file"),
        (b"\x08\x0a\x12\x07pytorch\x1a\x062.13.0", "is an ONNX model"),
        (b"\x89PNG\r\n\x1a\n" + bytes(60), "is an image"),
    ],
)
def test_file_of_another_kind_is_named(tmp_path, content, message, name):
    (tmp_path / name).write_bytes(content)
    refused = refusal(tmp_path / name)
    assert str(tmp_path / name) in refused
    with pytest.raises(CheckpointError, match=message):
        load_checkpoint(tmp_path / name)


def test_archives_are_named(tmp_path):
    with tarfile.open(tmp_path / "weights.pth", "w") as archive:
        archive.add(__file__, "weights/best.pth")
    assert "is an archive and no checkpoint: extract it" in refusal(tmp_path / "weights.pth")
    with zipfile.ZipFile(tmp_path / "weights.zip", "w") as archive:
        archive.writestr("release/best.pth", b"...")
    assert "extract release/best.pth and give that file" in refusal(tmp_path / "weights.zip")
    np.savez(tmp_path / "weights.npz", a=np.ones(3))
    assert "is an archive and no checkpoint of torch.save" in refusal(tmp_path / "weights.npz")


def test_folder_is_named_with_the_file_to_give(tmp_path):
    assert "is a folder: give the path of a file in it" in refusal(tmp_path)
    (tmp_path / "best.safetensors").touch()
    assert f"is a folder: give {tmp_path / 'best.safetensors'}" in refusal(tmp_path)
    (tmp_path / "metadata.yaml").touch()
    assert "is a bag" in refusal(tmp_path)
    (tmp_path / "old.bag").write_bytes(b"#ROSBAG V2.0\n")
    assert "is a ROS 1 bag" in refusal(tmp_path / "old.bag")


@pytest.mark.parametrize("name", ["weights.pth", "weights.safetensors"])
def test_pipe_socket_and_device_are_refused_at_once(tmp_path, name):
    os.mkfifo(tmp_path / name)
    assert "is a pipe or a device: give the path of a .pth" in refusal(tmp_path / name)
    assert "is a pipe or a device: give the path of a .pth" in refusal("/dev/zero")
    with socket.socket(socket.AF_UNIX) as own:
        own.bind(str(tmp_path / "socket.pth"))
        assert "is a pipe or a device: give the path of a .pth" in refusal(tmp_path / "socket.pth")


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("/nowhere/weights.pth", "does not exist: give the path of"),
        ("/etc/passwd/weights.pth", "does not exist: give the path of"),
        ("x" * 256 + ".pth", "cannot be opened .File name too long.: give the path"),
        ("x/" * 3000 + "a.safetensors", "cannot be opened .File name too long.: give the path"),
        ("~nouser/weights.pth", "home folder of a user that does not exist"),
        ("weights\0.pth", "is no path of a file"),
        ("no\nsuch\x1b[31m.pth", r"no\\nsuch\\x1b\[31m.pth does not exist"),
        ("w\udcffeights.pth", r"w\\udcffeights.pth does not exist"),
        ("w\ud800.pth", "is no path of a file"),
        ("", "is a folder"),
    ],
)
def test_path_to_nothing_is_told_in_one_line(path, message):
    refusal(path)
    with pytest.raises(CheckpointError, match=message):
        load_checkpoint(path)


def test_links_that_lead_nowhere_and_round_are_refused(tmp_path):
    (tmp_path / "gone.pth").symlink_to(tmp_path / "never")
    assert "does not exist" in refusal(tmp_path / "gone.pth")
    (tmp_path / "round.pth").symlink_to(tmp_path / "round.pth")
    assert "cannot be opened (Too many levels of symbolic links)" in refusal(tmp_path / "round.pth")


@pytest.mark.parametrize("call", ["stat", "open"])
def test_forbidden_file_is_told_with_the_fix(tmp_path, monkeypatch, call):
    path = tmp_path / "weights.pth"
    torch.save({}, path)
    real = getattr(os, call)

    def forbidden(file, *arguments, **named):  # root may read every file: the tests run as root
        if Path(os.fsdecode(file)) == path:
            raise PermissionError(13, "Permission denied", str(path))
        return real(file, *arguments, **named)

    monkeypatch.setattr(os, call, forbidden)
    assert "permission denied): let this user read the file" in refusal(path)


def test_reading_that_fails_is_told(tmp_path, monkeypatch):
    from amdanet_ros.network import weights_file

    path = tmp_path / "weights.pth"
    torch.save({}, path)

    def failing(_self, _count=-1):
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(weights_file.FileView, "read", failing)
    assert "cannot be read: [Errno 5] Input/output error" in refusal(path)
