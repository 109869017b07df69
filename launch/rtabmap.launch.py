"""RTAB-Map on the fused image: visual odometry and a map that go on in darkness and smoke."""

from __future__ import annotations

from launch import LaunchContext, LaunchDescription
from launch.actions import DeclareLaunchArgument, OpaqueFunction
from launch.launch_description_entity import LaunchDescriptionEntity
from launch_ros.actions import Node

from amdanet_ros.ros import launch_support as support


def generate_launch_description() -> LaunchDescription:
    """Describe odometry and map and start them; the node runs by itself."""
    return LaunchDescription(
        [
            DeclareLaunchArgument(
                "namespace",
                default_value="",
                description="namespace of the node and its topics, such as front",
            ),
            DeclareLaunchArgument(
                "depth_topic",
                default_value="depth_registered/image_rect",
                description="depth images in the pixels of the RGB image, 16UC1 in millimetres or "
                "32FC1 in metres; aligned_depth_to_color of a RealSense, for instance",
            ),
            DeclareLaunchArgument(
                "frame_id",
                default_value="base_link",
                description="the robot's frame, which tf connects with the RGB camera's",
            ),
            DeclareLaunchArgument(
                "database_path",
                default_value="~/.ros/amdanet_rtabmap.db",
                description="file of the map, which goes on where it exists",
            ),
            support.switch_argument(
                "odometry",
                True,
                "whether the fused image gives the odometry; false: /odom, of wheels or a lidar",
            ),
            support.switch_argument(
                "use_sim_time", False, "whether all nodes follow /clock, as with a bag"
            ),
            *support.dds_profile(),
            OpaqueFunction(function=_nodes),
        ]
    )


def _nodes(context: LaunchContext) -> list[LaunchDescriptionEntity]:
    wanted = ["rtabmap_slam"] + ["rtabmap_odom"] * support.is_on(context, "odometry")
    for package in wanted:
        support.require_package(package, f"sudo apt install {support.apt_package(package)}")
    namespace = support.value(context, "namespace")
    depth = support.value(context, "depth_topic")
    topics = [
        ("rgb/image", support.in_namespace("/", namespace, "fused/image_raw")),
        ("rgb/camera_info", support.in_namespace("/", namespace, "fused/camera_info")),
        ("depth/image", depth if depth[:1] == "/" else support.in_namespace("/", namespace, depth)),
    ]
    parameters = {
        "frame_id": support.value(context, "frame_id"),
        "subscribe_depth": True,
        # The fused image has the RGB image's stamp, the depth image one of its own.
        "approx_sync": True,
        "approx_sync_max_interval": 0.04,
        # The node computes a few pairs a second on a CPU: both wait for its outputs.
        "topic_queue_size": 30,
        "sync_queue_size": 30,
        "use_sim_time": support.is_on(context, "use_sim_time"),
    }
    nodes = [
        Node(
            package="rtabmap_slam",
            executable="rtabmap",
            parameters=[{**parameters, "database_path": support.value(context, "database_path")}],
            remappings=topics,
            output="screen",
        )
    ]
    if support.is_on(context, "odometry"):
        nodes.insert(
            0,
            Node(
                package="rtabmap_odom",
                executable="rgbd_odometry",
                parameters=[parameters],
                remappings=topics,
                output="screen",
            ),
        )
    return nodes
