"""The node as a process of its own: started, interrupted, started with wrong parameters."""

import itertools
import signal
import subprocess
import sys
import threading
import time

import pytest

pytest.importorskip("rclpy")


def start(environment, *arguments):
    return subprocess.Popen(
        [sys.executable, "-m", "amdanet_ros.ros.amdanet_node", "--ros-args", *arguments],
        env=environment,
        stderr=subprocess.PIPE,
        text=True,
    )


@pytest.mark.alone
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_ends_it_cleanly(child_environment, checkpoint, number):
    process = start(
        child_environment, "-p", f"checkpoint:={checkpoint}", "-p", "precision:=fp32",
        "-p", "engine:=torch", "-r", "__ns:=/front", "-r", "rgb/image_raw:=/camera/image",
    )  # fmt: skip
    try:
        said = []
        for line in process.stderr:
            said.append(line)
            if "configured" in line:
                break
        assert "configured" in said[-1], said
        assert "/camera/image, /front/thermal/image_raw" in line
        begun = time.monotonic()
        process.send_signal(number)
        process.send_signal(number)
        rest = process.stderr.read()
        assert process.wait(timeout=30) == 0, rest
        assert time.monotonic() - begun < 3.5
        assert "Traceback" not in rest
        assert "terminate called" not in rest
    finally:
        process.kill()
        process.wait()


def test_a_parameter_of_the_wrong_type_or_range_ends_it_with_one_line(child_environment):
    for setting, name in (("overlay_alpha:=7.0", "overlay_alpha"), ("device:=3", "device")):
        process = start(child_environment, "-p", setting)
        _, errors = process.communicate(timeout=120)
        lines = [line for line in errors.splitlines() if line]
        assert process.returncode == 2
        assert len(lines) == 1
        assert name in lines[0]


@pytest.mark.parametrize("wait", [0.0, 0.5])
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_during_the_imports_ends_it_cleanly(child_environment, number, wait):
    with start(child_environment) as process:
        try:
            end = time.monotonic() + 120
            while not catches_all_signals(process):
                assert process.poll() is None and time.monotonic() < end
            time.sleep(wait)  # no event tells how far the imports are
            process.send_signal(number)
            _, said = process.communicate(timeout=30)
        finally:
            process.kill()
    assert (process.returncode, said) == (0, "")


def catches_all_signals(process):
    """Whether the program's own handlers are there: the interpreter handles SIGINT alone."""
    with open(f"/proc/{process.pid}/status") as status:
        caught = int(status.read().split("SigCgt:")[1].split()[0], 16)
    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    return all(caught >> (number - 1) & 1 for number in numbers)


HANGING = """
import sys, torch
from amdanet_ros.inference import Predictor
from amdanet_ros.programs.node import main

def hang(self, *arguments):
    print("hanging", file=sys.stderr, flush=True)
    size = 400
    while True:
        torch.mm(torch.ones(size, size), torch.ones(size, size))

Predictor.__call__ = hang
sys.exit(main())
"""


@pytest.mark.alone
@pytest.mark.parametrize(("by", "status"), [(signal.SIGTERM, 0), (None, 70)])
def test_it_ends_within_three_seconds_while_the_network_computes(
    child_environment, checkpoint, bench, by, status
):
    """By a signal, or by itself where it shall: in torch, which no exception ends."""
    settings = {
        "checkpoint": checkpoint,
        "precision": "fp32",
        "engine": "torch",
        "hang_timeout": 0.5,
    }
    settings["exit_on_hang"] = 0.0 if by else 1.0
    arguments = [part for item in settings.items() for part in ("-p", "{}:={}".format(*item))]
    process = subprocess.Popen(
        [sys.executable, "-c", HANGING, "--ros-args", *arguments],
        env=child_environment,
        stderr=subprocess.PIPE,
        text=True,
    )
    said = []
    reader = threading.Thread(target=lambda: said.extend(process.stderr))
    reader.start()
    try:
        bench.cameras_on()
        bench.listen("segmentation/mask")
        stamps = itertools.count(1)

        def is_hanging():
            if not any("hanging" in line for line in said):
                bench.pair(float(next(stamps)))
                return False
            return True

        bench.until(is_hanging)
        since = time.monotonic()
        if by:
            process.send_signal(by)
        assert process.wait(timeout=10) == status
        assert time.monotonic() - since < 3.0 + (0 if by else 1.5)
        reader.join(timeout=10)
        assert not any("Traceback" in line or "terminate" in line for line in said)
        assert any("exit_on_hang" in line for line in said) == (by is None)
    finally:
        process.kill()
        process.wait()
