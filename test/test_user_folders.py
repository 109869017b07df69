"""Paths in home folders: what they stand for, and one line where there is no such home."""

import argparse
import pwd
from pathlib import Path

import pytest

from amdanet_ros import user_folders
from amdanet_ros.class_table_file import ClassTableError, class_table_of
from amdanet_ros.cli.evaluated_pairs import evaluated_pairs
from amdanet_ros.fleet.bag_list import listed
from amdanet_ros.fleet.set_search import SetSearch
from amdanet_ros.inference.onnx_model import OnnxModel, OnnxModelError
from amdanet_ros.network.checkpoint import CheckpointError, load_checkpoint
from amdanet_ros.programs.program import run_program
from amdanet_ros.registration.camera_info_file import CameraInfoFileError, read_camera_info_file
from amdanet_ros.training import synthetic_scenes
from amdanet_ros.training.image_lists import data_folder
from amdanet_ros.training.labelled_pair import DataError
from amdanet_ros.training.synthetic_scenes import default_cache
from amdanet_ros.user_folders import NoHomeError, expanded


@pytest.fixture
def homeless(monkeypatch):
    """A user without HOME, whom the system does not know: ``docker run --user 12345``."""

    def unknown(*_):
        raise KeyError("uid not found")

    monkeypatch.delenv("HOME", raising=False)
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    monkeypatch.setattr(pwd, "getpwuid", unknown)


def test_a_home_is_put_in_and_other_paths_stay(monkeypatch):
    monkeypatch.setenv("HOME", "/h")
    assert expanded("~/a") == Path("/h/a")
    assert expanded("a/~b") == Path("a/~b")
    assert expanded("") == Path()


@pytest.mark.parametrize(
    ("error", "read"),
    [
        (NoHomeError, expanded),
        (ClassTableError, class_table_of),
        (OnnxModelError, OnnxModel),
        (CheckpointError, load_checkpoint),
        (CameraInfoFileError, read_camera_info_file),
        (DataError, data_folder),
    ],
)
def test_who_reads_a_file_names_the_path_and_what_to_give(homeless, error, read):
    with pytest.raises(error, match=r"~nobody_here/a.yaml .* does not exist: give the whole path$"):
        read("~nobody_here/a.yaml")
    with pytest.raises(error, match=r"~/a.yaml .* has none: set HOME, or give the whole path$"):
        read("~/a.yaml")


def test_scenes_without_a_home_name_what_to_set(homeless):
    with pytest.raises(NoHomeError, match="scenes .* set HOME"):
        default_cache()


@pytest.mark.parametrize(
    ("environment", "folder"),
    [
        ({"XDG_CACHE_HOME": "/c", "HOME": "/h"}, "/c/amdanet_ros/scenes"),
        ({"XDG_CACHE_HOME": "relative", "HOME": "/h"}, "/h/.cache/amdanet_ros/scenes"),
        ({"XDG_CACHE_HOME": "/c"}, "/c/amdanet_ros/scenes"),
        ({"HOME": ""}, "set HOME or XDG_CACHE_HOME to a whole path"),
    ],
)
def test_scenes_are_kept_where_all_caches_are(homeless, monkeypatch, environment, folder):
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    try:
        assert str(default_cache()) == folder
    except NoHomeError as error:
        assert str(error).endswith(folder)


def test_an_evaluation_keeps_its_scenes_at_home_where_its_cache_is_there(monkeypatch):
    monkeypatch.setenv("HOME", "/h")
    monkeypatch.setattr(synthetic_scenes, "SyntheticScenes", lambda *given: given)
    arguments = argparse.Namespace(data=None, synthetic="5:1", cache="~/drawn", size=(32, 32))
    assert evaluated_pairs(arguments, None)[-1] == Path("/h/drawn")


def test_lines_of_a_list_of_bags_may_begin_at_home(monkeypatch, tmp_path):
    monkeypatch.setenv("HOME", "/h")
    file = tmp_path / "bags.txt"
    file.write_text("~/a.bag\n~nobody_here/b.bag\n~/rgb.mp4\tname\t~/thermal.mp4\n")
    found = [(each.path, each.thermal) for each in listed(file, SetSearch(tmp_path, "test"))]
    assert found == [
        ("/h/a.bag", None),
        (f"{tmp_path}/~nobody_here/b.bag", None),  # told as missing, with the other results
        ("/h/rgb.mp4", "/h/thermal.mp4"),
    ]


def test_a_program_says_the_path_in_one_line(homeless, capsys):
    def body():
        return expanded("~nobody_here/set")

    assert run_program("amdanet", body, is_process=False) == 2
    assert capsys.readouterr().err.startswith("amdanet: ~nobody_here/set is in the home folder of")


def test_caches_of_a_user_without_a_home_are_not_kept(homeless, monkeypatch, tmp_path):
    assert user_folders.cache_folder("tensorrt") is None
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert user_folders.cache_folder("tensorrt") == tmp_path / "amdanet_ros/tensorrt"
