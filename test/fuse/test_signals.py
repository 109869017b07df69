"""A real `amdanet fuse` that is ended in the middle leaves a journal, and goes on from it."""

import os
import signal
import subprocess
import sys
import time

import pytest
import torch

from amdanet_ros.bags.reader import BagReader
from amdanet_ros.cli.main import main

PAIRS = 24
MOST_S = 3.0


@pytest.fixture
def fuse(tmp_path, project):
    """Starts the command as a process; its output goes to a file."""
    started = []

    def start(*arguments):
        environment = {
            **os.environ,
            "PYTHONPATH": str(project),
            "OMP_NUM_THREADS": str(torch.get_num_threads()),
        }
        log = (tmp_path / f"log_{len(started)}").open("w+")
        command = [sys.executable, "-m", "amdanet_ros.cli.main", "fuse", *arguments]
        child = subprocess.Popen(command, env=environment, stdout=log, stderr=log)
        started.append((child, log))
        return child, log

    yield start
    for child, log in started:
        child.kill()
        child.wait()
        log.close()


@pytest.mark.alone
def test_ended_by_any_signal_it_goes_on_with_the_same_result(fuse, network_options, tmp_path, bags):
    bags.write_pairs(tmp_path / "in", count=PAIRS)
    out, journal = tmp_path / "out", tmp_path / ".out.partial"
    arguments = (str(tmp_path / "in"), "-o", str(out), *network_options)

    def pieces():
        return len(list(journal.glob("*.npz")))

    for number in (signal.SIGTERM, signal.SIGHUP):
        before = pieces()
        child, log = fuse(*arguments)
        end = time.monotonic() + 60
        while pieces() < before + 2 and child.poll() is None and time.monotonic() < end:
            time.sleep(0.005)
        child.send_signal(number)
        sent = time.monotonic()
        status = child.wait(timeout=30)
        assert time.monotonic() - sent < MOST_S
        assert status == 128 + number
        log.seek(0)
        assert "Traceback" not in log.read()
        assert before + 2 <= pieces() < PAIRS
        assert not out.exists()
    assert main(["fuse", *arguments]) == 0
    assert (
        main(["fuse", str(tmp_path / "in"), "-o", str(tmp_path / "whole"), *network_options]) == 0
    )
    found = []
    for name in ("out", "whole"):
        with BagReader(tmp_path / name) as bag:
            found.append([(each.topic, each.stamp_ns, each.raw) for each in bag.messages()])
    assert len(found[0]) > PAIRS
    assert found[0] == found[1]
    assert not journal.exists()
