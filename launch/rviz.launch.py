"""RViz with the cameras' images, the fused image, and the classes over it."""

from launch import LaunchContext, LaunchDescription
from launch.actions import DeclareLaunchArgument, OpaqueFunction
from launch_ros.actions import Node

from amdanet_ros.ros import launch_support as support


def generate_launch_description() -> LaunchDescription:
    """Describe what is shown and start RViz."""
    return LaunchDescription(
        [
            support.rviz_config(),
            DeclareLaunchArgument(
                "namespace", default_value="", description="namespace of the node to look at"
            ),
            support.switch_argument(
                "use_sim_time", False, "whether RViz follows /clock, as with a bag"
            ),
            *support.dds_profile(),
            *support.camera_frames(False),
            OpaqueFunction(function=_rviz),
        ]
    )


def _rviz(context: LaunchContext) -> list[Node]:
    support.require_executable(
        "rviz2", "rviz2", f"sudo apt install {support.apt_package('rviz2')}, or leave RViz out"
    )
    return [
        Node(
            package="rviz2",
            executable="rviz2",
            namespace=support.value(context, "namespace"),
            arguments=["-d", support.existing_file(context, "rviz_config")],
            parameters=[{"use_sim_time": True}] if support.is_on(context, "use_sim_time") else [],
            output="screen",
        )
    ]
