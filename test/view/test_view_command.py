"""`amdanet view` of a bag: as a process, watched over HTTP, ended by a signal."""

import contextlib
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request

import pytest

from amdanet_ros.cli.main import main


def words_for(bag, checkpoint, port):
    words = ["view", bag, "--checkpoint", checkpoint, "--port", port, "--rate", "100"]
    words += ["--device", "cpu", "--precision", "fp32", "--inference-size", "32", "32"]
    return list(map(str, words))


@pytest.mark.alone
def test_a_bag_is_shown_lap_after_lap_and_a_signal_ends_it(
    pair_bag, checkpoint, project, next_part
):
    bag, stamps = pair_bag
    environment = {**os.environ, "PYTHONPATH": str(project), "OMP_NUM_THREADS": "1"}
    process = subprocess.Popen(
        [sys.executable, "-m", "amdanet_ros.cli", *words_for(bag, checkpoint, 0)],
        env=environment,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        url = next(filter(None, (re.search(r"open (http:\S+)", line) for line in process.stdout)))
        frames = []
        with urllib.request.urlopen(url[1] + "stream", timeout=60) as stream:
            while len(frames) < len(stamps) + 2:
                part = next_part(stream)
                frames += [part] if part else []
        described, files = frames[0]
        assert list(files) == ["fused", "overlay", "rgb", "thermal"]
        assert len(described["classes"]) == 9 and described["registered"]
        assert described["latencies"]["computing"] > 0
        seen = [int(each["stamp"].replace(".", "")) for each, _ in frames]
        assert set(seen) <= set(stamps)
        assert seen != sorted(seen)
    finally:
        began = time.monotonic()
        process.send_signal(signal.SIGTERM)
        status = process.wait(10)
        process.stdout.close()
    assert status == 0
    assert time.monotonic() - began < 3


def test_with_once_the_last_pair_stays(pair_bag, checkpoint, next_part, monkeypatch, capsys):
    bag, stamps = pair_bag
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    at_the_end = threading.Event()
    monkeypatch.setattr("amdanet_ros.cli.view._wait_for_signal", lambda: at_the_end.wait(60))
    seen = []

    def watch():
        try:
            while not seen:
                with contextlib.suppress(ConnectionError, urllib.error.URLError):
                    url = f"http://127.0.0.1:{port}/stream"
                    with urllib.request.urlopen(url, timeout=60) as stream:
                        while not seen or seen[-1] != stamps[-1]:
                            described, _ = next_part(stream)
                            seen.append(int(described["stamp"].replace(".", "")))
        finally:
            at_the_end.set()

    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()
    assert main([*words_for(bag, checkpoint, port), "--once"]) == 0
    watcher.join()
    assert "the end" in capsys.readouterr().out
    assert seen == sorted(set(seen)) and seen[-1] == stamps[-1]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["absent"], "absent does not exist"),
        (["--checkpoint", "demo"], "--checkpoint is for a bag or folders"),
        (["-p", "max_wait:=0.2"], "--param is for a bag or folders"),
        (["--once"], "--once is for a bag or folders"),
        (["absent", "--namespace", "front"], "--namespace is for a running node"),
        (["--address", "robot"], "no IP address"),
        (["--port", "70000"], "--port is 70000"),
        (["--port", "BUSY"], "in use"),
        (["absent", "--rate", "0"], "--rate is 0"),
    ],
)
def test_a_mistake_in_the_call_is_one_line(capsys, words, said):
    with socket.create_server(("127.0.0.1", 0)) as busy:
        port = str(busy.getsockname()[1])
        assert main(["view", *(port if each == "BUSY" else each for each in words)]) == 2
    line = capsys.readouterr().err
    assert said in line and line.count("\n") == 1


def test_without_ros_a_bag_is_asked_for(capsys, monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda name, *_: name != "rclpy" or None)
    assert main(["view", "--port", "0"]) == 2
    line = capsys.readouterr().err
    assert "give a bag" in line and line.count("\n") == 1
