"""The frame around every program: each way to end gives one line and its status."""

import contextlib
import errno
import gc
import io
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from amdanet_ros.programs import exit_status
from amdanet_ros.programs.errors import ProgramError
from amdanet_ros.programs.program import run_program
from amdanet_ros.programs.signals import Stopped, StopSignals


def run(error, **options):
    def body():
        raise error

    return run_program("tool", body, is_process=False, **options)


class OutOfMemoryError(RuntimeError):
    """As torch's."""


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (ProgramError("bag x\ndoes not exist"), "bag x does not exist"),
        (OSError(errno.ENOSPC, "No space left on device", "/mnt/out.mcap"), "/mnt/out.mcap: the"),
        (OSError(errno.EMFILE, "Too many open files"), "ulimit -n"),
        (OSError(errno.EACCES, "Permission denied", "/root/x"), "/root/x: permission denied"),
        (OSError(errno.ENAMETOOLONG, "File name too long", "n" * 300), "too long"),
        (OSError(errno.EIO, "Input/output error", b"/mnt/\xff"), "Input/output error"),
        (IsADirectoryError(errno.EISDIR, "Is a directory", "/tmp"), "/tmp: it is a folder"),
        (
            shutil.Error([("a", "b", "[Errno 28] No space left"), ("c", "d", "x")]),
            "a -> b: the disk",
        ),
        (shutil.Error("folder a is in itself"), "folder a is in itself"),
        (MemoryError(), "memory"),
        (RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried"), "memory"),
        (OutOfMemoryError("CUDA out of memory"), "GPU"),
        (ModuleNotFoundError("No module named 'torchvision'", name="torchvision"), "[train]"),
        (ModuleNotFoundError("No module named 'onnx'", name="onnx"), "[export]"),
        (ModuleNotFoundError("No module named 'rclpy'", name="rclpy"), "/opt/ros/"),
        (ModuleNotFoundError("No module named 'std_msgs'", name="std_msgs"), "/opt/ros/"),
        (ImportError("librcl.so: cannot open shared object file"), "librcl.so"),
        (ModuleNotFoundError("No module named 'cv2'", name="cv2"), "opencv-python-headless"),
        (ModuleNotFoundError("No module named 'yaml'", name="yaml"), "install pyyaml"),
        (ImportError("x.so: failed to map segment from shared object", name="cv2"), "the memory"),
        (ImportError("no _x", name="amdanet_ros.msg"), "colcon build"),
    ],
)
def test_what_a_user_can_put_right_is_one_line_and_status_2(error, words, capsys):
    assert run(error) == 2
    out, said = capsys.readouterr()
    assert (out, said.count("\n")) == ("", 1)
    assert said.startswith("tool: ") and words in said
    assert len(said) < 400


@pytest.mark.parametrize(
    "error", [KeyError("pairs"), AssertionError(), ImportError("x", name="amdanet_ros.fuse")]
)
def test_a_fault_is_one_line_that_names_a_file_with_the_traceback(
    error, capsys, tmp_path, monkeypatch
):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    monkeypatch.delenv("AMDANET_TRACEBACK", raising=False)
    assert run(error) == 70
    said = capsys.readouterr().err
    assert said.count("\n") == 1 and "a fault of amdanet_ros" in said
    (file,) = tmp_path.iterdir()
    assert str(file) in said
    assert "Traceback" in file.read_text() and "in body" in file.read_text()


def test_a_fault_shows_its_traceback_where_that_is_asked_for(capsys, tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    monkeypatch.setenv("AMDANET_TRACEBACK", "1")
    assert run(ValueError("seven")) == 70
    assert "in body" in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


def test_a_fault_with_no_place_for_the_file_is_still_one_line(capsys, tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "absent"))
    assert run(ValueError("seven")) == 70
    said = capsys.readouterr().err
    assert said.count("\n") == 1 and "AMDANET_TRACEBACK" in said


def test_at_the_end_of_a_process_nothing_is_left_to_the_collector():
    """Its last collections walk through all of torch."""
    before = gc.get_freeze_count()
    assert run_program("tool", lambda: 0, is_process=False) == 0
    assert gc.get_freeze_count() == before
    try:
        assert run_program("tool", lambda: 0) == 0
        assert gc.get_freeze_count() > before
    finally:
        gc.unfreeze()


def test_a_name_that_is_no_text_can_be_printed(monkeypatch):
    written = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(written, "utf-8"))
    assert run_program("tool", lambda: print("bag \udcff") or 0, is_process=False) == 0
    assert written.getvalue() == b"bag \\udcff\n"


PROGRAM = """
import os, signal, sys, threading, time
from amdanet_ros.programs.program import run_program
from amdanet_ros.programs.signals import Stopped, StopSignals
from amdanet_ros.programs import exit_status
def body():
    {setup}
    # No event tells that the work has begun.
    threading.Timer(0.05, print, ("ready",), {{"flush": True}}).start()
    {work}
    return 0
sys.exit(run_program("tool", body, grace_s={grace}))
"""


@contextlib.contextmanager
def child(environment, work, setup="pass", grace=2.5):
    code = PROGRAM.format(work=work, setup=setup, grace=grace)
    pipes = dict.fromkeys(("stdin", "stdout", "stderr"), subprocess.PIPE)
    with subprocess.Popen(
        [sys.executable, "-c", code], env=environment, text=True, **pipes
    ) as process:
        try:
            yield process
        finally:
            process.kill()


CLOSES = "\n    ".join(
    (
        "try: time.sleep(60)",
        "finally: time.sleep(0.2); print('closed', flush=True)",
    )
)
SWALLOWS = "\n    ".join(
    ("class Bad:", "    def __del__(self): time.sleep(60)", "Bad()", "time.sleep(60)")
)
"""The exception is raised where Python can only print it; what follows is interrupted too."""
# A computation in C++, as of the network: the interpreter runs no handler meanwhile.
DEAF = "import hashlib; hashlib.pbkdf2_hmac('sha256', b'', b'', 2**31 - 1)"
NOTHING_ENDS_IT = "\n    ".join(
    (
        "threading.Thread(target=time.sleep, args=(60,)).start()",
        "try: time.sleep(60)",
        "except BaseException: time.sleep(60)",
    )
)


@pytest.mark.parametrize(
    ("number", "status", "words"),
    [(signal.SIGINT, 130, "interrupted"), (signal.SIGTERM, 143, "SIGTERM"),
     (signal.SIGHUP, 129, "SIGHUP")],
)  # fmt: skip
def test_a_signal_closes_what_is_open_and_gives_its_status(
    child_environment, number, status, words
):
    with child(child_environment, CLOSES) as process:
        assert process.stdout.readline() == "ready\n"
        process.send_signal(number)
        process.send_signal(signal.SIGTERM)  # a second one interrupts nothing
        out, err = process.communicate(timeout=30)
    assert (process.returncode, out) == (status, "closed\n")
    assert err.count("\n") == 1 and words in err


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_no_signal_is_left_for_the_handlers_of_before(number):
    """The watching thread passes a signal on, maybe as late as when the block is being left."""
    late = []
    before = signal.signal(number, lambda *_: late.append(number))
    try:
        for _ in range(150):
            with contextlib.suppress(Stopped), StopSignals(int, grace_s=30.0, stays=False):
                signal.raise_signal(number)
        assert late == []
        assert callable(signal.getsignal(number))
    finally:
        signal.signal(number, before)


@pytest.mark.alone
@pytest.mark.parametrize("work", [SWALLOWS, DEAF, NOTHING_ENDS_IT])
def test_a_program_that_does_not_listen_is_ended_in_bounded_time(child_environment, work):
    with child(child_environment, work, grace=0.3) as process:
        assert process.stdout.readline() == "ready\n"
        begun = time.monotonic()
        process.send_signal(signal.SIGTERM)
        _, err = process.communicate(timeout=30)
    assert process.returncode == 143
    assert time.monotonic() - begun < 3.0
    assert "Traceback" not in err


def test_children_of_a_program_that_is_ended_do_not_stay(child_environment):
    setup = (
        "import subprocess; started = subprocess.Popen(['sleep', '60']).pid; "
        "forked = os.fork(); forked or time.sleep(60); print(started, forked, flush=True)"
    )
    with child(child_environment, DEAF, setup, grace=0.2) as process:
        children = [int(word) for word in process.stdout.readline().split()]
        assert process.stdout.readline() == "ready\n"
        process.send_signal(signal.SIGHUP)
        assert process.wait(30) == 129
        # All that is left of them are zombies, where this machine's first process reaps none.
        end = time.monotonic() + 10
        while any(map(runs, children)) and time.monotonic() < end:
            time.sleep(0.01)
        assert not any(map(runs, children))


def runs(number):
    with contextlib.suppress(OSError), open(f"/proc/{number}/stat") as stat:
        return stat.read().rpartition(")")[2].split()[0] != "Z"
    return False


def test_nohup_keeps_a_program_running(child_environment):
    environment = {**child_environment}
    code = PROGRAM.format(setup="pass", work="sys.stdin.readline()", grace=1)
    with subprocess.Popen(
        ["nohup", sys.executable, "-c", code],
        env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    ) as process:  # fmt: skip
        assert process.stdout.readline() == "ready\n"
        process.send_signal(signal.SIGHUP)
        process.communicate("go on\n", timeout=30)
    assert process.returncode == 0


def test_a_reader_that_goes_ends_it_quietly(child_environment):
    with child(child_environment, "sys.stdin.readline(); print('x' * 100000)") as process:
        assert process.stdout.readline() == "ready\n"
        process.stdout.close()
        process.stdin.write("go on\n")
        process.stdin.flush()
        assert process.stderr.read() == ""
        process.wait(30)
    assert process.returncode == exit_status.OUTPUT_CLOSED


@pytest.mark.parametrize("unbuffered", ["", "1"])
def test_a_full_disk_below_the_output_is_one_line(child_environment, unbuffered):
    code = (
        "import sys; from amdanet_ros.programs.program import run_program; "
        "sys.exit(run_program('tool', lambda: print('x') or 0))"
    )
    with open("/dev/full", "w") as full:
        ended = subprocess.run(
            [sys.executable, "-c", code],
            env={**child_environment, "PYTHONUNBUFFERED": unbuffered},
            stdout=full, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip
    assert ended.returncode == 2
    assert ended.stderr.count("\n") == 1 and "disk is full" in ended.stderr


@pytest.mark.parametrize("closed", [(2,), (1, 2), (0, 1, 2)])
def test_a_stream_that_was_closed_takes_nothing_from_files(tmp_path, closed):
    code = """
import os, sys
from amdanet_ros.programs.program import run_program

def body():
    with open("file", "w") as file:
        os.write(2, b"said by a library")
        print("said", file=sys.stderr)
        print("said")
        sys.stdin.read()
        file.write("whole")
    return 7

sys.exit(run_program("tool", body))
"""
    closing = "import os; [os.close(each) for each in %r]; os.execv(%r, [%r, '-c', %r])"
    words = closing % (closed, sys.executable, sys.executable, code)
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    child = subprocess.run([sys.executable, "-c", words], cwd=tmp_path, env=environment)
    assert child.returncode == 7
    assert (tmp_path / "file").read_text() == "whole"


def test_a_current_folder_that_is_gone_is_said(tmp_path, monkeypatch, capsys):
    (tmp_path / "gone").mkdir()
    monkeypatch.chdir(tmp_path / "gone")
    (tmp_path / "gone").rmdir()
    assert run_program("tool", lambda: pytest.fail("starts"), is_process=False) == 2
    assert "the current folder is gone" in capsys.readouterr().err
