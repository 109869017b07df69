"""`amdanet fleet`: what `amdanet fuse` makes of each bag, once, and again only where it must."""

import filecmp
import functools
import json
import os
import shutil
import signal
import subprocess
import sys
import threading
from contextlib import ExitStack, contextmanager, redirect_stderr, redirect_stdout
from pathlib import Path

import cv2
import pytest
from rosbags.rosbag2 import Writer

from amdanet_ros.cli import fleet_processor
from amdanet_ros.cli.fleet_processor import FuseProcessor
from amdanet_ros.cli.main import main, parser
from amdanet_ros.fleet.claim import claim_file
from amdanet_ros.fleet.manifest import find_units
from amdanet_ros.fleet.row import FIELDS
from amdanet_ros.fleet.row import row as row_of
from amdanet_ros.fleet.unit import State, Unit
from amdanet_ros.fleet.worker import work_on
from amdanet_ros.fuse.journal import FuseJournal
from amdanet_ros.fuse.written_files import MARK
from amdanet_ros.inference import Predictor

ON_CPU = ("--device", "cpu", "--precision", "fp32", "--engine", "torch")


def assert_same_files(one, other):
    compared = filecmp.dircmp(one, other, ignore=[])
    assert compared.common_files and not (compared.left_only or compared.right_only)
    names = sorted(path.name for path in one.iterdir())
    assert filecmp.cmpfiles(one, other, names, shallow=False)[0] == names


BAGS = {"a": 2, "b": 3, "day/c": 2, "day/d": 16}
"""Pairs of each."""


@pytest.fixture(scope="module")
def fleet(tmp_path_factory, bags):
    """A fleet with the package's weights over four bags and a damaged one, and what it said.

    The worker that fuses the longest bag is killed in the middle of it; what it had kept is linked
    into the folder ``kept``.
    """
    place = tmp_path_factory.mktemp("fleet")
    for name, count in BAGS.items():
        bags.write_pairs(place / "in" / name, count=count)
    (place / "in" / "day" / "cut.mcap").write_bytes(b"not a bag")
    (place / "kept").mkdir()
    words = ["fleet", "in", "out", "--checkpoint", "demo", *ON_CPU, "--workers", "2"]
    over = threading.Event()
    killing = (place / "out", "day/d", place / "kept", over)
    killer = threading.Thread(target=kill_in_the_middle, args=killing)
    with pytest.MonkeyPatch.context() as patch, said_to(place / "said", place / "errors"):
        patch.chdir(place)
        patch.setenv("OMP_NUM_THREADS", "1")
        killer.start()
        try:
            status = main(words)
        finally:
            over.set()
            killer.join()
    said, errors = ((place / name).read_text() for name in ("said", "errors"))
    return place, subprocess.CompletedProcess(words, status, said, errors)


@contextmanager
def said_to(output, errors):
    """Let what this process and its workers say go to files."""
    with output.open("w") as out, errors.open("w") as err, ExitStack() as stack:
        for number, file in ((1, out), (2, err)):
            before = os.dup(number)
            stack.callback(os.close, before)
            stack.callback(os.dup2, before, number)
            os.dup2(file.fileno(), number)
        stack.enter_context(redirect_stdout(out))
        stack.enter_context(redirect_stderr(err))
        yield


def kill_in_the_middle(out, name, kept, over):
    """Kill the worker that fuses a bag once it has kept three pairs; link what it has kept."""
    journal = (out / name).with_name(f".{Path(name).name}.partial")
    while len(list(journal.glob("*.npz"))) < 3:
        if over.wait(0.005):
            return  # The tests miss what would be kept.
    os.kill(holder_of(claim_file(out / ".amdanet_fleet" / "claims", name)), signal.SIGKILL)
    for file in journal.glob("*.npz"):
        os.link(file, kept / file.name)


def holder_of(file):
    """The process that holds the lock of a file."""
    inode = str(file.stat().st_ino)
    for line in Path("/proc/locks").read_text().splitlines():
        parts = line.split()
        if parts[5].rpartition(":")[2] == inode:
            return int(parts[4])
    raise AssertionError(f"nobody holds {file}")


def rows_of(out):
    return [json.loads(line) for line in (out / "results.jsonl").read_text().splitlines()]


def test_each_output_is_byte_by_byte_that_of_fuse(fleet, loaded_once):
    import torch

    place, _ = fleet
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        for name in BAGS:
            alone = place / "alone" / name
            arguments = [str(place / "in" / name), "-o", str(alone), "--checkpoint", "demo"]
            assert main(["fuse", *arguments, *ON_CPU]) == 0
            assert_same_files(place / "out" / name, alone)
    finally:
        torch.set_num_threads(threads)


def test_a_bag_that_fails_is_in_the_table_and_the_status_is_1(fleet):
    place, done = fleet
    assert done.returncode == 1
    assert "4 of 5 bags done, 1 failed, 23 pairs" in done.stdout
    assert str(place / "in" / "day" / "cut.mcap") in done.stdout
    assert "damaged from its first byte on" in done.stdout
    assert "Traceback" not in done.stderr


def test_the_results_have_a_line_of_each_bag(fleet):
    place, _ = fleet
    rows = rows_of(place / "out")
    assert sorted(row["name"] for row in rows) == ["a", "b", "day/c", "day/cut", "day/d"]
    for row in rows:
        assert set(FIELDS) <= row.keys()
        if row["state"] == "done":
            assert os.path.isdir(row["output"]) and os.path.isdir(row["input"])
            assert row["pairs"] == BAGS[row["name"]]
            assert 0.9 < sum(row["areas"].values()) < 1.01
            assert row["health"]["rgb"] == {"ok": row["pairs"]}


def test_after_a_worker_is_killed_in_the_middle_of_a_bag_the_next_one_goes_on_there(fleet):
    place, _ = fleet
    rows = rows_of(place / "out")
    assert {row["name"] for row in rows if row["tries"] > 1} == {"day/d"}
    # A kept pair loses its name in the journal after the output was written, not before.
    written = (place / "out" / "day" / "d" / MARK).stat().st_mtime_ns
    kept = list((place / "kept").iterdir())
    # Equal where both fall into one tick of the file system's clock.
    assert kept and all(file.stat().st_ctime_ns >= written for file in kept)
    assert not list((place / "out").rglob("*.partial"))


def test_status_and_report_tell_it_later(fleet, capsys):
    place, _ = fleet
    assert main(["fleet", "--status", str(place / "out")]) == 0
    said = capsys.readouterr().out
    assert "done     4 bags, 23 pairs" in said and "failed   1" in said and "drivers  none" in said
    (place / "out" / "report.html").unlink()
    assert main(["fleet", "--report", str(place / "out")]) == 0
    report = (place / "out" / "report.html").read_text()
    assert "4 bags done" in report and "cut.mcap" in report
    assert "http" not in report and "<script" not in report


def test_a_dry_run_says_what_is_left_and_writes_nothing(fleet, capsys):
    place, _ = fleet
    before = sorted(path for path in (place / "out").rglob("*"))
    words = ["fleet", "--dry-run", str(place / "in"), str(place / "out"), "--checkpoint", "demo"]
    assert main([*words, *ON_CPU]) == 0
    said = capsys.readouterr().out
    assert "5 bags" in said and "4 done, 1 to do" in said
    assert sorted(path for path in (place / "out").rglob("*")) == before


def test_another_checkpoint_is_refused_in_the_same_folder(fleet, checkpoint, capsys):
    place, _ = fleet
    words = ["fleet", str(place / "in"), str(place / "out"), "--checkpoint", str(checkpoint)]
    assert main([*words, *ON_CPU]) == 2
    assert "other options (checkpoint): give another folder" in capsys.readouterr().err


@pytest.fixture(scope="module")
def loaded():
    """Loads the network of some settings once."""
    return functools.cache(lambda network: Predictor.of(network))


@pytest.fixture
def one(tmp_path, bags, checkpoint, loaded, monkeypatch):
    """A bag, and a function that works on it in this process, with further options."""
    monkeypatch.setattr(
        fleet_processor, "load_predictor", lambda settings, _: loaded(settings.network)
    )
    bags.write_pairs(tmp_path / "in", count=2)
    (tmp_path / "claims").mkdir()

    def work(*options, weights=checkpoint, format_of="", unit=None):
        words = ["fleet", "in", str(tmp_path / "out"), "--checkpoint", str(weights), *ON_CPU]
        processor = FuseProcessor(parser("fleet").parse_args([*words, *options]), tmp_path / "out")
        unit = unit or Unit(str(tmp_path / "in"), f"bag{format_of}")
        return work_on(processor, unit, tmp_path / "claims")

    return work


@pytest.fixture
def videos(tmp_path, bags):
    """Both cameras of two pairs as videos of a folder."""
    folder = tmp_path / "videos"
    folder.mkdir()
    for stream, code in (("rgb", "MJPG"), ("thermal", "FFV1")):
        pairs = [bags.images(index) for index in range(2)]
        frames = [rgb if stream == "rgb" else thermal for rgb, thermal in pairs]
        options = [cv2.VIDEOWRITER_PROP_IS_COLOR, int(stream == "rgb")]
        options += [cv2.VIDEOWRITER_PROP_DEPTH, cv2.CV_16U] if stream == "thermal" else []
        file, size = str(folder / f"run_{stream}.mkv"), frames[0].shape[1::-1]
        fourcc = cv2.VideoWriter_fourcc(*code)
        writer = cv2.VideoWriter(file, cv2.CAP_FFMPEG, fourcc, 10.0, size, options)
        for frame in frames:
            writer.write(frame)
        writer.release()
    return folder


def test_two_videos_are_fused_as_one_input_and_known_by_both(one, tmp_path, videos):
    (unit,) = find_units([str(videos)], tmp_path / "out")
    first = one(unit=unit)
    assert (first.state, first.values["pairs"]) == (State.DONE, 2)
    assert row_of(first, "out")["thermal"] == str(videos / "run_thermal.mkv")
    assert one(unit=unit).state is State.FINISHED
    with (videos / "run_thermal.mkv").open("ab") as file:
        file.write(b"\xec\x81\x00")  # an empty element
    assert one(unit=unit).state is State.DONE
    (videos / "run_thermal.mkv").unlink()
    failed = one(unit=unit)
    assert failed.state is State.FAILED and "run_thermal.mkv does not exist" in failed.error


def test_a_ros_1_bag_of_a_folder_is_fused(one, tmp_path, bags):
    (tmp_path / "old").mkdir()
    bags.write_as_ros1(tmp_path / "in", tmp_path / "old" / "monday.bag")
    (unit,) = find_units([str(tmp_path / "old")], tmp_path / "out")
    done = one(unit=unit)
    assert (done.state, unit.name, done.values["pairs"]) == (State.DONE, "monday", 2)


@pytest.mark.parametrize("kind", ["bag", "images", "video"])
def test_a_finished_output_is_known_by_its_content(one, tmp_path, kind):
    suffix = ".mp4" if kind == "video" else ""
    options = ("--format", kind)
    first = one(*options, format_of=suffix)
    assert first.state is State.DONE
    again = one(*options, format_of=suffix)
    assert (again.state, again.values) == (State.FINISHED, first.values)
    # Other times alone change nothing: it may have been copied.
    for file in (tmp_path / "in").iterdir():
        os.utime(file, (1, 1))
    assert one(*options, format_of=suffix).state is State.FINISHED


def test_a_bag_that_has_changed_is_done_again_in_the_place_of_the_old_output(one, tmp_path, bags):
    assert one().values["pairs"] == 2
    shutil.rmtree(tmp_path / "in")
    bags.write_pairs(tmp_path / "in", count=3)
    changed = one()
    assert (changed.state, changed.values["pairs"]) == (State.DONE, 3)
    assert one().state is State.FINISHED


def test_an_output_that_lost_a_file_is_done_again(one, tmp_path):
    one()
    (tmp_path / "out" / "bag" / "bag.mcap").unlink()
    assert one().state is State.DONE


@pytest.mark.parametrize(
    "options",
    [("--slop", "0.04"), ("-p", "overlay_alpha:=0.3"), ("--rgb-topic", "/rgb/image_raw")],
)
def test_an_output_of_other_options_is_not_taken_for_it_nor_replaced(one, options):
    one()
    other = one(*options)
    assert other.state is State.FAILED and "exists" in other.error
    assert one(*options, "--overwrite").state is State.DONE


def test_a_copy_of_the_checkpoint_is_the_same_and_another_one_is_not(one, checkpoint, tmp_path):
    one()
    shutil.copy(checkpoint, tmp_path / "copy.safetensors")
    assert one(weights=tmp_path / "copy.safetensors").state is State.FINISHED
    assert one(weights="demo").state is State.FAILED


def replaced(file, other):
    """Give a file the content of another one, and leave its time as it is."""
    time = file.stat().st_mtime_ns
    shutil.copyfile(other, file)
    os.utime(file, ns=(time, time))


def demo_weights():
    return Path(fleet_processor.__file__).parents[1] / "weights" / "demo_mit_b0.safetensors"


def test_weights_that_change_after_the_call_began_make_no_output(tmp_path, bags, checkpoint):
    bags.write_pairs(tmp_path / "in", count=1)
    (tmp_path / "claims").mkdir()
    weights = tmp_path / "weights.safetensors"
    shutil.copy(checkpoint, weights)
    words = ["fleet", "in", str(tmp_path / "out"), "--checkpoint", str(weights), *ON_CPU]
    processor = FuseProcessor(parser("fleet").parse_args(words), tmp_path / "out")
    replaced(weights, demo_weights())
    failed = work_on(processor, Unit(str(tmp_path / "in"), "bag"), tmp_path / "claims")
    assert failed.state is State.FAILED
    assert "the parameter checkpoint names has changed since this call began" in failed.error
    assert not (tmp_path / "out").exists()


def test_what_other_weights_of_the_same_name_and_time_have_begun_is_not_gone_on_with(
    one, tmp_path, checkpoint, monkeypatch
):
    weights = tmp_path / "weights.safetensors"
    shutil.copy(checkpoint, weights)
    put = FuseJournal.put

    def full(journal, name, fusion):
        put(journal, name, fusion)
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as context:
        context.setattr(FuseJournal, "put", full)
        assert one(weights=weights).state is State.NO_PLACE
    assert list((tmp_path / "out" / ".bag.partial").glob("*.npz"))
    monkeypatch.setattr(
        fleet_processor, "load_predictor", lambda settings, _: Predictor.of(settings.network)
    )
    replaced(weights, demo_weights())
    assert one(weights=weights).state is State.DONE
    shutil.move(tmp_path / "out" / "bag", tmp_path / "gone_on")
    assert one(weights="demo").state is State.DONE
    names = [path.name for path in (tmp_path / "gone_on").glob("*.mcap")]
    compared = filecmp.cmpfiles(tmp_path / "gone_on", tmp_path / "out" / "bag", names, False)
    assert compared == (names, [], [])


def test_what_nobody_of_the_fleet_wrote_is_not_replaced(one, tmp_path):
    (tmp_path / "out" / "bag").mkdir(parents=True)
    (tmp_path / "out" / "bag" / "diary.txt").write_text("dear diary")
    assert one().state is State.FAILED
    assert one("--overwrite").state is State.FAILED
    assert (tmp_path / "out" / "bag" / "diary.txt").read_text() == "dear diary"


def test_a_bag_without_pairs_or_that_is_not_there_is_not_tried_again(one, tmp_path, bags):
    shutil.rmtree(tmp_path / "in")
    assert one().state is State.FAILED
    bags.write_pairs(tmp_path / "in", count=2, thermal_delay=30)
    failed = one()
    assert failed.state is State.FAILED and "nothing is written" in failed.error


@pytest.mark.parametrize(
    ("number", "state"), [(28, State.NO_PLACE), (122, State.NO_PLACE), (5, State.ERROR)]
)
@pytest.mark.parametrize("within", [(FuseJournal, "put"), (Writer, "write"), (Writer, "open")])
def test_a_full_disk_is_no_fault_of_the_bag(one, monkeypatch, number, state, within):
    def full(*_):
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(*within, full)
    failed = one()
    if within[1] == "open" and state is State.ERROR:
        state = State.FAILED  # the writer says: such a bag cannot be made
    assert failed.state is state and os.strerror(number).lower() in failed.error.lower()
    monkeypatch.undo()
    assert one().state is State.DONE


@pytest.mark.parametrize(
    "words, said",
    [
        (["bags", "out", "--rank", "0"], "--rank and --world belong together"),
        (["bags", "out", "--rank", "2", "--world", "2"], "ranks are 0 to 1"),
        (["bags", "out", "--rank", "0", "--world", "2", "--address", "auto"], "leave out --rank"),
        (["out"], "give the inputs"),
        (["bags", "out"], "bags does not exist"),
        (["bag", "out", "--checkpoint", "missing.pth"], "missing.pth"),
        (["bag", "out", "--slop", "-1"], "slop"),
        (["bag", "file"], "is a file"),
        (["--dry-run", "bag", "file"], "is a file"),
        (["bag", "bag/out"], "bag"),
        (["--status", "bag"], "no folder that amdanet fleet has worked in"),
        (["bag", "out", "--gpus-per-worker", "99"], "--gpus-per-worker is 99"),
    ],
)
def test_a_mistake_in_the_call_is_one_line(words, said, tmp_path, bags, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    bags.write_pairs(tmp_path / "bag", count=1)
    (tmp_path / "file").write_text("")
    network = [] if "--checkpoint" in words else ["--checkpoint", "demo"]
    assert main(["fleet", *words, *network]) == 2
    error = capsys.readouterr().err
    assert said in error and error.count("\n") == 1


def test_ray_is_imported_only_where_it_is_asked_for(project):
    code = "import sys, amdanet_ros.cli.fleet, amdanet_ros.fleet.process_pool, amdanet_ros.cli.fuse"
    code += ", amdanet_ros.fleet.run; sys.exit('ray' in sys.modules)"
    environment = {**os.environ, "PYTHONPATH": str(project)}
    assert (
        subprocess.run([sys.executable, "-c", code], env=environment, check=False).returncode == 0
    )
