"""`amdanet demo` from the command line to the files it leaves."""

import json
import os
import select
import signal
import subprocess
import sys
import time
from pathlib import Path

import cv2
import pytest

from amdanet_ros.bags.reader import BagReader
from amdanet_ros.cli.main import main


def test_the_demo_leaves_a_bag_a_contact_sheet_and_a_summary(
    params_file, tmp_path, domain_id, capfd
):
    folder = tmp_path / "demo_output"
    options = ("--duration", "2", "--params-file", str(params_file))
    assert main(["demo", "--output", str(folder), *options]) == 0
    said = capfd.readouterr().out
    for name in ("contact_sheet.png", "report.html", "summary.md", "output_bag"):
        assert str(folder / name) in said
    summary = json.loads((folder / "summary.json").read_text())
    assert summary["faults"] == []
    assert summary["chain"]["rgb_images"] == 20
    with BagReader(folder / "output_bag") as bag:
        assert bag.topics["/segmentation"].count == summary["chain"]["published"] > 0
    assert 0.0 <= summary["scores"]["miou"] < 1.0
    assert cv2.imread(str(folder / "contact_sheet.png")).shape[1] > 1600
    assert "AMDANet mit_b0" in (folder / "summary.md").read_text()


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--rate", "0"], "--rate"),
        (["--duration", "0"], "duration"),
        (["--params-file", "nowhere.yaml"], "nowhere.yaml"),
    ],
)
def test_a_mistake_is_a_line_and_status_2(tmp_path, capsys, options, words):
    assert main(["demo", "--output", str(tmp_path / "out"), *options]) == 2
    error = capsys.readouterr().err
    assert words in error
    assert error.count("\n") == 1


@pytest.mark.alone
@pytest.mark.parametrize(
    ("number", "status", "stage"),
    [
        (signal.SIGTERM, 143, "node.log"),
        (signal.SIGHUP, 129, "recorder.log"),
        (signal.SIGKILL, -9, "recorder.log"),
    ],
)
def test_its_processes_end_with_it(child_environment, params_file, tmp_path, number, status, stage):
    folder = tmp_path / "out"
    command = [sys.executable, "-m", "amdanet_ros.cli.main", "demo", "--duration", "1"]
    with subprocess.Popen(
        [*command, "-o", str(folder), "--params-file", str(params_file)],
        env=child_environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
    ) as process:  # fmt: skip
        try:
            end = time.monotonic() + 120
            while not (folder / "logs" / stage).exists():
                assert process.poll() is None and time.monotonic() < end
                time.sleep(0.02)
            while not all(map(catches_hangup, children := children_of(process.pid))):
                assert process.poll() is None and time.monotonic() < end
                time.sleep(0.02)
            begun = time.monotonic()
            ends = [os.pidfd_open(int(each)) for each in children]
            process.send_signal(number)
            assert process.wait(30) == status
            assert time.monotonic() - begun < 3.5
            assert children
            for end in ends:  # readable once the process has ended
                assert select.select([end], [], [], 6.0)[0]
                os.close(end)
            assert time.monotonic() - begun < 6.0
            said = process.stderr.read()
        finally:
            process.kill()
    assert "Traceback" not in said and said.count("amdanet:") == (status > 0)


def stat(number):
    """State and parent of a process."""
    try:
        return Path(f"/proc/{number}/stat").read_text().rpartition(")")[2].split()[:2]
    except OSError:
        return ["gone", ""]


def children_of(parent):
    numbers = [each.name for each in Path("/proc").iterdir() if each.name.isdecimal()]
    return [each for each in numbers if stat(each)[1] == str(parent)]


def catches_hangup(number):
    """Whether a process of this package has come to its handlers."""
    caught = Path(f"/proc/{number}/status").read_text().split("SigCgt:")[1].split()[0]
    return bool(int(caught, 16) >> (signal.SIGHUP - 1) & 1)
