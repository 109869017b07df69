"""What every launch file of the package owes its users before anything is started."""

import re
from pathlib import Path

import pytest

pytest.importorskip("launch.actions")  # the project's folder launch/ is no such package
pytest.importorskip("launch_ros.actions")

from launch import LaunchContext
from launch.actions import DeclareLaunchArgument
from launch.launch_description_sources import AnyLaunchDescriptionSource
from launch.utilities import perform_substitutions

FOLDER = Path(__file__).resolve().parents[2] / "launch"
FILES = sorted(path.name for path in FOLDER.glob("*.launch.py"))


def arguments_of(name):
    source = AnyLaunchDescriptionSource(str(FOLDER / name))
    description = source.get_launch_description(LaunchContext())
    return {each.name: each for each in description.get_launch_arguments()}


def default_of(argument: DeclareLaunchArgument):
    return perform_substitutions(LaunchContext(), argument.default_value)


def test_the_launch_files_that_the_documentation_names_are_there():
    assert [
        f"{name}.launch.py"
        for name in ("amdanet", "bag", "cameras", "demo", "nav2_costmap", "rtabmap", "rviz", "view")
    ] == FILES


@pytest.mark.parametrize("name", FILES)
def test_every_argument_is_described(name):
    arguments = arguments_of(name)
    assert {"namespace", "dds_profile"} <= arguments.keys()
    for argument in arguments.values():
        assert argument.description not in ("", "no description given"), argument.name
        assert not argument.description.strip().endswith("."), argument.name


@pytest.mark.parametrize("name", FILES)
def test_show_args_lists_each_argument_with_its_description_and_default(name, capsys):
    """What `ros2 launch amdanet_ros NAME --show-args` prints."""
    ros2launch = pytest.importorskip("ros2launch.api")
    ros2launch.print_arguments_of_launch_file(launch_file_path=str(FOLDER / name))
    printed = capsys.readouterr().out
    blocks = dict(re.findall(r"^    '(\w+)':\n((?:        .*\n?)+)", printed, re.MULTILINE))
    assert blocks.keys() == arguments_of(name).keys()
    for argument in arguments_of(name).values():
        block = blocks[argument.name]
        assert argument.description.split(". Valid choices")[0] in block
        assert ("(default: " in block) == (argument.default_value is not None)
        assert len(block) < 500, f"{argument.name} takes too long to read"


@pytest.mark.parametrize("name", FILES)
def test_defaults_are_choices_and_default_files_exist(name):
    for argument in arguments_of(name).values():
        if argument.default_value is None:
            continue
        default = default_of(argument)
        if argument.choices:
            assert default in argument.choices, argument.name
        if default.startswith("/") and not argument.name.endswith("_topic"):
            assert Path(default).is_file(), argument.name


@pytest.mark.parametrize("name", FILES)
def test_switches_take_true_and_false_only(name):
    for argument in arguments_of(name).values():
        if argument.default_value is not None and default_of(argument) in ("true", "false"):
            assert argument.choices == ["true", "false"], argument.name


def test_only_the_bag_must_be_given():
    needed = {
        f"{name}:{argument.name}"
        for name in FILES
        for argument in arguments_of(name).values()
        if argument.default_value is None
    }
    assert needed == {"bag.launch.py:bag"}


def test_a_value_that_is_no_choice_is_refused(run_launch, include, capfd):
    assert run_launch([include("amdanet.launch.py", autostart="maybe")]) == 1
    assert "autostart" in "".join(capfd.readouterr())


def test_the_dds_profile_is_set_unless_the_user_has_one(run_launch, include, monkeypatch, project):
    import os

    ours = str(project / "config" / "fastdds_images.xml")
    from amdanet_ros.dds_profile import profile_variable

    both = ("FASTRTPS_DEFAULT_PROFILES_FILE", "FASTDDS_DEFAULT_PROFILES_FILE")

    def set_by(**arguments):
        run_launch(
            [include("cameras.launch.py", rgb_driver="none", thermal_camera="none", **arguments)]
        )
        return [os.environ.get(name) for name in both]

    for name in both:
        os.environ.pop(name, None)
    assert set_by(dds_profile="none") == [None, None]
    # The one that the installed Fast DDS reads, alone.
    assert set_by() == [ours if name == profile_variable() else None for name in both]
    other = next(name for name in both if name != profile_variable())
    os.environ[other] = "/mine.xml"
    del os.environ[profile_variable()]
    assert set_by() == ["/mine.xml", "/mine.xml"]
    assert set_by(dds_profile=ours) == [
        ours if name == profile_variable() else "/mine.xml" for name in both
    ]
