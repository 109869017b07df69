"""The node alone, to be included in a robot's own launch file.

Remap ``rgb/image_raw`` and ``thermal/image_raw`` to the cameras' topics there, with ``SetRemap``.
"""

from pathlib import Path

from ament_index_python.packages import get_package_share_directory
from launch import LaunchDescription
from launch.actions import DeclareLaunchArgument, SetEnvironmentVariable
from launch.substitutions import EnvironmentVariable, LaunchConfiguration
from launch_ros.actions import LifecycleNode
from launch_ros.parameter_descriptions import ParameterValue

PROFILES = "FASTRTPS_DEFAULT_PROFILES_FILE"


def generate_launch_description() -> LaunchDescription:
    """Describe the node's arguments and start it."""
    config = Path(get_package_share_directory("amdanet_ros")) / "config"
    return LaunchDescription(
        [
            DeclareLaunchArgument(
                "params_file",
                default_value=str(config / "amdanet.yaml"),
                description="YAML file of the node's parameters",
            ),
            DeclareLaunchArgument(
                "namespace", default_value="", description="namespace of the node and its topics"
            ),
            DeclareLaunchArgument(
                "autostart",
                default_value="true",
                description="whether the node configures and activates itself at its start",
            ),
            DeclareLaunchArgument(
                "dds_profile",
                default_value=EnvironmentVariable(
                    PROFILES, default_value=str(config / "fastdds_images.xml")
                ),
                description="Fast DDS profile; the default one has room for raw images. "
                "The cameras' drivers need it as well",
            ),
            SetEnvironmentVariable(PROFILES, LaunchConfiguration("dds_profile")),
            LifecycleNode(
                package="amdanet_ros",
                executable="amdanet_node",
                name="amdanet",
                namespace=LaunchConfiguration("namespace"),
                parameters=[
                    LaunchConfiguration("params_file"),
                    {
                        "autostart": ParameterValue(
                            LaunchConfiguration("autostart"), value_type=bool
                        )
                    },
                ],
                output="screen",
            ),
        ]
    )
