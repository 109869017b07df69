"""docs/interface.md says what the node has: it is written from the code, and the node is asked."""

import importlib.util

import pytest

pytest.importorskip("rclpy")

from amdanet_ros.messages import OUTPUTS
from amdanet_ros.pairing import Reason
from amdanet_ros.ros.counters import Dropped
from amdanet_ros.settings import PARAMETERS

LIFECYCLE = {
    *("change_state", "get_available_states", "get_available_transitions"),
    *("get_state", "get_transition_graph"),
}
ROS_OWN = {"rosout", "parameter_events", "clock"}


@pytest.fixture
def interface(writer):
    return writer("interface")


def test_the_document_is_what_the_code_says_now(project, interface):
    written = (project / "docs" / "interface.md").read_text()
    assert written == interface.interface_document(), "run python scripts/write_documents.py"


def test_every_reason_in_the_diagnostics_is_explained(project, interface):
    keys = {pair.key for status in interface.sample_statuses() for pair in status.values}
    assert {f"Unpaired: {reason}" for reason in Reason} <= keys
    assert {f"Dropped: {reason}" for reason in Dropped} <= keys
    written = (project / "docs" / "interface.md").read_text()
    for reason in (*Reason, *Dropped):
        assert f"| `{reason.value}` | {reason.description} |" in written


@pytest.fixture
def active_node(ros_domain, tmp_path):
    from rclpy.parameter import Parameter

    from amdanet_ros.classes import MFNET
    from amdanet_ros.network import AMDANet
    from amdanet_ros.network.checkpoint import save_checkpoint
    from amdanet_ros.ros.amdanet_node import AmdanetNode

    path = tmp_path / "small.safetensors"
    network = AMDANet(backbone="mit_b0", num_classes=9, embed_dim=16)
    save_checkpoint(path, network, classes=MFNET.names, palette=MFNET.palette)
    values = {"checkpoint": str(path), "device": "cpu", "precision": "fp32", "autostart": False}
    values["thermal.registration_from"] = "depth"  # which subscribes to depth too
    node = AmdanetNode(
        parameter_overrides=[Parameter(name, value=value) for name, value in values.items()]
    )
    node.trigger_configure()
    node.trigger_activate()
    yield node
    node.destroy_node()


def test_a_live_node_has_these_topics_and_services_and_no_others(
    active_node, spin_until, interface
):
    name, namespace = active_node.get_name(), active_node.get_namespace()

    def named(pairs):
        own = {topic.lstrip("/"): kinds[0].replace("/msg/", "/") for topic, kinds in pairs}
        return {topic: kind for topic, kind in own.items() if topic not in ROS_OWN}

    heard = {topic: kind for topic, kind, _ in interface.INPUTS}
    own = [each for each in OUTPUTS if not each.type.startswith("vision_msgs")]
    told = {each.topic: interface.message_type(each.type) for each in own}
    told["diagnostics"] = "diagnostic_msgs/DiagnosticArray"
    told["amdanet/latency"] = "std_msgs/Float32"
    told["amdanet/transition_event"] = "lifecycle_msgs/TransitionEvent"

    def publishers():
        found = named(active_node.get_publisher_names_and_types_by_node(name, namespace))
        for topic in ("segmentation/label_info", "segmentation/detections"):
            found.pop(topic, None)  # only where vision_msgs is installed
        return found

    def subscriptions():
        return named(active_node.get_subscriber_names_and_types_by_node(name, namespace))

    spin_until(lambda: subscriptions() == heard, active_node)
    spin_until(lambda: publishers() == told, active_node)
    missing = active_node.camera_pairs[""].outputs.missing
    lacking = {"vision_msgs": ["segmentation/detections", "segmentation/label_info"]}
    assert missing == ({} if importlib.util.find_spec("vision_msgs") else lacking)
    services = {
        service.rpartition("/")[2]
        for service, kinds in active_node.get_service_names_and_types_by_node(name, namespace)
        if not kinds[0].startswith(("rcl_interfaces", "type_description_interfaces"))
    }
    assert services == {"reset", "health", *LIFECYCLE}


def test_a_live_node_has_these_parameters_as_they_are_described(active_node):
    for each in PARAMETERS:
        assert active_node.describe_parameter(each.name).description.startswith(each.description)
