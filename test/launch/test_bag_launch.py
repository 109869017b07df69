"""Recordings through the node: the bag's, the demo's, and RViz beside them."""

import os

import pytest

pytest.importorskip("launch.actions")  # the project's folder launch/ is no such package
pytest.importorskip("launch_ros.actions")

ECHO = "import sys\nprint('CALLED', ' '.join(sys.argv[1:]), flush=True)\n"


@pytest.fixture(scope="module")
def bag(tmp_path_factory):
    """A bag of two seconds of small images."""
    from amdanet_ros.demo.recording import make_recording
    from amdanet_ros.synthetic.recording import StreetRecording

    settings = StreetRecording(
        duration=2.0, size=(64, 96), thermal_size=(48, 64), conditions=("day", "night")
    )
    return make_recording(tmp_path_factory.mktemp("recording") / "small", settings).bag


def test_a_looping_bag_comes_out_fused_on_its_own_time(run_launch, include, ear, bag, params_file):
    from sensor_msgs.msg import Image

    from amdanet_ros.messages.stamps import nanoseconds

    def script():
        ear.listen("/front/fused/image_raw", Image)
        ear.until(lambda: "/front/fused/image_raw" in ear.messages)
        seconds = ear.messages["/front/fused/image_raw"].header.stamp.sec
        assert seconds < ear.node.get_clock().now().nanoseconds // 10**9 - 10**6
        last = [0]

        def went_back():
            stamp = ear.messages["/front/fused/image_raw"].header.stamp
            before, last[0] = last[0], nanoseconds(stamp)
            return last[0] < before

        ear.until(went_back)
        laps = "Laps (jumps of the stamps, plus one)"  # /clock may jump before the stamps
        ear.until(lambda: int(ear.value("front/amdanet", "pairing", laps)) >= 3)
        assert ear.problems("front/amdanet", "node") == "active"

    bag_launch = include(
        "bag.launch.py", bag=bag, player="amdanet", namespace="front", params_file=params_file
    )
    assert run_launch([bag_launch], script) == 0


NODE = """
import sys, rclpy
from rclpy.clock import Clock, ClockType
from rclpy.executors import ExternalShutdownException
from rclpy.lifecycle import LifecycleNode

print("TERMINAL", sys.stdout.isatty(), flush=True)
rclpy.init()
node = LifecycleNode("amdanet")
def activate():
    if node.count_subscribers("amdanet/transition_event") and not done:
        node.trigger_configure()
        node.trigger_activate()
        print("IS ACTIVE", flush=True)
        done.append(True)
done = []
node.create_timer(0.01, activate, clock=Clock(clock_type=ClockType.STEADY_TIME))
try:
    rclpy.spin(node)
except (ExternalShutdownException, KeyboardInterrupt):
    pass
"""
"""A lifecycle node that becomes active once somebody hears that."""


def test_rosbag2_plays_when_the_node_is_active(
    run_launch, include, capfd, install_program, monkeypatch, ear
):
    install_program("amdanet_ros", "amdanet_node", NODE)
    ros2 = install_program("ros2bag", "ros2", f"{ECHO}open(__file__ + '.done', 'w').close()\n")
    monkeypatch.setenv("PATH", f"{ros2.parent}{os.pathsep}{os.environ['PATH']}")
    played = include("bag.launch.py", bag="my_bag", namespace="front", loop="false")
    done = ros2.with_name("ros2.done")
    assert run_launch([played], lambda: ear.until(done.is_file)) == 0
    told = "".join(capfd.readouterr())
    assert told.index("IS ACTIVE") < told.index("CALLED bag play my_bag")
    assert "plays all the same" not in told
    assert "TERMINAL False" in told  # else colours would be in a log that is redirected
    assert "\x1b" not in told


def test_the_demo_makes_its_bag_and_plays_it(run_launch, include, ear, tmp_path, params_file):
    from sensor_msgs.msg import Image

    def script():
        ear.listen("/segmentation/overlay", Image)
        ear.until(lambda: "/segmentation/overlay" in ear.messages)

    demo = include("demo.launch.py", folder=tmp_path, duration=1.0, params_file=params_file)
    assert run_launch([demo], script) == 0
    assert (tmp_path / "recording" / "labels").is_dir()


def test_the_demo_does_not_replace_a_folder_of_something_else(run_launch, include, capfd, tmp_path):
    (tmp_path / "recording").mkdir()
    kept = tmp_path / "recording" / "thesis.txt"
    kept.write_text("years of work")
    assert run_launch([include("demo.launch.py", folder=tmp_path)]) == 1
    assert kept.read_text() == "years of work"
    told = "".join(capfd.readouterr())
    assert "is not a recording of the demo" in told
    assert "bag could not be made" in told


def test_rosbag2_is_asked_for_what_the_arguments_say(
    run_launch, include, capfd, install_program, monkeypatch
):
    program = install_program("ros2bag", "ros2", ECHO)
    monkeypatch.setenv("PATH", f"{program.parent}{os.pathsep}{os.environ['PATH']}")
    played = include(
        "bag.launch.py",
        bag="my_bag",
        node="false",
        namespace="front",
        rgb_topic="/cam/image",
        rate=0.5,
        clock_rate=50,
    )
    assert run_launch([played]) == 0
    called = "".join(capfd.readouterr())
    assert "CALLED bag play my_bag --rate 0.5 --start-offset 0 --clock 50 --remap " in called
    for remap in (
        "/cam/image:=/front/rgb/image_raw",
        "/cam/image/compressed:=/front/rgb/image_raw/compressed",
        "/rgb/camera_info:=/front/rgb/camera_info",
        "/thermal/image_raw:=/front/thermal/image_raw",
        "/thermal/camera_info:=/front/thermal/camera_info",
    ):
        assert f" {remap} " in called
    assert " --loop" in called


def test_missing_rosbag2_is_told_with_the_other_player(run_launch, include, capfd):
    ament = pytest.importorskip("ament_index_python.packages")
    if "ros2bag" in ament.get_packages_with_prefixes():
        pytest.skip("ros2bag is installed here")
    assert run_launch([include("bag.launch.py", bag="b", node="false")]) == 1
    told = "".join(capfd.readouterr())
    assert "ros2bag is not installed: sudo apt install ros-" in told
    assert "player:=amdanet" in told


@pytest.mark.parametrize(("name", "value"), [("rate", "fast"), ("rate", "0"), ("clock_rate", "0")])
def test_numbers_out_of_range_are_refused_by_name(run_launch, include, capfd, name, value):
    arguments = {"bag": "b", "player": "amdanet", "node": "false", name: value}
    assert run_launch([include("bag.launch.py", **arguments)]) == 1
    assert f"{name}:={value}: give a number of at least" in "".join(capfd.readouterr())


def test_rviz_starts_in_the_namespace_with_the_packages_configuration(
    run_launch, include, capfd, install_program, project
):
    install_program("rviz2", "rviz2", ECHO)
    assert run_launch([include("rviz.launch.py", namespace="front", use_sim_time="true")]) == 0
    called = "".join(capfd.readouterr())
    assert f"-d {project / 'config' / 'amdanet.rviz'}" in called
    assert "__ns:=/front" in called


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("rviz.launch.py", {"camera_frames": "true"}),
        ("bag.launch.py", {"bag": "b", "node": "false", "rviz": "true", "rviz_config": "{own}"}),
        ("cameras.launch.py", {"rgb_driver": "none", "thermal_camera": "none"}),
    ],
)
def test_the_frames_of_rviz_exist(
    run_launch, include, capfd, install_program, tmp_path, name, arguments
):
    own = tmp_path / "own.rviz"
    own.touch()
    for package, executable in (
        ("tf2_ros", "static_transform_publisher"),
        ("rviz2", "rviz2"),
        ("ros2bag", "ros2"),
    ):
        program = install_program(package, executable, ECHO)
        os.environ["PATH"] = f"{program.parent}{os.pathsep}{os.environ['PATH']}"
    arguments = {key: value.format(own=own) for key, value in arguments.items()}
    assert run_launch([include(name, **arguments)]) == 0
    called = "".join(capfd.readouterr())
    for stream in ("rgb", "thermal"):
        frames = f"--frame-id {stream}_link --child-frame-id {stream}_optical_frame"
        assert called.count(frames) == 1, called
    if "own" in arguments.get("rviz_config", ""):
        assert f"-d {own}" in called


def test_missing_rviz_is_told_with_its_package(run_launch, include, capfd):
    ament = pytest.importorskip("ament_index_python.packages")
    if "rviz2" in ament.get_packages_with_prefixes():
        pytest.skip("rviz2 is installed here")
    assert run_launch([include("rviz.launch.py")]) == 1
    assert "rviz2 is not installed: sudo apt install ros-" in "".join(capfd.readouterr())
