"""The node alone, to be included in a robot's own launch file.

To run two instances, include each within a ``GroupAction``. Without it, the launch arguments of one
become the defaults of the other.
"""

from launch import LaunchContext, LaunchDescription
from launch.actions import DeclareLaunchArgument, OpaqueFunction
from launch_ros.actions import LifecycleNode
from launch_ros.parameter_descriptions import ParameterValue

from amdanet_ros.ros import launch_support as support


def generate_launch_description() -> LaunchDescription:
    """Describe the node's arguments and start it."""
    return LaunchDescription(
        [
            DeclareLaunchArgument(
                "params_file",
                default_value=support.config_file("amdanet.yaml"),
                description="YAML file of the node's parameters",
            ),
            DeclareLaunchArgument(
                "registration_file",
                default_value="",
                description="YAML file that `amdanet register` wrote; it overrides params_file; "
                "empty: none",
            ),
            DeclareLaunchArgument(
                "checkpoint",
                default_value="",
                description="weights: a .safetensors, .pth or .onnx file, or demo; empty: as "
                "params_file says",
            ),
            DeclareLaunchArgument(
                "namespace",
                default_value="",
                description="namespace of the node and all its topics, such as front",
            ),
            DeclareLaunchArgument(
                "rgb_topic",
                default_value="rgb/image_raw",
                description="topic of the RGB images, relative to the namespace unless it begins "
                "with /; camera_info is expected in the same namespace",
            ),
            DeclareLaunchArgument(
                "thermal_topic",
                default_value="thermal/image_raw",
                description="topic of the thermal images; camera_info as for rgb_topic",
            ),
            support.switch_argument(
                "use_sim_time",
                False,
                "true: the node's time is that of /clock; false: as params_file and SetParameter "
                "say",
            ),
            support.switch_argument(
                "autostart",
                True,
                "true: the node configures and activates itself, unless params_file says "
                "otherwise; false: your lifecycle manager does that",
            ),
            support.switch_argument("respawn", False, "whether to start the node again if it dies"),
            DeclareLaunchArgument(
                "respawn_delay", default_value="2.0", description="seconds before it starts again"
            ),
            DeclareLaunchArgument(
                "exit_on_hang",
                default_value="0.0",
                description="seconds; the node ends when its worker has hung for so long, for "
                "respawn to start it again; 0.0: as params_file says",
            ),
            DeclareLaunchArgument(
                "log_level",
                default_value="info",
                choices=["debug", "info", "warn", "error", "fatal"],
                description="least severity that the node logs",
            ),
            *support.dds_profile(),
            OpaqueFunction(function=_node),
        ]
    )


def _node(context: LaunchContext) -> list[LifecycleNode]:
    changes = {}
    if checkpoint := support.value(context, "checkpoint"):
        changes["checkpoint"] = ParameterValue(checkpoint, value_type=str)
    # A default is not set here: it would override params_file and SetParameter.
    if support.is_on(context, "use_sim_time"):
        changes["use_sim_time"] = True
    if exit_on_hang := support.number(context, "exit_on_hang"):
        changes["exit_on_hang"] = exit_on_hang
    if not support.is_on(context, "autostart"):
        changes["autostart"] = False
    parameters = [support.existing_file(context, "params_file")]
    if support.value(context, "registration_file"):
        parameters.append(support.existing_file(context, "registration_file"))
    return [
        LifecycleNode(
            package="amdanet_ros",
            executable="amdanet_node",
            name="amdanet",
            namespace=support.value(context, "namespace"),
            parameters=parameters + ([changes] if changes else []),
            remappings=_remappings(
                support.value(context, "rgb_topic"), support.value(context, "thermal_topic")
            ),
            ros_arguments=["--log-level", f"amdanet:={support.value(context, 'log_level')}"],
            respawn=support.is_on(context, "respawn"),
            respawn_delay=support.number(context, "respawn_delay"),
            output="screen",
            emulate_tty=support.is_terminal(),
        )
    ]


def _remappings(rgb: str, thermal: str) -> list[tuple[str, str]]:
    return support.remappings(
        [
            ("rgb/image_raw", rgb),
            ("rgb/image_raw/compressed", f"{rgb}/compressed"),
            ("rgb/camera_info", _beside(rgb)),
            ("thermal/image_raw", thermal),
            ("thermal/image_raw/compressed", f"{thermal}/compressed"),
            ("thermal/camera_info", _beside(thermal)),
        ]
    )


def _beside(image_topic: str) -> str:
    folder, slash, _ = image_topic.rpartition("/")
    return f"{folder}{slash}camera_info"
