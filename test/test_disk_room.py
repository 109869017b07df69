"""A disk that takes no more is said before long work begins, and nothing is left there."""

import errno
import os
import resource
import types
from importlib.util import find_spec

import numpy as np
import pytest

from amdanet_ros import disk_room
from amdanet_ros.cli.main import main
from amdanet_ros.disk_room import check_room
from amdanet_ros.extraction.set_writer import SetWriter
from amdanet_ros.images.png_output import write_png


@pytest.fixture
def takes(monkeypatch):
    """A function that lets disks take so many bytes; it can be called with an error's number."""

    def limit(size, number=errno.ENOSPC):
        def allocate(_file, begin, count):
            if begin + count > size:
                raise OSError(number, os.strerror(number))

        monkeypatch.setattr(os, "posix_fallocate", allocate)

    return limit


@pytest.mark.parametrize("output", [".", "new", "new/deep/out.mp4"])
def test_what_is_checked_leaves_nothing_behind(tmp_path, output):
    before = os.stat(tmp_path).st_mtime_ns
    check_room(tmp_path / output, 5000)
    assert list(tmp_path.iterdir()) == []
    assert os.stat(tmp_path).st_mtime_ns == before


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT])
def test_the_output_is_named(tmp_path, takes, number):
    takes(1000, number)
    check_room(tmp_path / "out", 1000)
    with pytest.raises(OSError, match="out") as caught:
        check_room(tmp_path / "out", 1001)
    assert caught.value.errno == number


@pytest.mark.parametrize("allocates", [True, False])
def test_a_limit_of_single_files_is_no_full_disk(tmp_path, monkeypatch, allocates):
    """An output may be many files, each below the limit."""

    def refuses(*_):
        raise OSError(errno.EOPNOTSUPP, os.strerror(errno.EOPNOTSUPP))

    if not allocates:
        monkeypatch.setattr(os, "posix_fallocate", refuses)
    usual = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, usual[1]))
    try:
        check_room(tmp_path / "out", 2000)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, usual)
    assert list(tmp_path.iterdir()) == []


def test_a_read_only_disk_is_told_also_to_root(tmp_path, monkeypatch):
    real = os.statvfs(tmp_path)
    flags = types.SimpleNamespace(f_flag=real.f_flag | os.ST_RDONLY)
    monkeypatch.setattr(os, "statvfs", lambda _: flags)
    with pytest.raises(OSError, match="out") as caught:
        check_room(tmp_path / "out")
    assert caught.value.errno == errno.EROFS


def test_disks_that_know_no_nameless_files_and_no_allocation_are_asked_too(tmp_path, monkeypatch):
    usual = os.open

    def refuses(path, flags, *more, **named):
        if flags & os.O_TMPFILE == os.O_TMPFILE:
            raise OSError(errno.EOPNOTSUPP, "Operation not supported")
        return usual(path, flags, *more, **named)

    def unknown(*_):
        raise OSError(errno.EOPNOTSUPP, "Operation not supported")

    monkeypatch.setattr(os, "open", refuses)
    monkeypatch.setattr(os, "posix_fallocate", unknown)
    monkeypatch.setattr(disk_room, "_PIECE", 400)
    written = []
    pwrite = os.pwrite
    monkeypatch.setattr(os, "pwrite", lambda f, b, at: written.append(len(b)) or pwrite(f, b, at))
    check_room(tmp_path / "out", 1000)
    assert written == [400, 400, 200] and list(tmp_path.iterdir()) == []
    monkeypatch.setattr(os, "pwrite", lambda _, data, __: len(data) - 1)
    with pytest.raises(OSError, match="No space left"):
        check_room(tmp_path / "out", 1000)


def data_set(root):
    noise = np.random.default_rng(0).integers(0, 5, (48, 48)).astype(np.uint8)
    for kind in ("Visible", "Infrared", "Label"):
        (root / kind).mkdir(parents=True)
        write_png(root / kind / "a.png", noise)
    (root / "train.txt").write_text("a\n")
    return root


COMMANDS = {
    "train": "train {config} --out {folder}/out",
    "resumed": "train {config} --out {folder}/out --resume",
    "reproduce": "reproduce tab1 --preset tiny --out {folder}/out",
    "label": "label demo --data {folder}/set --split train --into Label_1",
    "extract": "extract {folder}/bag -o {folder}/out",
    "calibrate": "calibrate {folder}/bag -o {folder}/out --board 3x3 --square 0.04",
    "fuse": "fuse {folder}/bag -o {folder}/out",
    "a report": "fuse {folder}/bag -o {folder}/out --report {folder}/report.html",
    "register": "register {folder}/bag -o {folder}/out.yaml",
    "export": "export demo -o {folder}/out.onnx",
    "evaluate": "evaluate demo --synthetic 0:1 --out {folder}/out",
    "fleet": "fleet {folder}/bag {folder}/out",
}
"""Each with an output; what it would read is not looked at before."""


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EROFS])
def test_a_command_says_it_before_it_works(
    command, number, takes, tmp_path, bags, project, capsys, monkeypatch
):
    if command in ("train", "resumed", "reproduce", "label") and not find_spec("torchvision"):
        pytest.skip("the extra train is not installed")
    bags.write_pairs(tmp_path / "bag", count=2)
    data_set(tmp_path / "set")
    if command in ("train", "resumed", "label"):  # importing training takes seconds
        for name in ("experiment.build_pairs", "image_folder.ImageFolder.__init__"):
            place = f"amdanet_ros.training.{name}"
            monkeypatch.setattr(place, lambda *_, **__: pytest.fail("works"))
    takes(1000, number)
    config = project / "config" / "training" / "demo.yaml"
    words = COMMANDS[command].format(folder=tmp_path, config=config)
    assert main(words.split()) == 2
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    assert ("full" if number == errno.ENOSPC else "read-only") in said or (
        os.strerror(number).lower() in said
    ), said
    assert str(tmp_path) in said
    assert sorted(each.name for each in tmp_path.iterdir()) == ["bag", "set"]


def test_what_a_fleet_would_do_is_told_on_a_full_disk_too(takes, tmp_path, bags, capsys):
    bags.write_pairs(tmp_path / "bag", count=2)
    takes(0)
    assert main(["fleet", str(tmp_path / "bag"), str(tmp_path / "out"), "--dry-run"]) == 0
    assert "1 to do" in capsys.readouterr().out


def test_a_set_that_does_not_fit_is_told_after_its_first_pair(
    takes, tmp_path, bags, network_options, capsys, monkeypatch
):
    bags.write_pairs(tmp_path / "bag", count=4, period=3.0)
    puts = []
    takes(65536)
    monkeypatch.setattr(SetWriter, "put", lambda *_: puts.append(1) or 10**6)
    words = ["extract", str(tmp_path / "bag"), "-o", str(tmp_path / "out"), "--change", "0"]
    assert main([*words, "--every", "0", *network_options]) == 2
    assert "out cannot be written: no space left on device" in capsys.readouterr().err
    assert len(puts) == 1 and not (tmp_path / "out").exists()
