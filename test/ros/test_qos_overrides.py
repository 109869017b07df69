"""qos_overrides.* have the effect that their names say; what is wrong in them is one line."""

import re

import pytest
import rclpy
import yaml
from rclpy.parameter import Parameter
from rclpy.qos import DurabilityPolicy, HistoryPolicy, ReliabilityPolicy

from amdanet_ros.parameters import OptionError
from amdanet_ros.ros.qos import OUTPUT_QOS
from amdanet_ros.ros.qos_overrides import overridden, problem_of
from amdanet_ros.ros.qos_topics import topics_with_qos

MASK, RGB = "/segmentation/mask", "/rgb/image_raw"


def override(topic, entity, policy):
    return f"qos_overrides.{topic}.{entity}.{policy}"


def test_a_params_file_sets_them_for_publishers_and_subscriptions(
    make_node, bench, tmp_path, checkpoint
):
    file = tmp_path / "params.yaml"
    values = {
        override(MASK, "publisher", "reliability"): "best_effort",
        override(MASK, "publisher", "depth"): 3,
        override("/amdanet/latency", "publisher", "durability"): "transient_local",
        override(RGB, "subscription", "reliability"): "reliable",
        override(RGB, "subscription", "history"): "keep_all",
        override("/thermal/camera_info", "subscription", "reliability"): "reliable",
    }
    file.write_text(yaml.safe_dump({"/**": {"ros__parameters": values}}))
    arguments = ["--ros-args", "--params-file", str(file)]
    node = bench.run(make_node(cli_args=arguments))

    def offered(topic, kind):
        infos = getattr(bench.node, f"get_{kind}_info_by_topic")(topic)
        bench.until(lambda: getattr(bench.node, f"get_{kind}_info_by_topic")(topic))
        infos = getattr(bench.node, f"get_{kind}_info_by_topic")(topic)
        return infos[0].qos_profile

    reliable, best_effort = ReliabilityPolicy.RELIABLE, ReliabilityPolicy.BEST_EFFORT
    assert offered(MASK, "publishers").reliability == best_effort
    assert offered("/fused/image_raw", "publishers").reliability == reliable
    latency = offered("/amdanet/latency", "publishers")
    assert latency.durability == DurabilityPolicy.TRANSIENT_LOCAL
    # auto would be best effort as long as nobody publishes.
    assert offered(RGB, "subscriptions").reliability == reliable
    assert offered("/thermal/image_raw", "subscriptions").reliability == best_effort
    assert offered("/thermal/camera_info", "subscriptions").reliability == reliable
    # The depth and the history do not go over DDS.
    masks = next(each for each in node.publishers if each.topic_name == MASK)
    assert (masks.qos_profile.depth, masks.qos_profile.history) == (3, HistoryPolicy.KEEP_LAST)
    images = next(each for each in node.subscriptions if each.topic_name == RGB)
    assert images.qos_profile.history == HistoryPolicy.KEEP_ALL
    refused = node.set_parameters([Parameter(override(MASK, "publisher", "depth"), value=4)])[0]
    assert not refused.successful
    assert "publisher.depth is read-only after configure" in refused.reason


WRONG = [
    (override(MASK, "publisher", "depth"), 0),
    (override(MASK, "publisher", "depth"), "many"),
    (override(RGB, "subscription", "reliability"), "very"),
    (override("/thermal/camera_info", "subscription", "durability"), 3),
    (override("/fused/camera_info", "publisher", "history"), "unknown"),
]


@pytest.mark.parametrize(("name", "value"), WRONG)
def test_a_value_that_is_not_allowed_is_named(bench, name, value):
    topic, entity, _ = re.fullmatch(r"qos_overrides\.(.+)\.(\w+)\.(\w+)", name).groups()
    node = rclpy.create_node("other", parameter_overrides=[Parameter(name, value=value)])
    with pytest.raises(OptionError) as caught:
        overridden(node, topic, entity, OUTPUT_QOS)
    node.destroy_node()
    assert caught.value.name == name


def test_a_wrong_value_fails_configure_until_it_is_set_right(make_node):
    name = override(RGB, "subscription", "reliability")
    node = make_node({"autostart": False, name: "very"})
    node.trigger_configure()
    assert node.state == "unconfigured"
    assert node._failure.values["cause"].startswith(f"{name} is 'very': it must be one of")
    (refused,) = node.set_parameters([Parameter(name, value="nonsense")])
    assert not refused.successful and refused.reason.startswith(f"{name} is 'nonsense'")
    assert node.set_parameters([Parameter(name, value="reliable")])[0].successful
    node.trigger_configure()
    assert node.state == "inactive"


@pytest.mark.parametrize(
    ("name", "words"),
    [
        (override(MASK, "publisher", "depth"), None),
        (override(RGB, "subscription", "durability"), None),
        (override(MASK, "subscription", "depth"), "has no subscription of /segmentation/mask"),
        (override("/else", "publisher", "depth"), "has no publisher of /else"),
        (override(MASK, "publisher", "liveliness"), "write qos_overrides.<topic>"),
        (override("segmentation/mask", "publisher", "depth"), "write qos_overrides.<topic>"),
        ("qos_overrides.nonsense", "write qos_overrides.<topic>"),
    ],
)
def test_a_name_without_an_effect_is_said(name, words):
    problem = problem_of(name, {"publisher": {MASK}, "subscription": {RGB}})
    assert (problem is None) if words is None else (name in problem and words in problem)


def test_the_topics_are_those_of_the_camera_pairs(make_node):
    topics = topics_with_qos(
        make_node({"autostart": False, "pairs": ["front"], "front.rgb.transport": "compressed"})
    )
    assert "/front/segmentation/mask" in topics["publisher"]
    assert "/amdanet/front/latency" in topics["publisher"]
    assert {"/front/rgb/image_raw/compressed", "/front/thermal/camera_info"} <= topics[
        "subscription"
    ]
    assert MASK not in topics["publisher"]
