"""The demo: a built-in bag is made once and plays through the node until stopped."""

import sys

from launch import LaunchContext, LaunchDescription
from launch.actions import (
    DeclareLaunchArgument,
    ExecuteProcess,
    IncludeLaunchDescription,
    LogInfo,
    OpaqueFunction,
    RegisterEventHandler,
)
from launch.event_handlers import OnProcessExit
from launch.events.process import ProcessExited
from launch.launch_description_entity import LaunchDescriptionEntity
from launch.launch_description_sources import PythonLaunchDescriptionSource

from amdanet_ros.ros import launch_support as support
from amdanet_ros.user_folders import expanded


def generate_launch_description() -> LaunchDescription:
    """Describe the demo and start it."""
    return LaunchDescription(
        [
            DeclareLaunchArgument(
                "folder",
                default_value="~/.ros/amdanet_demo",
                description="folder of the bag; the bag is made again only if it is missing or was "
                "made with other settings",
            ),
            DeclareLaunchArgument(
                "duration", default_value="40.0", description="length of the bag, in seconds"
            ),
            DeclareLaunchArgument(
                "params_file",
                default_value=support.config_file("demo.yaml"),
                description="YAML file of the node's parameters",
            ),
            DeclareLaunchArgument(
                "checkpoint", default_value="", description="weights; empty: as params_file says"
            ),
            DeclareLaunchArgument(
                "namespace", default_value="", description="namespace of the node and its topics"
            ),
            support.switch_argument("loop", True, "whether to play again and again"),
            support.switch_argument("rviz", False, "whether to start RViz"),
            support.rviz_config(),
            support.switch_argument(
                "camera_frames", True, "as that of bag.launch.py: the static transforms"
            ),
            *support.dds_profile(),
            OpaqueFunction(function=_make_and_play),
        ]
    )


def _make_and_play(context: LaunchContext) -> list[LaunchDescriptionEntity]:
    folder = expanded(support.value(context, "folder")) / "recording"
    making = ExecuteProcess(
        name="recording",
        cmd=[
            *[sys.executable, "-m", "amdanet_ros.demo.make_recording", str(folder)],
            *["--duration", f"{support.number(context, 'duration', 1.0):g}"],
        ],
        output="screen",
    )
    passed_on = (
        *("params_file", "checkpoint", "namespace", "loop"),
        *("rviz", "rviz_config", "camera_frames", "dds_profile"),
    )
    playing = IncludeLaunchDescription(
        PythonLaunchDescriptionSource(support.launch_file("bag.launch.py")),
        launch_arguments={
            "bag": str(folder / "bag"),
            "player": "amdanet",
            **{name: support.value(context, name) for name in passed_on},
        }.items(),
    )

    def when_made(event: ProcessExited, _: LaunchContext) -> list[LaunchDescriptionEntity]:
        if event.returncode:
            raise RuntimeError(f"the demo's bag could not be made in {folder}: see above")
        return [playing]

    return [
        RegisterEventHandler(OnProcessExit(target_action=making, on_exit=when_made)),
        LogInfo(msg=f"the demo's bag: {folder / 'bag'}"),
        making,
    ]
