"""`amdanet fleet --task`: sets, calibrations and scores of many inputs, each once."""

import functools
import json
import multiprocessing
import os
import pickle
import sys
import threading
from pathlib import Path

import cv2
import numpy as np
import pytest
import yaml
from tqdm import tqdm

from amdanet_ros.bags.writer import BagWriter, quality
from amdanet_ros.cli import extract_task
from amdanet_ros.cli.fleet_tasks import processor_of, search_of
from amdanet_ros.cli.main import main, parser
from amdanet_ros.fleet.manifest import find_units
from amdanet_ros.fleet.report import report
from amdanet_ros.fleet.results import read_results
from amdanet_ros.fleet.status import FleetStatus
from amdanet_ros.inference import Predictor
from benchmarks.simulated_fleet import drive

sys.path.insert(0, str(Path(__file__).parent.parent / "calibration"))
from boards import poses, rgb_image, thermal_image

BOARD = ("--board", "8x6", "--square", "0.03")


@pytest.fixture
def work(tmp_path, monkeypatch):
    """A function that does a task with a folder's inputs in this process, as `amdanet fleet`."""
    monkeypatch.setattr(
        extract_task, "load_predictor", lambda settings, _: predictor(settings.network)
    )
    predictor = functools.cache(Predictor.of)

    def run(task, source, *options, out=tmp_path / "out"):
        words = ["fleet", str(source), str(out), "--task", task, *options]
        arguments = parser("fleet", words).parse_args(words)
        units = find_units(arguments.inputs, arguments.out, search_of(arguments))
        processor = pickle.loads(pickle.dumps(processor_of(arguments)))  # as a worker gets it
        rows = drive(units, out, processor, is_here=True)
        return {row["name"]: row for row in rows}

    return run


def write_bag(path, bags, pairs):
    """Pairs of an RGB image and thermal counts or grey values, a second apart."""
    with BagWriter(path, "mcap") as bag:
        for topic in (bags.RGB, bags.THERMAL):
            bag.add_topic(topic, bags.IMAGE, [quality(reliable=True)])
        for index, (rgb, thermal) in enumerate(pairs):
            stamp = bags.START + index * 1_000_000_000
            bag.write_message(bags.RGB, stamp, bags.image(stamp, rgb, "rgb8"))
            encoding = "mono16" if thermal.dtype == np.uint16 else "mono8"
            bag.write_message(bags.THERMAL, stamp, bags.image(stamp, thermal, encoding))


def scene(index):
    random = np.random.default_rng(index)
    rgb = random.integers(60, 90, (48, 64, 3), np.uint8)
    rgb[5 * index : 5 * index + 14, 8 * index : 8 * index + 14] = (230, 200, 40)
    thermal = random.integers(29000, 29050, (24, 32), np.uint16)
    thermal[2 * index : 2 * index + 7, 5:12] = 31000
    return rgb, thermal


def contents(folder):
    """All files by their names below a folder, but for what the fleet keeps."""
    files = (each for each in folder.rglob("*") if each.is_file())
    found = {str(each.relative_to(folder)): each.read_bytes() for each in files}
    return {name: data for name, data in found.items() if not name.endswith(".amdanet_fuse.json")}


@pytest.fixture
def recordings(tmp_path, bags):
    """Two bags with pairs that differ, and one in which all look alike."""
    for name, first in (("monday", 0), ("day/more", 3)):
        write_bag(tmp_path / "in" / name, bags, [scene(first + i) for i in range(2)])
    write_bag(tmp_path / "in" / "still", bags, [scene(0)] * 2)
    return tmp_path / "in"


def test_each_bag_becomes_the_set_that_extract_makes_of_it(
    work, recordings, tmp_path, network_options, capsys
):
    rows = work("extract", recordings, *network_options)
    assert {name: row["state"] for name, row in rows.items()} == {
        "monday": "done", "day/more": "done", "still": "failed",
    }  # fmt: skip
    assert "1 pairs can be taken" in rows["still"]["error"] and rows["still"]["tries"] == 1
    assert "1 pairs are left out" in rows["still"]["error"]
    alone = tmp_path / "alone"
    assert main(["extract", str(recordings / "monday"), "-o", str(alone), *network_options]) == 0
    assert contents(tmp_path / "out" / "monday") == contents(alone)
    row = rows["monday"]
    assert (row["pairs"], row["figures"]) == (2, {"candidates": 2})
    assert 0.99 < sum(row["areas"].values()) < 1.01
    assert row["health"]["rgb"] == {"ok": 2}
    assert any("registration is not set" in each for each in row["notes"])
    assert not list((tmp_path / "out").rglob("*.partial"))


def test_a_set_is_known_by_its_bag_and_its_options(
    work, recordings, tmp_path, network_options, capsys
):
    work("extract", recordings, *network_options)
    times = {each: each.stat().st_mtime_ns for each in (tmp_path / "out").rglob("*.png")}
    os.utime(recordings / "monday" / "metadata.yaml", (1, 1))
    work("extract", recordings, *network_options)
    assert {each: each.stat().st_mtime_ns for each in (tmp_path / "out").rglob("*.png")} == times
    words = ["fleet", str(recordings), str(tmp_path / "out"), *network_options]
    capsys.readouterr()
    assert main([*words, "--task", "extract", "--every", "2"]) == 2
    assert "other options (every): give another folder" in capsys.readouterr().err
    assert main(words) == 2
    assert "other options (task): give another folder" in capsys.readouterr().err


def test_labels_that_people_corrected_stay_and_what_is_lost_is_made_again(
    work, recordings, tmp_path, network_options
):
    work("extract", recordings, *network_options)
    labels = (tmp_path / "out" / name / "Label" for name in ("monday", "day/more"))
    monday, more = (sorted(each.iterdir()) for each in labels)
    monday[0].write_bytes(b"corrected")
    more[0].unlink()
    rows = work("extract", recordings, *network_options)
    assert monday[0].read_bytes() == b"corrected"
    assert cv2.imread(str(more[0]), cv2.IMREAD_UNCHANGED).shape == (48, 64)
    assert [rows[name]["state"] for name in ("monday", "day/more")] == ["done", "done"]


@pytest.fixture(scope="module")
def rigs(tmp_path_factory, bags):
    """Bags of a warm board before two rigs, one with too few views."""
    from amdanet_ros.calibration.board import Board

    board = Board.of("8x6", 0.03)
    place = tmp_path_factory.mktemp("rigs")
    for name, count in (("truck", 7), ("tram", 2)):
        seen = enumerate(poses(board, count))
        pairs = [(rgb_image(board, p, i), thermal_image(board, p, i)) for i, p in seen]
        write_bag(place / name, bags, pairs)
    return place


def test_each_rig_is_calibrated(rigs, tmp_path, capsys):
    out = tmp_path / "out"
    words = ["fleet", str(rigs), str(out), "--task", "calibrate", "--workers", "1", *BOARD]
    assert main(words) == 1
    assert "1 of 2 bags done, 1 failed" in capsys.readouterr().out
    rows = read_results(out)
    assert rows["truck"]["state"] == "done" and rows["tram"]["state"] == "failed"
    assert "views" in rows["tram"]["error"] and rows["tram"]["tries"] == 1
    out = tmp_path / "out" / "truck"
    assert contents(out).keys() == {
        "rgb.yaml", "thermal.yaml", "params.yaml", "summary.yaml", "residuals.png",
    }  # fmt: skip
    parameters = yaml.safe_load((out / "params.yaml").read_text())["/**"]["ros__parameters"]
    assert parameters["rgb.camera_info_file"] == str(out / "rgb.yaml")
    errors = [
        rows["truck"]["figures"][f"{name}, pixels"] for name in ("RGB error", "error of both")
    ]
    assert all(0 < each < 1 for each in errors)
    assert any("thermal to RGB" in each for each in rows["truck"]["notes"])
    page = report(FleetStatus.of(tmp_path / "out"), tmp_path / "out")
    assert "error of both, pixels" in page and "people" not in page


@pytest.fixture
def sets(tmp_path):
    """Two data sets with three labelled pairs, and one whose list names what is not there."""
    random = np.random.default_rng(0)
    for name in ("north", "deep/south", "gone"):
        for folder in ("Visible", "Infrared", "Label"):
            (tmp_path / "sets" / name / folder).mkdir(parents=True)
            for index in range(0 if name == "gone" else 3):
                shape = (32, 32, 3) if folder == "Visible" else (32, 32)
                most = 9 if folder == "Label" else 256
                image = random.integers(0, most, shape, np.uint8)
                cv2.imwrite(str(tmp_path / "sets" / name / folder / f"{index}.png"), image)
        (tmp_path / "sets" / name / "test.txt").write_text("0\n1\n2\n")
    return tmp_path / "sets"


def test_a_task_leaves_no_lock_between_processes_behind(work, sets, checkpoint):
    """A worker that is ended would leave it, and Python's resource tracker would say so."""
    tqdm.set_lock(multiprocessing.RLock())
    assert work("evaluate", sets, "--checkpoint", str(checkpoint))
    assert isinstance(tqdm.get_lock(), type(threading.RLock()))


def test_each_data_set_is_scored(work, sets, tmp_path, checkpoint, monkeypatch):
    # As in a rank that torchrun has started.
    monkeypatch.setenv("RANK", "1")
    monkeypatch.setenv("WORLD_SIZE", "2")
    options = ("--checkpoint", str(checkpoint), "--device", "cpu")
    rows = work("evaluate", sets, *options)
    assert {name: row["state"] for name, row in rows.items()} == {
        "north": "done", "deep/south": "done", "gone": "failed",
    }  # fmt: skip
    scores = json.loads((tmp_path / "out" / "north" / "evaluation.json").read_text())
    assert rows["north"]["figures"]["mIoU"] == round(scores["mIoU"], 4)
    assert rows["north"]["pairs"] == 3
    assert (tmp_path / "out" / "north" / "evaluation.html").is_file()
    status = FleetStatus.of(tmp_path / "out")
    assert status.lines()[0].startswith("done     2 data sets, 6 pairs")
    assert "IoU of" in report(status, tmp_path / "out")


@pytest.mark.parametrize(
    "words, said",
    [
        (["--task", "calibrate"], "--board"),
        (["--task", "calibrate", *BOARD, "--every", "2"], "--every"),
        (["--task", "calibrate", "--board", "8", "--square", "1"], "--board is 8"),
        (["--task", "fly"], "invalid choice: 'fly'"),
        (["--task"], "expected one argument"),
        (["--every", "2"], "--every"),
        (["--task", "evaluate", "--checkpoint", "none.pth"], "none.pth"),
        (["--task", "extract", "--checkpoint", "none.pth"], "none.pth"),
        (["--task", "evaluate"], "no data set in"),
    ],
)
def test_a_mistake_in_the_call_of_a_task_is_one_line(words, said, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "in").mkdir()
    if words[-1] != "evaluate":
        (tmp_path / "in" / "a.bag").write_text("")
        (tmp_path / "in" / "test.txt").write_text("")
    try:
        status = main(["fleet", "in", "out", *words])
    except SystemExit as stop:
        status = stop.code
    error = capsys.readouterr().err
    assert status == 2 and said in error and error.count("\n") == 1
    assert not (tmp_path / "out").exists()
