"""An output may lie in the folder of a bag's file that was named, with every command."""

import shutil

import pytest

from amdanet_ros.cli.main import main

BOARD = ("--board", "3x3", "--square", "0.04")
"""Soon not found."""


@pytest.fixture(params=[".bag", ".mcap"])
def file(request, tmp_path, bags):
    """A bag of one file, in a folder of its own."""
    place = tmp_path / "drives" / f"drive{request.param}"
    place.parent.mkdir()
    bags.write_pairs(tmp_path / "bag", count=2)
    if request.param == ".bag":
        return bags.write_as_ros1(tmp_path / "bag", place, "none")
    return shutil.copy(next((tmp_path / "bag").glob("*.mcap")), place)


@pytest.mark.parametrize(
    ("command", "options", "name", "later"),
    [
        ("register", (), "registration.yaml", "no common edges"),
        ("calibrate", BOARD, "rig", "board"),
        ("extract", (), "set", "a set needs 2"),
    ],
)
def test_what_ends_the_command_is_not_the_place(
    file, network_options, capsys, command, options, name, later
):
    network = network_options if command == "extract" else ()
    output = file.with_name(name)
    assert main([command, str(file), "-o", str(output), *options, *network]) == 2
    said = capsys.readouterr().err
    assert later in said and "lies in the recording" not in said, said
    assert [each.name for each in file.parent.iterdir()] == [file.name]


def test_fuse_writes_there(file, network_options):
    assert main(["fuse", str(file), "-o", str(file.with_name("fused")), *network_options]) == 0


@pytest.mark.parametrize("command", ["fuse", "extract"])
def test_a_folder_of_such_files_holds_no_output(file, network_options, capsys, command):
    output = file.with_name("out")
    assert main([command, str(file.parent), "-o", str(output), *network_options]) == 2
    assert "lies in the recording" in capsys.readouterr().err
    assert not output.exists()
