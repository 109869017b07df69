"""Plays a bag with /clock through the node, which runs on simulated time."""

from launch import LaunchContext, LaunchDescription
from launch.actions import (
    DeclareLaunchArgument,
    ExecuteProcess,
    IncludeLaunchDescription,
    LogInfo,
    OpaqueFunction,
    RegisterEventHandler,
    TimerAction,
)
from launch.conditions import IfCondition
from launch.launch_description_entity import LaunchDescriptionEntity
from launch.launch_description_sources import PythonLaunchDescriptionSource
from launch.substitutions import LaunchConfiguration
from launch_ros.actions import Node, SetParameter
from launch_ros.event_handlers import OnStateTransition
from launch_ros.events.lifecycle import StateTransition

from amdanet_ros.ros import launch_support as support

STREAMS = {
    "rgb_topic": ("/rgb/image_raw", "rgb/image_raw"),
    "rgb_info_topic": ("/rgb/camera_info", "rgb/camera_info"),
    "thermal_topic": ("/thermal/image_raw", "thermal/image_raw"),
    "thermal_info_topic": ("/thermal/camera_info", "thermal/camera_info"),
}
"""For each argument: the default topic in the bag, and the node's topic."""

PATIENCE_S = 30.0
"""`ros2 bag play` starts after this time at the latest: the node's event may be lost."""


def generate_launch_description() -> LaunchDescription:
    """Describe what is played and start player, node and, if asked for, RViz."""
    passed_on = {
        name: LaunchConfiguration(name) for name in ("namespace", "dds_profile", "use_sim_time")
    }
    node = {name: LaunchConfiguration(name) for name in ("params_file", "checkpoint")}
    return LaunchDescription(
        [
            DeclareLaunchArgument(
                "bag", description="the bag: its folder, or a .mcap or .db3 file"
            ),
            DeclareLaunchArgument(
                "player",
                default_value="rosbag2",
                choices=["rosbag2", "amdanet"],
                description="rosbag2: `ros2 bag play`; amdanet: this package's own player, which "
                "needs no rosbag2 and waits for the node",
            ),
            support.switch_argument("loop", True, "whether to play again and again"),
            DeclareLaunchArgument("rate", default_value="1.0", description="speed of the playback"),
            DeclareLaunchArgument(
                "start_offset",
                default_value="0.0",
                description="seconds of the bag to skip at the start",
            ),
            DeclareLaunchArgument(
                "clock_rate", default_value="100.0", description="rate of /clock, in Hz"
            ),
            *[
                DeclareLaunchArgument(
                    name,
                    default_value=in_bag,
                    description=f"topic in the bag that becomes the node's {ours}",
                )
                for name, (in_bag, ours) in STREAMS.items()
            ],
            DeclareLaunchArgument(
                "namespace", default_value="", description="namespace of the node and its topics"
            ),
            DeclareLaunchArgument(
                "params_file",
                default_value=support.config_file("amdanet.yaml"),
                description="YAML file of the node's parameters",
            ),
            DeclareLaunchArgument(
                "checkpoint", default_value="", description="weights; empty: as params_file says"
            ),
            support.switch_argument(
                "use_sim_time", True, "whether node and RViz follow the bag's time"
            ),
            support.switch_argument("node", True, "whether to start the node"),
            support.switch_argument("rviz", False, "whether to start RViz"),
            support.rviz_config(),
            *support.dds_profile(),
            *support.camera_frames(True),
            SetParameter("use_sim_time", LaunchConfiguration("use_sim_time")),
            OpaqueFunction(function=_player),
            _included("amdanet.launch.py", "node", passed_on | node | TOPICS_OF_THE_NODE),
            _included("rviz.launch.py", "rviz", passed_on | RVIZ),
        ]
    )


TOPICS_OF_THE_NODE = {"rgb_topic": "rgb/image_raw", "thermal_topic": "thermal/image_raw"}
"""Set explicitly: the included file would otherwise inherit the bag's topics under these names."""

RVIZ = {"rviz_config": LaunchConfiguration("rviz_config"), "camera_frames": "false"}
"""The transforms are published already."""


def _included(name: str, switch: str, arguments: dict) -> IncludeLaunchDescription:
    return IncludeLaunchDescription(
        PythonLaunchDescriptionSource(support.launch_file(name)),
        launch_arguments=arguments.items(),
        condition=IfCondition(LaunchConfiguration(switch)),
    )


def _player(context: LaunchContext) -> list[LaunchDescriptionEntity]:
    bag = support.value(context, "bag")
    namespace = support.value(context, "namespace")
    rate = f"{support.number(context, 'rate', 1e-3):g}"
    offset = f"{support.number(context, 'start_offset'):g}"
    clock = f"{support.number(context, 'clock_rate', 1.0):g}"
    remaps = []
    for argument, (_, ours) in STREAMS.items():
        source = support.value(context, argument)
        target = "/" + support.in_namespace(namespace, ours).lstrip("/")
        for suffix in ("", "/compressed") if not argument.endswith("info_topic") else ("",):
            if source + suffix != target + suffix:
                remaps.append(f"{source}{suffix}:={target}{suffix}")
    options = [bag, "--rate", rate, "--start-offset", offset, "--clock", clock]
    if remaps:
        options += ["--remap", *remaps]
    if support.is_on(context, "loop"):
        options.append("--loop")
    if support.value(context, "player") == "amdanet":
        waiting = ["--wait-for-subscribers", "20"] if support.is_on(context, "node") else []
        return [
            Node(
                package="amdanet_ros",
                executable="amdanet_player",
                arguments=options + waiting,
                parameters=[{"use_sim_time": False}],  # it publishes /clock
                output="screen",
            )
        ]
    support.require_package(
        "ros2bag",
        f"sudo apt install {support.apt_package('ros2bag')} "
        f"{support.apt_package('rosbag2_storage_default_plugins')}, or play with player:=amdanet",
    )
    playing = ExecuteProcess(cmd=["ros2", "bag", "play", *options], output="screen")
    if not support.is_on(context, "node"):
        return [playing]
    return _once_active(playing, "/" + support.in_namespace(namespace, "amdanet").lstrip("/"))


def _once_active(playing: ExecuteProcess, node: str) -> list[LaunchDescriptionEntity]:
    """Start to play when the node whose name ends so is active: it misses no message then."""
    late = TimerAction(
        period=PATIENCE_S,
        actions=[
            LogInfo(msg=f"{node} did not tell that it is active: the bag plays all the same"),
            OpaqueFunction(function=lambda _: play()),
        ],
    )

    def is_active(event: object) -> bool:
        return (
            isinstance(event, StateTransition)
            and event.goal_state == "active"
            and event.action.node_name.endswith(node)
        )

    waiting = [playing]

    def play() -> list[LaunchDescriptionEntity]:
        late.cancel()
        return [waiting.pop()] if waiting else []

    active = OpaqueFunction(function=lambda _: play())
    return [RegisterEventHandler(OnStateTransition(matcher=is_active, entities=[active])), late]
