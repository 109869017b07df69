"""The cameras' drivers: started as told where they exist, named with their package where not."""

import pytest
import yaml

pytest.importorskip("launch.actions")  # the project's folder launch/ is no such package
pytest.importorskip("launch_ros.actions")

from launch.launch_description_sources.python_launch_file_utilities import (
    load_python_launch_file_as_module,
)

CAMERAS = "cameras.launch.py"
DRIVER = """
import rclpy
from sensor_msgs.msg import CameraInfo, Image

rclpy.init()
node = rclpy.create_node("driver", automatically_declare_parameters_from_overrides=True)
node.create_publisher(Image, "{private}image_raw", 5)
node.create_publisher(CameraInfo, "{private}camera_info", 5)
print("PARAMETERS", {{n: p.value for n, p in node._parameters.items()}}, flush=True)
rclpy.spin(node)
"""


@pytest.fixture
def install_driver(install_program):
    """A function that installs a driver which publishes under names that begin with ``private``."""

    def install(package, executable, private=""):
        install_program(package, executable, DRIVER.format(private=private))

    return install


@pytest.mark.parametrize(
    ("choice", "package"),
    [
        ({"rgb_driver": "usb_cam"}, "usb_cam"),
        ({"rgb_driver": "v4l2_camera"}, "v4l2_camera"),
        ({"thermal_camera": "boson"}, "usb_cam"),
        ({"thermal_camera": "lepton"}, "usb_cam"),
        ({"thermal_camera": "lepton_8bit"}, "v4l2_camera"),
        ({"thermal_camera": "spinnaker"}, "spinnaker_camera_driver"),
    ],
)
def test_a_missing_driver_is_named_with_the_package_to_install(
    run_launch, include, capfd, monkeypatch, choice, package
):
    monkeypatch.setenv("ROS_DISTRO", "jazzy")
    arguments = {"rgb_driver": "none", "thermal_camera": "none", **choice}
    assert run_launch([include(CAMERAS, **arguments)]) == 1
    told = "".join(capfd.readouterr())
    debian = "ros-jazzy-" + package.replace("_", "-")
    assert f"the ROS package {package} is not installed: sudo apt install {debian}" in told
    assert f"{next(iter(choice))}:=" in told
    assert "Traceback" not in told


def test_a_custom_driver_must_be_named(run_launch, include, capfd):
    assert run_launch([include(CAMERAS, rgb_driver="none", thermal_camera="custom")]) == 1
    assert "needs thermal_package and thermal_executable" in "".join(capfd.readouterr())


def test_an_executable_that_a_package_lacks_is_told_beside_those_it_has(
    run_launch, include, capfd, install_driver
):
    install_driver("my_camera", "my_node")
    arguments = {"thermal_camera": "custom", "thermal_package": "my_camera"}
    told_to = include(CAMERAS, rgb_driver="none", thermal_executable="other", **arguments)
    assert run_launch([told_to]) == 1
    told = "".join(capfd.readouterr())
    assert "my_camera has no executable other (it has: my_node)" in told


def test_drivers_publish_where_the_node_listens_whatever_names_they_use(
    run_launch, include, ear, capfd, install_driver
):
    install_driver("usb_cam", "usb_cam_node_exe")
    install_driver("spinnaker_camera_driver", "camera_driver_node", private="~/")
    topics = {f"/front/{s}/{t}" for s in ("rgb", "thermal") for t in ("image_raw", "camera_info")}

    def script():
        ear.until(lambda: topics <= {name for name, _ in ear.node.get_topic_names_and_types()})

    cameras = include(
        CAMERAS,
        namespace="front",
        thermal_camera="spinnaker",
        thermal_device="01234567",
        rgb_device="/dev/video7",
        rgb_frame_id="left",
    )
    assert run_launch([cameras], script) == 0
    told = "".join(capfd.readouterr())
    assert "'serial_number': '01234567'" in told
    assert "spinnaker_features.yaml" in told
    assert "'video_device': '/dev/video7'" in told
    assert "'frame_id': 'left'" in told


def test_each_known_driver_has_its_parameter_file(project):
    module = load_python_launch_file_as_module(str(project / "launch" / CAMERAS))
    for choices, stream in ((module.RGB_DRIVERS, "rgb"), (module.THERMAL_CAMERAS, "thermal")):
        for driver in choices.values():
            path = project / "config" / "cameras" / driver.params_file
            parameters = yaml.safe_load(path.read_text())["/**"]["ros__parameters"]
            assert driver.device_parameter in parameters
            frame = "camera_frame_id" if driver.package == "v4l2_camera" else "frame_id"
            assert parameters[frame] == f"{stream}_optical_frame", path.name
