"""Standard output or error that takes no more is named as such, and costs no result."""

import os
import sys

import numpy as np
import pytest

from amdanet_ros.cli.main import main
from amdanet_ros.images.png_output import write_png
from amdanet_ros.programs import exit_status
from amdanet_ros.programs.errors import ProgramError
from amdanet_ros.programs.program import run_program

FULL = "standard output cannot be written: the disk is full"


@pytest.fixture
def lead(monkeypatch):
    """A function that has standard streams of this process lead to files."""
    opened = []

    def place(path, *names):
        for name in names:
            opened.append(open(path, "w", buffering=1))  # noqa: SIM115
            monkeypatch.setattr(sys, name, opened[-1])

    yield place
    for each in opened:
        each.close()


def run(body):
    return run_program("tool", body, is_process=False)


def works_and_prints(done):
    def body():
        print("begins", flush=True)
        print("goes on", file=sys.stderr, flush=True)
        done.append(1)
        print("is done", flush=True)
        return 0

    return body


def test_a_full_output_is_said_once_and_the_work_is_done(lead, capsys):
    lead("/dev/full", "stdout")
    done = []
    assert run(works_and_prints(done)) == exit_status.MISTAKE
    said = capsys.readouterr().err.splitlines()
    assert done and sorted(said) == sorted(
        [f"tool: {FULL}: free some space, or choose another place", "goes on"]
    )


def test_a_full_error_stream_is_said_on_the_output(lead, capsys):
    lead("/dev/full", "stderr")
    done = []
    assert run(works_and_prints(done)) == exit_status.MISTAKE
    said = capsys.readouterr().out.splitlines()
    assert done and said[0] == "begins" and said[-1] == "is done"
    assert said[1].startswith("tool: standard error cannot be written: the disk is full")


def test_where_both_are_full_the_status_says_it(lead):
    lead("/dev/full", "stdout", "stderr")
    done = []
    assert run(works_and_prints(done)) == exit_status.MISTAKE and done


def test_a_reader_that_has_gone_ends_no_work_and_is_not_mentioned(monkeypatch, capsys):
    reading, writing = os.pipe()
    os.close(reading)
    done = []
    with open(writing, "w", buffering=1) as pipe:
        monkeypatch.setattr(sys, "stdout", pipe)
        assert run(works_and_prints(done)) == exit_status.OUTPUT_CLOSED
    assert done and capsys.readouterr().err == "goes on\n"


def test_a_mistake_is_still_said_after_a_full_output(lead, capsys):
    def body():
        print("begins", flush=True)
        raise ProgramError("bag does not exist")

    lead("/dev/full", "stdout")
    assert run(body) == exit_status.MISTAKE
    said = capsys.readouterr().err.splitlines()
    assert len(said) == 2 and FULL in said[0] and said[1] == "tool: bag does not exist"


def test_the_streams_are_as_before_afterwards(lead):
    before = sys.stdout, sys.stderr
    assert run(lambda: print("said") or 0) == 0
    assert (sys.stdout, sys.stderr) == before


@pytest.mark.parametrize("words", [["--version"], ["fuse", "--help"]])
def test_commands_that_only_print_say_it_too(lead, capsys, words):
    lead("/dev/full", "stdout")
    assert main(words) == exit_status.MISTAKE
    said = capsys.readouterr().err
    assert FULL in said and said.count("\n") == 1


def fused(folder, bags, network):
    bags.write_pairs(folder / "bag", count=2)
    return ["fuse", folder / "bag", "-o", folder / "out", *network], "out/metadata.yaml"


def converted(folder, bags, _):
    noise = np.random.default_rng(0).integers(0, 9, (16, 16)).astype(np.uint8)
    for split in ("train", "test"):
        for kind in ("Visible", "Infrared", "Label"):
            (folder / "fmb" / split / kind).mkdir(parents=True)
            write_png(folder / "fmb" / split / kind / "a.png", noise)
    return ["convert", "fmb", folder / "fmb", folder / "out"], "out/Label/train_a.png"


def described(folder, bags, _):
    bags.write_pairs(folder / "bag", count=2)
    return ["info", folder / "bag"], "bag/metadata.yaml"


@pytest.mark.parametrize("command", [fused, converted, described])
def test_results_are_whole_where_nothing_can_be_printed(
    lead, capsys, tmp_path, bags, network_options, command
):
    words, result = command(tmp_path, bags, network_options)
    lead("/dev/full", "stdout")
    assert main([str(each) for each in words]) == exit_status.MISTAKE
    told = capsys.readouterr().err
    said = [each for each in told.splitlines() if "cannot be written" in each]
    assert told and said == [f"amdanet: {FULL}: free some space, or choose another place"]
    assert (tmp_path / result).is_file(), sorted(tmp_path.rglob("*"))
