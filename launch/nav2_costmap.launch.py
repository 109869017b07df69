"""A Nav2 costmap of the classes: depth registered to the RGB image, a cloud of it, the layer."""

from __future__ import annotations

from typing import Any

import yaml
from launch import LaunchContext, LaunchDescription
from launch.actions import DeclareLaunchArgument, OpaqueFunction
from launch.launch_description_entity import LaunchDescriptionEntity
from launch_ros.actions import ComposableNodeContainer, Node
from launch_ros.descriptions import ComposableNode

from amdanet_ros.ros import launch_support as support

TABLES = ["demo", "fmb", "mfnet", "pst900", "street"]
REGISTERED = "depth_registered/image_rect"
REGISTERED_INFO = "depth_registered/camera_info"
LAYER_FIX = (
    "build it in your workspace: git clone "
    "https://github.com/kiwicampus/semantic_segmentation_layer src/semantic_segmentation_layer, "
    "or start the cloud alone with costmap:=false"
)


def generate_launch_description() -> LaunchDescription:
    """Describe the cloud and the costmap and start them; the node runs by itself."""
    return LaunchDescription(
        [
            DeclareLaunchArgument(
                "class_table",
                default_value="street",
                choices=TABLES,
                description="classes of the node's checkpoint: config/nav2/NAME_costmap.yaml",
            ),
            DeclareLaunchArgument(
                "costmap_file",
                default_value="",
                description="a costmap file of your own; empty: that of class_table",
            ),
            DeclareLaunchArgument(
                "namespace",
                default_value="",
                description="namespace of the node and its topics, such as front",
            ),
            DeclareLaunchArgument(
                "depth_topic",
                default_value="depth/image_rect_raw",
                description="depth images, 16UC1 in millimetres or 32FC1 in metres, without "
                "distortion",
            ),
            DeclareLaunchArgument(
                "depth_info_topic",
                default_value="depth/camera_info",
                description="their camera_info",
            ),
            DeclareLaunchArgument(
                "rgb_info_topic",
                default_value="rgb/camera_info",
                description="camera_info of the RGB images that the node fuses",
            ),
            DeclareLaunchArgument(
                "cloud_topic",
                default_value="rgb/points",
                description="the cloud: a point for each pixel of the masks",
            ),
            support.switch_argument(
                "aligned",
                False,
                "whether the depth images lie in the pixels of the RGB image already, as those of "
                "a RealSense with align_depth do; false: they are registered here",
            ),
            support.switch_argument(
                "costmap", True, "whether to start a costmap; false: the cloud alone, for your Nav2"
            ),
            support.switch_argument(
                "use_sim_time", False, "whether all nodes follow /clock, as with a bag"
            ),
            *support.dds_profile(),
            OpaqueFunction(function=_nodes),
        ]
    )


def _nodes(context: LaunchContext) -> list[LaunchDescriptionEntity]:
    for package in ("rclcpp_components", "depth_image_proc"):
        support.require_package(package, f"sudo apt install {support.apt_package(package)}")
    nodes: list[LaunchDescriptionEntity] = [_cloud(context)]
    if support.is_on(context, "costmap"):
        for package in ("nav2_costmap_2d", "nav2_lifecycle_manager"):
            support.require_package(package, f"sudo apt install {support.apt_package(package)}")
        support.require_package("semantic_segmentation_layer", LAYER_FIX)
        nodes += _costmap(context)
    return nodes


def _topic(context: LaunchContext, name: str) -> str:
    return support.in_namespace("/", support.value(context, "namespace"), name)


def _argument_topic(context: LaunchContext, argument: str) -> str:
    name = support.value(context, argument)
    return name if name.startswith("/") else _topic(context, name)


def _clock(context: LaunchContext) -> dict[str, bool]:
    return {"use_sim_time": support.is_on(context, "use_sim_time")}


def _cloud(context: LaunchContext) -> ComposableNodeContainer:
    """Return depth image -> (registered depth image ->) cloud, in one process."""
    depth = _argument_topic(context, "depth_topic")
    info = _argument_topic(context, "depth_info_topic")
    components = []
    if not support.is_on(context, "aligned"):
        registered, registered_info = _topic(context, REGISTERED), _topic(context, REGISTERED_INFO)
        # The cloud gets the stamp of the RGB image, which the masks have too.
        parameters = {"use_rgb_timestamp": True, "fill_upsampling_holes": True, **_clock(context)}
        components.append(
            ComposableNode(
                package="depth_image_proc",
                plugin="depth_image_proc::RegisterNode",
                name="register_depth",
                parameters=[parameters],
                remappings=[
                    ("depth/image_rect", depth),
                    ("depth/camera_info", info),
                    ("rgb/camera_info", _argument_topic(context, "rgb_info_topic")),
                    ("depth_registered/image_rect", registered),
                    ("depth_registered/camera_info", registered_info),
                ],
            )
        )
        depth, info = registered, registered_info
    components.append(
        ComposableNode(
            package="depth_image_proc",
            plugin="depth_image_proc::PointCloudXyzNode",
            name="depth_cloud",
            parameters=[_clock(context)],
            remappings=[
                ("image_rect", depth),
                ("camera_info", info),
                ("points", _argument_topic(context, "cloud_topic")),
            ],
        )
    )
    return ComposableNodeContainer(
        package="rclcpp_components",
        executable="component_container",
        name="amdanet_depth",
        namespace=support.value(context, "namespace"),
        composable_node_descriptions=components,
        output="screen",
    )


def _costmap(context: LaunchContext) -> list[Node]:
    """Return a costmap of its own and what activates it."""
    manager = {
        "autostart": True,
        "node_names": ["costmap/costmap"],
        "bond_timeout": 0.0,  # a costmap by itself makes no bond: the manager would give it up
        **_clock(context),
    }
    return [
        Node(
            package="nav2_costmap_2d",
            executable="nav2_costmap_2d",
            parameters=[_costmap_parameters(context)],
            output="screen",
        ),
        Node(
            package="nav2_lifecycle_manager",
            executable="lifecycle_manager",
            name="lifecycle_manager_costmap",
            parameters=[manager],
            output="screen",
        ),
    ]


def _costmap_parameters(context: LaunchContext) -> dict[str, Any]:
    """Return the file's parameters with the topics of this launch."""
    if support.value(context, "costmap_file"):
        path = support.existing_file(context, "costmap_file")
    else:
        path = support.config_file(f"nav2/{support.value(context, 'class_table')}_costmap.yaml")
    with open(path, encoding="utf-8") as file:
        content = yaml.safe_load(file)
    try:
        parameters = content["local_costmap"]["local_costmap"]["ros__parameters"]
        layer = parameters["semantic_layer"]
        sources = [layer[name] for name in layer["observation_sources"].split()]
    except (KeyError, TypeError, AttributeError):
        raise ValueError(
            f"{path} has no local_costmap.local_costmap.ros__parameters with a semantic_layer and "
            "its observation_sources: begin with a file of config/nav2/"
        ) from None
    if not support.value(context, "costmap_file"):
        for source in sources:
            for name in ("segmentation_topic", "confidence_topic", "labels_topic"):
                source[name] = _topic(context, source[name])
            source["pointcloud_topic"] = _argument_topic(context, "cloud_topic")
    return parameters | _clock(context)
