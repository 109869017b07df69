"""What the launch files share: DDS profile, camera frames, and clear words for what is missing."""

from __future__ import annotations

import math
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from ament_index_python.packages import PackageNotFoundError, get_package_prefix
from launch import LaunchContext
from launch.actions import (
    DeclareLaunchArgument,
    LogInfo,
    OpaqueFunction,
    SetEnvironmentVariable,
)
from launch.launch_description_entity import LaunchDescriptionEntity
from launch_ros.actions import Node

from ..dds_profile import VARIABLES, profile_variable
from ..regular_file import refusal
from ..resources import share_directory
from ..user_folders import expanded

OPTICAL = "_optical_frame"
"""Suffix of the frames of images (REP 103)."""


def config_file(name: str) -> str:
    """Return the path of a file in ``config/``."""
    return str(share_directory() / "config" / name)


def launch_file(name: str) -> str:
    """Return the path of a file in ``launch/``."""
    return str(share_directory() / "launch" / name)


def switch_argument(name: str, default: bool, description: str) -> DeclareLaunchArgument:
    """Declare an argument that is true or false."""
    return DeclareLaunchArgument(
        name,
        default_value="true" if default else "false",
        choices=["true", "false"],
        description=description,
    )


def rviz_config() -> DeclareLaunchArgument:
    """Declare ``rviz_config``."""
    return DeclareLaunchArgument(
        "rviz_config",
        default_value=config_file("amdanet.rviz"),
        description="RViz configuration; its topics are relative to the namespace",
    )


def value(context: LaunchContext, name: str) -> str:
    """Return an argument's value."""
    return context.launch_configurations[name]


def is_on(context: LaunchContext, name: str) -> bool:
    """Return whether a ``switch_argument`` is true."""
    return value(context, name) == "true"


def number(context: LaunchContext, name: str, lowest: float = 0.0) -> float:
    """Return an argument's number.

    Raises:
        ValueError: it is none, or below ``lowest``.
    """
    text = value(context, name)
    try:
        parsed = float(text)
    except ValueError:
        parsed = float("nan")
    if not parsed >= lowest:
        raise ValueError(f"{name}:={text}: give a number of at least {lowest:g}")
    return parsed


def existing_file(context: LaunchContext, name: str) -> str:
    """Return an argument's file, with ~ expanded.

    Raises:
        FileNotFoundError: there is none.
    """
    path = expanded(value(context, name))
    if words := refusal(path, "a file"):
        raise FileNotFoundError(f"{name}:={value(context, name)} {words}")
    if not path.is_file():
        raise FileNotFoundError(f"{name}:={value(context, name)}: there is no such file")
    return str(path)


def dds_profile() -> list[LaunchDescriptionEntity]:
    """Declare ``dds_profile`` and set it for every process that the launch starts afterwards."""
    return [
        DeclareLaunchArgument(
            "dds_profile",
            default_value="auto",
            description="Fast DDS profile of all processes started here: a file; auto (what the "
            "environment names, else config/fastdds_images.xml, which has room for raw images); "
            "or none (nothing is set)",
        ),
        OpaqueFunction(function=_set_dds_profile),
    ]


def _set_dds_profile(context: LaunchContext) -> list[LaunchDescriptionEntity]:
    wanted = value(context, "dds_profile")
    if wanted == "none":
        return []
    if wanted == "auto":
        named = (context.environment.get(variable) for variable in VARIABLES)
        wanted = next(filter(None, named), config_file("fastdds_images.xml"))
    else:
        wanted = existing_file(context, "dds_profile")
    return [SetEnvironmentVariable(profile_variable(), wanted)]


def camera_frames(default: bool) -> list[LaunchDescriptionEntity]:
    """Declare ``camera_frames`` and publish, where it is true, what REP 103 says of both cameras.

    The frame of the images looks along z, that of the camera's body along x. Where the cameras are
    is not known here. Frames are named by the launch arguments ``rgb_frame_id`` and
    ``thermal_frame_id``, where there are any.
    """
    return [
        switch_argument(
            "camera_frames",
            default,
            "whether to publish the static transforms rgb_link to rgb_optical_frame and "
            "thermal_link to thermal_optical_frame; false where your URDF has these frames",
        ),
        OpaqueFunction(function=_camera_frames),
    ]


def _camera_frames(context: LaunchContext) -> list[LaunchDescriptionEntity]:
    if not is_on(context, "camera_frames"):
        return []
    try:
        require_executable("tf2_ros", "static_transform_publisher", "")
    except RuntimeError:
        return [LogInfo(msg="tf2_ros is not installed: no transforms of the cameras' frames")]
    return [_optical_frame(context, stream) for stream in ("rgb", "thermal")]


def _optical_frame(context: LaunchContext, stream: str) -> Node:
    given = context.launch_configurations.get(f"{stream}_frame_id")
    optical = given or stream + OPTICAL
    quarter = str(-math.pi / 2)
    return Node(
        package="tf2_ros",
        executable="static_transform_publisher",
        name=f"{stream}_frames",
        arguments=[
            *["--roll", quarter, "--pitch", "0", "--yaw", quarter],
            *["--frame-id", optical.removesuffix(OPTICAL) + "_link", "--child-frame-id", optical],
        ],
        output="screen",
    )


def is_terminal() -> bool:
    """Whether the launch prints to a terminal: colours have no place in a file."""
    return sys.stdout.isatty()


def require_package(package: str, fix: str) -> str:
    """Make sure that a ROS package is installed and return its prefix.

    Raises:
        RuntimeError: it is not; launch prints the message as one line.
    """
    try:
        return get_package_prefix(package)
    except PackageNotFoundError:
        raise RuntimeError(f"the ROS package {package} is not installed: {fix}") from None


def require_executable(package: str, executable: str, fix: str) -> None:
    """Make sure that an executable of a ROS package is installed; ``fix`` says what to do if not.

    Raises:
        RuntimeError: it or its package is missing; launch prints the message as one line.
    """
    folder = Path(require_package(package, fix)) / "lib" / package
    if not os.access(folder / executable, os.X_OK):
        held = sorted(path.name for path in folder.glob("*")) if folder.is_dir() else []
        raise RuntimeError(
            f"the ROS package {package} has no executable {executable} "
            f"(it has: {', '.join(held) or 'none'}): {fix}"
        )


def apt_package(package: str) -> str:
    """Return the Debian package of a ROS package for the distribution in use."""
    return f"ros-{os.environ.get('ROS_DISTRO', 'jazzy')}-{package.replace('_', '-')}"


def in_namespace(*parts: str) -> str:
    """Join namespaces and names; empty parts are left out and no slash is doubled."""
    joined = "/".join(part.strip("/") for part in parts if part.strip("/"))
    return f"/{joined}" if parts and parts[0].startswith("/") else joined


def remappings(pairs: Sequence[tuple[str, str]]) -> list[tuple[str, str]]:
    """Return the pairs that rename something: an identity would win over a ``SetRemap``."""
    return [(source, target) for source, target in pairs if target and source != target]
