"""`amdanet fuse` changes no input, removes only what is its own, and writes all or nothing."""

import errno
import os
import resource
import shutil
from pathlib import Path

import cv2
import numpy as np
import pytest

from amdanet_ros.bags.writer import BagWriter
from amdanet_ros.cli.main import main
from amdanet_ros.fuse.journal import FuseJournal
from amdanet_ros.fuse.video_output import VideoOutput
from amdanet_ros.fuse.written_files import MARK, check_only_own, read_record
from amdanet_ros.inference import Predictor
from amdanet_ros.output_place import OutputPlaceError


@pytest.fixture(scope="module")
def predictor(checkpoint):
    """A predictor with the small weights."""
    return Predictor.from_checkpoint(checkpoint, "cpu", "fp32")


@pytest.fixture
def fuse(checkpoint, predictor, monkeypatch):
    """A function that runs the command and returns its status; good weights are loaded once."""
    real = Predictor.from_checkpoint

    def load(name, *options):
        same = Path(name).exists() and Path(name).read_bytes() == checkpoint.read_bytes()
        return predictor if same else real(name, *options)

    monkeypatch.setattr(Predictor, "from_checkpoint", load)

    def run(*arguments, weights=checkpoint):
        return main(["fuse", *map(str, arguments), "--checkpoint", str(weights)])

    return run


@pytest.fixture
def rig(tmp_path, bags, checkpoint):
    """A folder with a bag, a folder of images, weights and parameters."""
    rig = tmp_path / "rig"
    rig.mkdir()
    bags.write_pairs(rig / "bag", count=2)
    (rig / "images").mkdir()
    for index in range(2):
        rgb, thermal = bags.images(index)
        cv2.imwrite(str(rig / "images" / f"{index}_rgb.png"), rgb[..., ::-1])
        cv2.imwrite(str(rig / "images" / f"{index}_thermal.png"), thermal)
    shutil.copy(checkpoint, rig / "weights.safetensors")
    (rig / "rig.yaml").write_text("/**: {ros__parameters: {overlay_alpha: 0.4}}\n")
    (rig / "link").symlink_to("bag")
    (rig / "weights.avi").hardlink_to(rig / "weights.safetensors")
    (rig / "rig.mp4").symlink_to("rig.yaml")
    return rig


def state(folder):
    """All files below a folder, links as such, and what they hold."""
    return {
        path.relative_to(folder): os.readlink(path) if path.is_symlink() else path.read_bytes()
        for path in folder.rglob("*")
        if path.is_symlink() or path.is_file()
    }


@pytest.mark.parametrize(
    ("given", "output", "words"),
    [
        ("bag", "bag", "is the input"),
        ("bag", "./images/../bag", "is the input"),
        ("bag", "link", "is the input"),
        ("link", "bag", "is the input"),
        ("bag", "", "holds the input"),
        ("bag", "bag/fused", "lies in the recording"),
        ("bag", "link/film.avi", "lies in the recording"),
        ("bag/bag.mcap", "bag/fused", "lies in the recording"),
        ("bag", "weights.avi", "is the input"),
        ("bag", "rig.mp4", "is the input"),
        ("images", "images", "is the input"),
        ("images", "", "holds the input"),
    ],
)
def test_no_input_is_changed_even_with_overwrite(fuse, rig, capsys, given, output, words):
    before = state(rig)
    options = ("--overwrite", "--params-file", rig / "rig.yaml")
    weights = rig / "weights.safetensors"
    assert fuse(rig / given, "-o", rig / output, *options, weights=weights) == 2
    error = capsys.readouterr().err
    assert words in error and error.count("\n") == 1
    assert state(rig) == before


def test_an_output_may_lie_beside_the_images_it_is_made_of(fuse, rig):
    before = state(rig)
    assert fuse(rig / "images", "-o", rig / "images" / "fused") == 0
    assert before.items() < state(rig).items()


def someone_elses_bag(path, bags):
    bags.write_pairs(path, count=1)


def someone_elses_folder(path, _):
    path.mkdir()
    (path / "metadata.yaml").write_text("rosbag2_bagfile_information: {}\n")


def someone_elses_video(path, _):
    film = cv2.VideoWriter(str(path), cv2.VideoWriter_fourcc(*"mp4v"), 10, (64, 48))
    film.write(np.zeros((48, 64, 3), np.uint8))
    film.release()


def notes(path, _):
    path.write_text("notes")


@pytest.mark.parametrize(
    ("make", "name"),
    [
        (someone_elses_bag, "out"),
        (someone_elses_folder, "out"),
        (someone_elses_video, "out.mp4"),
        (notes, "out"),
        (notes, "out.avi"),
        (notes, ".out.partial"),
        (someone_elses_folder, ".out.partial"),
    ],
)
def test_what_another_wrote_stays_even_with_overwrite(
    fuse, rig, tmp_path, bags, capsys, make, name
):
    make(tmp_path / name, bags)
    before = state(tmp_path)
    output = tmp_path / ("out" if "partial" in name else name)
    assert fuse(rig / "bag", "-o", output, "--overwrite") == 2
    error = capsys.readouterr().err
    assert str(tmp_path / name) in error and error.count("\n") == 1
    assert state(tmp_path) == before


@pytest.mark.parametrize("form", ["images", "bag"])
def test_a_file_that_somebody_put_into_an_output_is_named_and_stays(
    fuse, rig, tmp_path, capsys, form
):
    out = tmp_path / "out"
    assert fuse(rig / "bag", "-o", out, "--format", form) == 0
    (out / "notes.txt").write_text("from the field")
    before = state(tmp_path)
    assert fuse(rig / "bag", "-o", out, "--format", form, "--overwrite") == 2
    error = capsys.readouterr().err
    assert "notes.txt was not written by amdanet fuse" in error
    assert state(tmp_path) == before


@pytest.mark.parametrize("mark", ["[" * 100_000, '{"written": ["a"]}', '{"written": 5}', "5", None])
def test_a_mark_that_fuse_did_not_write_lets_nothing_be_removed(tmp_path, mark):
    (tmp_path / "a").touch()
    if mark is None:
        os.mkfifo(tmp_path / MARK)
    else:
        (tmp_path / MARK).write_text(mark)
    with pytest.raises(OutputPlaceError, match="was not written by amdanet fuse"):
        check_only_own(tmp_path)


def test_a_used_folder_of_images_never_holds_two_runs(fuse, rig, tmp_path, capsys):
    out = tmp_path / "out"
    assert fuse(rig / "images", "-o", out) == 0
    first = state(out)
    (rig / "images" / "1_rgb.png").rename(rig / "images" / "other_rgb.png")
    (rig / "images" / "1_thermal.png").rename(rig / "images" / "other_thermal.png")
    assert fuse(rig / "images", "-o", out) == 2
    assert "--overwrite" in capsys.readouterr().err
    assert state(out) == first
    assert fuse(rig / "images", "-o", out, "--overwrite") == 0
    assert sorted(path.name for path in (out / "mask").iterdir()) == ["0.png", "other.png"]


def test_an_edited_mask_is_not_thrown_away(fuse, rig, tmp_path, capsys):
    out = tmp_path / "out"
    assert fuse(rig / "images", "-o", out) == 0
    (out / "mask" / "0.png").write_bytes(b"drawn by hand")
    assert fuse(rig / "images", "-o", out, "--overwrite") == 2
    assert "0.png has been changed" in capsys.readouterr().err
    assert (out / "mask" / "0.png").read_bytes() == b"drawn by hand"


@pytest.mark.parametrize("name", ["out", "out.mp4", "out.avi"])
def test_the_commands_own_output_is_replaced_when_asked_to(fuse, rig, tmp_path, name):
    out = tmp_path / name
    assert fuse(rig / "bag", "-o", out) == 0
    first = state(tmp_path)
    assert fuse(rig / "bag", "-o", out, "--overwrite", "-p", "overlay_alpha:=0.9") == 0
    second = state(tmp_path)
    assert second.keys() == first.keys() and second != first


@pytest.mark.parametrize("name", ["out", "out.mp4"])
def test_the_earlier_output_stays_until_the_new_one_is_whole(fuse, rig, tmp_path, name):
    out = tmp_path / name
    assert fuse(rig / "bag", "-o", out) == 0
    first = state(tmp_path)
    for fault in (("--slop", "0"), ("--checkpoint", "no.safetensors"), ("--device", "cuda:9")):
        assert fuse(rig / "bag", "-o", out, "--overwrite", *fault[:2], weights=fault[1]) == 2
        assert state(tmp_path) == first


def test_an_output_that_was_moved_aside_comes_back(fuse, rig, tmp_path, monkeypatch):
    """A process may be killed between the two renames, or the second one may fail."""
    out = tmp_path / "out"
    assert fuse(rig / "images", "-o", out) == 0
    first = state(out)
    real = os.replace

    def replace(source, target):
        if Path(source).name == "out" and Path(target) == out:
            raise OSError(errno.EBUSY, "busy")
        real(source, target)

    with monkeypatch.context() as patch:
        patch.setattr(os, "replace", replace)
        assert fuse(rig / "images", "-o", out, "--overwrite") == 2
    assert state(out) == first
    out.rename(tmp_path / ".out.partial" / "replaced")
    FuseJournal(out, {}).close()
    assert state(out) == first


def test_what_appears_while_pairs_are_computed_stays(fuse, rig, tmp_path, monkeypatch, capsys):
    out, real = tmp_path / "out", FuseJournal.fresh_part

    def part(self):
        out.write_text("of somebody else")
        return real(self)

    monkeypatch.setattr(FuseJournal, "fresh_part", part)
    assert fuse(rig / "images", "-o", out) == 2
    assert "--overwrite" in capsys.readouterr().err
    assert out.read_text() == "of somebody else"


def test_an_empty_folder_and_a_missing_one_are_taken(fuse, rig, tmp_path):
    (tmp_path / "empty").mkdir()
    assert fuse(rig / "images", "-o", tmp_path / "empty") == 0
    assert fuse(rig / "images", "-o", tmp_path / "new" / "folder") == 0
    assert state(tmp_path / "empty") == state(tmp_path / "new" / "folder")


@pytest.mark.parametrize(
    ("output", "words"),
    [
        ("/dev/null", "a pipe or a device"),
        ("PIPE", "a pipe or a device"),
        ("", "names no new file"),
        (".", "names no new file"),
        ("/", "holds the input"),
        ("x" * 300, "name too long"),
        ("x" * 250, "name too long"),
        ("rig.yaml/out", "not a directory"),
        ("/proc/out", "no such file or directory: /proc/out"),
        ("LOOP/out", "not a directory"),
    ],
)
def test_a_place_that_cannot_be_written_is_a_line_and_status_2(
    fuse, rig, capsys, monkeypatch, output, words
):
    os.mkfifo(rig / "PIPE")
    (rig / "LOOP").symlink_to("LOOP")
    (rig / "cwd").mkdir()
    monkeypatch.chdir(rig / "cwd" if output in ("", ".") else rig)
    before = state(rig / "bag")
    assert fuse(rig / "bag", "-o", output, "--overwrite") == 2
    error = capsys.readouterr().err
    assert words in error and error.count("\n") == 1
    assert state(rig / "bag") == before


@pytest.fixture
def disk():
    """A function that lets files grow to some bytes only, as if the disk were full then."""
    _, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    yield lambda size: resource.setrlimit(resource.RLIMIT_FSIZE, (size or hard, hard))
    resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))


@pytest.mark.parametrize("name", ["out", "out.mp4", "out.avi", "folder"])
def test_on_a_full_disk_nothing_appears_and_the_same_command_goes_on(
    fuse, rig, tmp_path, capsys, disk, name, monkeypatch
):
    form = ("--format", "images") if name == "folder" else ()
    whole, out = tmp_path / "whole" / name, tmp_path / name
    assert fuse(rig / "bag", "-o", whole, *form) == 0
    with monkeypatch.context() as patch:
        real = FuseJournal.fresh_part
        patch.setattr(FuseJournal, "fresh_part", lambda self: disk(3000) or real(self))
        assert fuse(rig / "bag", "-o", out, *form) == 2
        disk(None)
    error = capsys.readouterr().err
    assert str(out) in error and "cannot be written" in error
    assert [line for line in error.splitlines() if line.startswith("amdanet")] == [error.strip()]
    assert not out.exists()
    assert len(list((tmp_path / f".{name}.partial").glob("*.npz"))) == 2
    with monkeypatch.context() as patch:
        patch.setattr(FuseJournal, "put", None)  # no pair is computed again
        assert fuse(rig / "bag", "-o", out, *form) == 0
    after, expected = (state(each) if each.is_dir() else each.read_bytes() for each in (out, whole))
    assert after == expected
    assert not (tmp_path / f".{name}.partial").exists()


def test_a_full_disk_while_pairs_are_computed_keeps_those_before(
    fuse, rig, tmp_path, capsys, disk, monkeypatch
):
    real = FuseJournal.put

    def put(self, name, fusion):
        if name == "1":
            disk(3000)
        real(self, name, fusion)

    monkeypatch.setattr(FuseJournal, "put", put)
    assert fuse(rig / "images", "-o", tmp_path / "out") == 2
    disk(None)
    assert "the same command again" in capsys.readouterr().err
    assert [path.name for path in (tmp_path / ".out.partial").glob("*.npz")] == ["0.npz"]
    assert not (tmp_path / "out").exists()


def test_a_video_that_does_not_hold_all_frames_is_refused(tmp_path):
    class Frame:
        fused = overlay = np.zeros((48, 64, 3), np.uint8)

    video = VideoOutput(tmp_path / "film.avi", 10.0)
    for _ in range(3):
        video.put(None, Frame)
    video._frames += 1
    with pytest.raises(OSError, match="3 of 4 frames"):
        video.close()


def test_pieces_of_changed_inputs_are_not_used(fuse, rig, tmp_path, monkeypatch):
    real, calls = Predictor.__call__, []

    def call(self, *arguments):
        calls.append(1)
        if len(calls) == 2:
            raise KeyboardInterrupt
        return real(self, *arguments)

    monkeypatch.setattr(Predictor, "__call__", call)
    assert fuse(rig / "images", "-o", tmp_path / "out") == 130
    shutil.copy(rig / "images" / "1_rgb.png", rig / "images" / "0_rgb.png")
    calls.append(1)
    assert fuse(rig / "images", "-o", tmp_path / "out") == 0
    assert len(calls) == 5
    first, second = ((tmp_path / "out" / "fused" / f"{k}.png").read_bytes() for k in range(2))
    assert cv2.imread(str(rig / "images" / "0_rgb.png")) is not None and first != second


def test_two_commands_do_not_write_one_output(fuse, rig, tmp_path, capsys):
    journal = FuseJournal(tmp_path / "out", {})
    assert fuse(rig / "bag", "-o", tmp_path / "out") == 2
    assert "another amdanet fuse is writing" in capsys.readouterr().err
    journal.close()
    assert fuse(rig / "bag", "-o", tmp_path / "out") == 0


def test_a_damaged_piece_is_computed_again(fuse, rig, tmp_path, monkeypatch, capsys):
    """As a power cut leaves it."""
    with monkeypatch.context() as patch:
        patch.setattr(BagWriter, "close", lambda _: (_ for _ in ()).throw(KeyboardInterrupt))
        assert fuse(rig / "bag", "-o", tmp_path / "out") == 130
    piece = sorted((tmp_path / ".out.partial").glob("*.npz"))[0]
    piece.write_bytes(piece.read_bytes()[:100])
    assert fuse(rig / "bag", "-o", tmp_path / "out") == 2
    assert "run the same command again" in capsys.readouterr().err
    assert fuse(rig / "bag", "-o", tmp_path / "out") == 0


@pytest.mark.parametrize(
    "put",
    [os.mkfifo, os.mkdir, lambda path: path.write_text("[" * 100_000), lambda path: None],
    ids=["pipe", "folder", "deep", "nothing"],
)
def test_a_mark_that_is_none_is_not_waited_for(tmp_path, put):
    put(tmp_path / MARK)
    assert read_record(tmp_path) is None
    with pytest.raises(OutputPlaceError, match="was not written by amdanet fuse"):
        check_only_own(tmp_path)
