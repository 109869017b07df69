"""Files that are given as pipes are read, as often as needed, and never waited for without end."""

import os
import subprocess
import threading

import pytest

from amdanet_ros import piped_file
from amdanet_ros.class_table_file import ClassTableError, class_table_of
from amdanet_ros.cli.main import main
from amdanet_ros.params_file import ParameterFileError, kept_params_file, read_params_file

PARAMS = b"/**:\n  ros__parameters:\n    max_age: 2.0\n"


@pytest.fixture(autouse=True)
def impatient(monkeypatch):
    monkeypatch.setattr(piped_file, "WRITER_S", 0.05)
    monkeypatch.setattr(piped_file, "SILENT_S", 0.15)


@pytest.fixture
def fifo(tmp_path):
    os.mkfifo(tmp_path / "rig.yaml")
    return tmp_path / "rig.yaml"


@pytest.fixture
def shell_pipe():
    """A function that gives the path of a pipe to read from, as a shell's <(...) does."""
    opened = []

    def make(content):
        reading, writing = os.pipe()
        os.write(writing, content)
        os.close(writing)
        opened.append(reading)
        return f"/dev/fd/{reading}"

    yield make
    for each in opened:
        os.close(each)


@pytest.mark.parametrize(
    "words",
    [
        ["fuse", "bag", "-o", "out"],
        ["extract", "bag", "-o", "out"],
        ["fleet", "bags", "out"],
        ["view", "bag"],
        ["demo", "-o", "out"],
    ],
)
def test_a_pipe_to_which_nobody_writes_is_one_line(fifo, capsys, words, monkeypatch):
    monkeypatch.setattr("amdanet_ros.cli.main._OF_ROS", set())
    assert main([*words, "--params-file", str(fifo)]) == 2
    said = capsys.readouterr().err
    assert said.count("\n") == 1 and f"{fifo} cannot be read: nobody writes to this pipe" in said


def test_who_opens_a_pipe_and_writes_nothing_is_not_waited_for_without_end(fifo):
    writer = os.open(fifo, os.O_RDWR)
    try:
        with pytest.raises(ParameterFileError, match="nothing comes from this pipe"):
            read_params_file(fifo)
    finally:
        os.close(writer)


def test_what_is_written_piece_by_piece_is_read_whole(fifo, monkeypatch):
    monkeypatch.setattr(piped_file, "WRITER_S", 30.0)
    monkeypatch.setattr(piped_file, "SILENT_S", 30.0)

    def write():
        with fifo.open("wb", buffering=0) as pipe:
            for place in range(0, len(PARAMS), 10):
                pipe.write(PARAMS[place : place + 10])

    writer = threading.Thread(target=write)
    writer.start()
    assert read_params_file(fifo) == {"max_age": 2.0}
    writer.join()


def test_a_shells_pipe_can_be_read_again_and_by_children(shell_pipe):
    kept = kept_params_file(shell_pipe(PARAMS))
    assert read_params_file(kept) == read_params_file(kept) == {"max_age": 2.0}
    assert subprocess.run(["cat", kept], capture_output=True).stdout == PARAMS


@pytest.mark.parametrize("content", [b"", b"- 1\n", PARAMS + b"    max_agee: 1.0\n"])
def test_a_pipe_without_parameters_is_refused_at_once_by_its_name(shell_pipe, content, capsys):
    pipe = shell_pipe(content)
    assert main(["fuse", "bag", "-o", "out", "--params-file", pipe]) == 2
    said = capsys.readouterr().err
    assert said.count("\n") == 1 and said.startswith(f"amdanet: {pipe}")


def test_a_fleet_reads_a_shells_pipe(shell_pipe, bags, tmp_path, network_options, capsys):
    bags.write_pairs(tmp_path / "bags" / "one", count=2)
    words = ["fleet", str(tmp_path / "bags"), str(tmp_path / "out"), "--dry-run"]
    assert main([*words, *network_options, "--params-file", shell_pipe(PARAMS)]) == 0
    assert "1 to do" in capsys.readouterr().out


def test_a_node_reads_a_shells_pipe(shell_pipe):
    pytest.importorskip("rclpy")
    from amdanet_ros.ros.ros_arguments import params_files, split_ros_arguments

    given = ["--ros-args", "--params-file", shell_pipe(PARAMS), "-p", "max_age:=1.0"]
    _, ros = split_ros_arguments(given)
    (file,) = params_files(ros)
    assert [len(ros), ros[3:]] == [5, given[3:]]
    assert read_params_file(file) == read_params_file(file) == {"max_age": 2.0}


def test_a_node_does_not_wait_for_a_pipe_without_end(fifo):
    pytest.importorskip("rclpy")
    from amdanet_ros.programs.errors import ProgramError
    from amdanet_ros.ros.ros_arguments import split_ros_arguments

    with pytest.raises(ProgramError, match=r"rig\.yaml cannot be read: nobody writes"):
        split_ros_arguments(["--ros-args", "--params-file", str(fifo)])


def test_a_class_table_is_no_pipe(fifo):
    """It is read several times, in several processes."""
    with pytest.raises(ClassTableError, match="is a pipe or a device: give a YAML file"):
        class_table_of(fifo)
