"""Shows the node's topics: in a browser, in Foxglove, or in RViz."""

from dataclasses import dataclass

from launch import LaunchContext, LaunchDescription
from launch.actions import DeclareLaunchArgument, IncludeLaunchDescription, OpaqueFunction
from launch.launch_description_entity import LaunchDescriptionEntity
from launch.launch_description_sources import AnyLaunchDescriptionSource
from launch_ros.actions import Node

from amdanet_ros.ros import launch_support as support


@dataclass(frozen=True)
class Server:
    """A program that gives topics to browsers: its package and executable, and its usual port."""

    package: str
    port: int


SERVERS = {"web": Server("web_video_server", 8080), "foxglove": Server("foxglove_bridge", 8765)}


def generate_launch_description() -> LaunchDescription:
    """Describe the choice of viewers and start one."""
    return LaunchDescription(
        [
            DeclareLaunchArgument(
                "viewer",
                default_value="web",
                choices=[*SERVERS, "rviz"],
                description="web: web_video_server, a page with every image topic; foxglove: "
                "foxglove_bridge, for the app Foxglove and config/foxglove_layout.json; rviz: RViz",
            ),
            DeclareLaunchArgument(
                "namespace", default_value="", description="namespace of the node to look at (rviz)"
            ),
            DeclareLaunchArgument(
                "address",
                default_value="127.0.0.1",
                description="address to listen on (web, foxglove); 0.0.0.0: all of this machine, "
                "without a password",
            ),
            DeclareLaunchArgument(
                "port", default_value="0", description="port to listen on; 0: 8080 (web), 8765"
            ),
            support.switch_argument(
                "use_sim_time", False, "whether the viewer follows /clock, as with a bag"
            ),
            *support.dds_profile(),
            OpaqueFunction(function=_viewer),
        ]
    )


def _viewer(context: LaunchContext) -> list[LaunchDescriptionEntity]:
    chosen = support.value(context, "viewer")
    if chosen == "rviz":
        names = ("namespace", "use_sim_time", "dds_profile")
        return [
            IncludeLaunchDescription(
                AnyLaunchDescriptionSource(support.launch_file("rviz.launch.py")),
                launch_arguments=[(name, support.value(context, name)) for name in names],
            )
        ]
    server = SERVERS[chosen]
    support.require_executable(
        server.package,
        server.package,
        f"sudo apt install {support.apt_package(server.package)}, or run amdanet view, which needs "
        "no other package",
    )
    port = support.number(context, "port")
    if not (port.is_integer() and port <= 65535):
        raise ValueError(f"port:={support.value(context, 'port')}: give a port from 1 to 65535")
    parameters = {
        "address": support.value(context, "address"),
        "port": int(port) or server.port,
        "use_sim_time": support.is_on(context, "use_sim_time"),
    }
    return [
        Node(
            package=server.package,
            executable=server.package,
            parameters=[parameters],
            output="screen",
        )
    ]
