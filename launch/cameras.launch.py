"""Starts both cameras' drivers, which publish ``rgb/image_raw`` and ``thermal/image_raw``.

Each driver is chosen by an argument and has its parameter file in ``config/cameras/``.
"""

from dataclasses import dataclass

from launch import LaunchContext, LaunchDescription
from launch.actions import DeclareLaunchArgument, OpaqueFunction
from launch_ros.actions import Node
from launch_ros.parameter_descriptions import ParameterValue

from amdanet_ros.ros import launch_support as support


@dataclass(frozen=True)
class Driver:
    """A camera's driver: its package, executable, parameter file and parameter for the device."""

    package: str
    executable: str
    params_file: str
    device_parameter: str = "video_device"


USB_CAM = ("usb_cam", "usb_cam_node_exe")
V4L2_CAMERA = ("v4l2_camera", "v4l2_camera_node")
RGB_DRIVERS = {
    "usb_cam": Driver(*USB_CAM, "rgb_usb_cam.yaml"),
    "v4l2_camera": Driver(*V4L2_CAMERA, "rgb_v4l2_camera.yaml"),
}
THERMAL_CAMERAS = {
    "boson": Driver(*USB_CAM, "thermal_boson.yaml"),
    "lepton": Driver(*USB_CAM, "thermal_lepton.yaml"),
    "lepton_8bit": Driver(*V4L2_CAMERA, "thermal_lepton_8bit.yaml"),
    "spinnaker": Driver(
        "spinnaker_camera_driver", "camera_driver_node", "thermal_spinnaker.yaml", "serial_number"
    ),
}
OTHERS = ["custom", "none"]


def generate_launch_description() -> LaunchDescription:
    """Describe the choice of drivers and start them."""
    return LaunchDescription(
        [
            DeclareLaunchArgument(
                "namespace",
                default_value="",
                description="namespace of both cameras; they publish in rgb/ and thermal/ within",
            ),
            DeclareLaunchArgument(
                "rgb_driver",
                default_value="usb_cam",
                choices=[*RGB_DRIVERS, *OTHERS],
                description="driver of the RGB camera; custom: rgb_package and rgb_executable",
            ),
            DeclareLaunchArgument(
                "thermal_camera",
                default_value="boson",
                choices=[*THERMAL_CAMERAS, *OTHERS],
                description="thermal camera: boson (FLIR Boson on USB, 16 bit), lepton (Lepton on "
                "a PureThermal board, 16 bit), lepton_8bit (its AGC video), spinnaker (FLIR GigE "
                "cameras), custom (thermal_package and thermal_executable) or none",
            ),
            *_camera_arguments("rgb", "RGB"),
            *_camera_arguments("thermal", "thermal"),
            support.switch_argument("respawn", True, "whether to start a driver again if it dies"),
            DeclareLaunchArgument(
                "respawn_delay", default_value="2.0", description="seconds before it starts again"
            ),
            *support.dds_profile(),
            *support.camera_frames(True),
            OpaqueFunction(function=_drivers),
        ]
    )


def _camera_arguments(stream: str, words: str) -> list[DeclareLaunchArgument]:
    arguments = {
        "params_file": "parameters of its driver; empty: the one in config/cameras/, with custom "
        "none",
        "device": "device path (or serial number with spinnaker); empty: as the params file says",
        "frame_id": "frame of the images; empty: as the params file says",
        "package": "ROS package of a custom driver",
        "executable": "executable of a custom driver; it must publish image_raw or ~/image_raw",
    }
    return [
        DeclareLaunchArgument(
            f"{stream}_{name}", default_value="", description=f"{words} camera: {text}"
        )
        for name, text in arguments.items()
    ]


def _drivers(context: LaunchContext) -> list[Node]:
    nodes = []
    for stream, choice, drivers in (
        ("rgb", "rgb_driver", RGB_DRIVERS),
        ("thermal", "thermal_camera", THERMAL_CAMERAS),
    ):
        chosen = support.value(context, choice)
        if chosen != "none":
            nodes.append(_driver_node(context, stream, choice, drivers.get(chosen)))
    return nodes


def _driver_node(context: LaunchContext, stream: str, choice: str, known: Driver | None) -> Node:
    def given(name: str) -> str:
        return support.value(context, f"{stream}_{name}")

    package = known.package if known else given("package")
    executable = known.executable if known else given("executable")
    if not (package and executable):
        raise ValueError(
            f"{choice}:=custom needs {stream}_package and {stream}_executable: name the driver"
        )
    support.require_executable(
        package,
        executable,
        f"sudo apt install {support.apt_package(package)}, or choose another with {choice}:=...",
    )
    parameters = []
    if given("params_file"):
        parameters.append(support.existing_file(context, f"{stream}_params_file"))
    elif known:
        parameters.append(support.config_file(f"cameras/{known.params_file}"))
    device_parameter = known.device_parameter if known else "video_device"
    frame_parameter = "camera_frame_id" if package == "v4l2_camera" else "frame_id"
    for parameter, wanted in (
        (device_parameter, given("device")),
        (frame_parameter, given("frame_id")),
    ):
        if wanted:  # a string even where it looks like a number, as serial numbers do
            parameters.append({parameter: ParameterValue(wanted, value_type=str)})
    if package == "spinnaker_camera_driver":
        # It publishes the features that this file maps to parameters.
        features = support.config_file("cameras/spinnaker_features.yaml")
        parameters.append({"parameter_file": features})
    return Node(
        package=package,
        executable=executable,
        name="camera",
        namespace=support.in_namespace(support.value(context, "namespace"), stream),
        parameters=parameters,
        # Drivers publish either image_raw or ~/image_raw; the node wants the first.
        remappings=[("~/image_raw", "image_raw"), ("~/camera_info", "camera_info")],
        respawn=support.is_on(context, "respawn"),
        respawn_delay=support.number(context, "respawn_delay"),
        output="screen",
        emulate_tty=support.is_terminal(),
    )
