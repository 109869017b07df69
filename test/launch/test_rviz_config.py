"""RViz's configuration shows topics that exist, with a reliability that they serve."""

import pytest
import yaml

pytest.importorskip("rclpy")

from amdanet_ros.messages import OUTPUTS
from amdanet_ros.ros.qos import OUTPUT_QOS

CAMERAS = {"rgb/image_raw", "thermal/image_raw"}


@pytest.fixture(scope="module")
def displays(project):
    config = yaml.safe_load((project / "config" / "amdanet.rviz").read_text())
    return config["Visualization Manager"]["Displays"]


def test_every_display_is_of_a_topic_of_images_that_exists(displays):
    images = {output.topic for output in OUTPUTS if "Image" in output.type}
    shown = {each["Topic"]["Value"] for each in displays}
    assert shown <= images | CAMERAS
    assert shown >= {*CAMERAS, "fused/image_raw", "segmentation/overlay"}
    assert "segmentation/mask" not in shown  # indices, not grey values
    assert {each["Class"] for each in displays} == {"rviz_default_plugins/Image"}


def test_each_topic_is_asked_for_with_what_its_publisher_offers(displays):
    offered = OUTPUT_QOS.reliability.name.replace("_", " ").title()
    for each in displays:
        topic = each["Topic"]
        expected = "Best Effort" if topic["Value"] in CAMERAS else offered
        assert topic["Reliability Policy"] == expected, topic["Value"]
        assert topic["Durability Policy"] == "Volatile"


def test_only_counts_are_stretched(displays):
    stretched = {each["Topic"]["Value"] for each in displays if each["Normalize Range"]}
    assert stretched == {"thermal/image_raw"}
