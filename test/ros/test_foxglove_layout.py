"""Foxglove's layout shows topics, statuses and values that exist."""

import json
import re

import pytest

pytest.importorskip("rclpy")

from amdanet_ros.messages import OUTPUTS

PANELS = {"Image!rgb", "Image!thermal", "Image!fused", "Image!overlay"}


@pytest.fixture(scope="module")
def layout(project):
    return json.loads((project / "config" / "foxglove_layout.json").read_text())


def panels_of(tree):
    if isinstance(tree, str):
        return [tree]
    return panels_of(tree["first"]) + panels_of(tree["second"])


def test_every_panel_has_its_place_and_its_configuration(layout):
    placed = panels_of(layout["layout"])
    assert len(placed) == len(set(placed))
    assert set(placed) == layout["configById"].keys()
    assert set(placed) == PANELS | {"DiagnosticSummary!all", "Plot!latency"}


def test_the_image_panels_show_topics_of_images(layout):
    images = {f"/{output.topic}" for output in OUTPUTS if "Image" in output.type}
    shown = {layout["configById"][each]["imageMode"]["imageTopic"] for each in PANELS}
    assert len(shown) == len(PANELS)
    assert shown - images == {"/rgb/image_raw", "/thermal/image_raw"}
    assert "/segmentation/overlay" in shown and "/segmentation/mask" not in shown


def test_the_plot_shows_the_latency_that_the_node_publishes(layout, project):
    interface = (project / "docs" / "interface.md").read_text()
    assert re.search(r"^\| `~/latency` \| std_msgs/Float32 \|", interface, re.MULTILINE)
    paths = [each["value"] for each in layout["configById"]["Plot!latency"]["paths"]]
    assert paths == ["/amdanet/latency.data"]
    assert layout["configById"]["DiagnosticSummary!all"]["topicToRender"] == "/diagnostics"
