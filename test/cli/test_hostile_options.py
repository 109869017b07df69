"""Numbers and paths that no command can use: a line and status 2 from each of them."""

import argparse
from pathlib import Path

import pytest

from amdanet_ros.bags.errors import BagError
from amdanet_ros.bags.recording_options import read_recording_options
from amdanet_ros.cli.main import COMMANDS, main, parser

NUMBERS = ("nan", "inf", "-1", "9" * 30, "x")
REQUIRED = {
    "demo": [],
    "fleet": ["in", "out"],
    "fuse": ["in", "-o", "out"],
    "play": ["bag"],
    "record": ["/a", "-o", "bag"],
    "register": ["bag", "-o", "rig.yaml"],
    "calibrate": ["bag", "--board", "8x6", "--square", "0.04", "-o", "rig"],
    "extract": ["bag", "-o", "set"],
    "convert": ["mfnet", "in", "out"],
    "train": ["config.yaml", "--out", "run"],
    "evaluate": ["demo", "--synthetic", "1:1"],
    "reproduce": ["tab1", "--out", "out"],
    "export": ["demo", "-o", "a.onnx"],
    "benchmark": ["demo"],
    "label": ["demo", "in", "--out", "out"],
    "info": [],
    "view": ["in"],
}


def numeric_options(command):
    top = parser(command)
    commands = next(each for each in top._actions if isinstance(each, argparse._SubParsersAction))
    for action in commands.choices[command]._actions:
        is_number = action.type in (int, float) or getattr(action.type, "__name__", "") == "number"
        if is_number and action.option_strings:
            count = action.nargs if isinstance(action.nargs, int) else 1
            yield action.option_strings[-1], count


OPTIONS = [(c, *found) for c in COMMANDS for found in numeric_options(c)]


@pytest.fixture
def run(tmp_path, monkeypatch, capsys):
    """A function that runs a command in an empty folder; it returns what the command says."""
    monkeypatch.chdir(tmp_path)

    def call(*arguments):
        try:
            status = main(list(arguments))
        except SystemExit as stop:
            status = stop.code
        said = capsys.readouterr().err
        assert status == 2, (arguments, said)
        assert said.count("\n") == 1 and said.startswith("amdanet"), (arguments, said)
        assert len(said) < 700
        return said

    return call


@pytest.mark.parametrize(("command", "option", "count"), OPTIONS)
def test_a_number_that_is_none_is_one_line(run, tmp_path, command, option, count):
    for number in NUMBERS:
        if (command, option, number) == ("play", "--duration", "inf"):
            continue  # to the end of the bag
        run(command, *REQUIRED[command], option, *[number] * count)
        assert not list(tmp_path.iterdir())


def test_many_numeric_options_are_known():
    assert len(OPTIONS) > 20
    assert set(REQUIRED) >= set(COMMANDS)


PLACES = ("", "absent/deep", "n" * 300, "~nouser/x", "\udcff", "a\nb", "/dev/null", ".")
READS = [
    ("play", "PLACE"),
    ("info", "PLACE"),
    ("fuse", "PLACE", "-o", "out"),
    ("fuse", "PLACE", "PLACE", "-o", "out"),
    ("register", "PLACE", "-o", "rig.yaml"),
    ("calibrate", "PLACE", "--board", "8x6", "--square", "0.04", "-o", "rig"),
    ("extract", "PLACE", "-o", "set"),
    ("train", "PLACE", "--out", "run"),
    ("evaluate", "PLACE", "--synthetic", "1:1"),
    ("convert", "mfnet", "PLACE", "out"),
    ("benchmark", "PLACE"),
    ("export", "PLACE", "-o", "a.onnx"),
    ("demo", "--params-file", "PLACE"),
    ("view", "PLACE"),
    ("view", "PLACE", "PLACE"),
    ("view", "--address", "PLACE"),
]


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("words", READS, ids=" ".join)
def test_an_input_that_cannot_be_read_is_one_line(run, tmp_path, words, place, domain_id):
    said = run(*(place if each == "PLACE" else each for each in words))
    assert "a fault of" not in said
    left = {each.name for each in tmp_path.iterdir()} - {"demo_output"}
    assert not left


@pytest.mark.parametrize("place", ["/dev/null/x", "n" * 300, "/proc/x", "FILE", "FILE/x"])
@pytest.mark.parametrize(
    "words", [("demo", "--duration", "1", "-o", "PLACE"), ("record", "/a", "-o", "PLACE")],
    ids=" ".join,
)  # fmt: skip
def test_an_output_that_cannot_be_written_is_one_line(run, tmp_path, words, place, domain_id):
    Path("file").write_text("kept")
    place = place.replace("FILE", str(tmp_path / "file"))
    said = run(*(place if each == "PLACE" else each for each in words))
    assert "a fault of" not in said
    assert Path("file").read_text() == "kept"


@pytest.mark.parametrize("name", ["a b", "/a//b", "/a/", "", "/1a", "a\nb", "~x", "/\u00e9"])
def test_a_name_that_no_topic_can_have_is_named_before_a_recording_begins(name):
    with pytest.raises(BagError) as refused:
        read_recording_options(argparse.Namespace(topics=["/a", name], all=False))
    assert repr(name) in str(refused.value)


def test_names_that_topics_can_have_are_recorded():
    names = ["/a", "a_1", "~/x", "/fused/image_raw/compressed", "{node}/b"]
    given = argparse.Namespace(topics=names, all=False, output="bag", storage="mcap")
    assert read_recording_options(given).topics == tuple(names)


@pytest.mark.parametrize("scenes", ["1:0", "1:99999999999", "9" * 30 + ":1", "\u0661:1"])
def test_a_number_of_scenes_that_never_ends_is_refused(run, checkpoint, scenes):
    assert "--synthetic" in run("evaluate", str(checkpoint), "--synthetic", scenes)


def test_the_demo_leaves_folders_of_others_alone(run, tmp_path):
    for name in ("recording", "output_bag"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "mine.txt").write_text("mine")
    run("demo", "--duration", "1", "-o", str(tmp_path))
    assert (tmp_path / "recording" / "mine.txt").exists()
    assert (tmp_path / "output_bag" / "mine.txt").exists()
