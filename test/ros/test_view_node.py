"""The topics of a node on the page: subscribed while watched, put together by stamps."""

import json
import struct
import time

import cv2
import numpy as np
import pytest

pytest.importorskip("rclpy")

HEIGHT, WIDTH = 40, 60


@pytest.fixture
def view(ros_domain):
    """A view node on an own hub."""
    from amdanet_ros.ros.view_node import ViewNode, ViewTopics
    from amdanet_ros.view.frame import Encoding
    from amdanet_ros.view.frame_hub import FrameHub

    hub = FrameHub(1)
    node = ViewNode(ViewTopics(namespace="front"), hub, Encoding())
    yield node, hub
    node.destroy_node()


class Robot:
    """Publishes what two cameras and the node would, all in the namespace front."""

    def __init__(self):
        import rclpy
        from amdanet_ros.msg import SemanticSegmentation
        from diagnostic_msgs.msg import DiagnosticArray
        from sensor_msgs.msg import CompressedImage, Image

        self.node = rclpy.create_node("robot", namespace="front")
        make = self.node.create_publisher
        self.rgb = make(CompressedImage, "rgb/image_raw/compressed", 10)
        self.thermal = make(Image, "thermal/image_raw", 10)
        self.fused = make(Image, "fused/image_raw", 10)
        self.overlay = make(Image, "segmentation/overlay", 10)
        self.segmentation = make(SemanticSegmentation, "segmentation", 10)
        self.diagnostics = make(DiagnosticArray, "/diagnostics", 10)

    def image(self, second, level, encoding="rgb8"):
        from sensor_msgs.msg import Image

        channels = 1 if encoding == "mono8" else 3
        step = WIDTH * channels
        message = Image(height=HEIGHT, width=WIDTH, encoding=encoding, step=step)
        message.header.stamp.sec = second
        message.data = np.full(HEIGHT * step, level, np.uint8).tobytes()
        return message

    def publish_cameras(self, second):
        from sensor_msgs.msg import CompressedImage

        picture = np.full((HEIGHT, WIDTH, 3), 10 * second, np.uint8)
        message = CompressedImage(format="jpeg")
        message.header.stamp.sec = second
        message.data = cv2.imencode(".jpg", picture)[1].tobytes()
        self.rgb.publish(message)
        self.thermal.publish(self.image(second, 7, "mono8"))

    def publish_outputs(self, second):
        from amdanet_ros.msg import ModalityHealth, SemanticSegmentation
        from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus, KeyValue
        from std_msgs.msg import ColorRGBA

        self.fused.publish(self.image(second, 100))
        self.overlay.publish(self.image(second, 200))
        message = SemanticSegmentation(class_names=["road"], class_areas=[0.5])
        message.header.stamp.sec = second
        message.class_colors = [ColorRGBA(r=1.0, g=float("nan"), b=0.0, a=1.0)]
        message.class_confidences = [0.75]
        message.thermal_health = ModalityHealth(status=2, reason="shutter")
        self.segmentation.publish(message)
        values = [KeyValue(key="Latency, arrival to publish: median (ms)", value="12.5")]
        own = DiagnosticStatus(name="front/amdanet: output", message="late", values=values)
        own.level = DiagnosticStatus.WARN
        other = DiagnosticStatus(name="rear/amdanet: output", message="of another")
        other.level = DiagnosticStatus.ERROR
        self.diagnostics.publish(DiagnosticArray(status=[own, other]))


def parsed(part):
    (length,) = struct.unpack(">I", part[:4])
    described, rest = json.loads(part[4 : 4 + length]), part[4 + length :]
    images = {}
    for each in described["images"]:
        data, rest = rest[: each["bytes"]], rest[each["bytes"] :]
        images[each["name"]] = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
    return described, images


def test_a_pair_is_shown_whole_and_nothing_is_subscribed_unwatched(view, spin_until, monkeypatch):
    monkeypatch.setattr("amdanet_ros.ros.view_node._SUBSCRIBED_S", 0.3)
    node, hub = view
    robot = Robot()
    last = [0, None]

    def shown():
        taken = hub.next(last[0], 0)
        if taken is not None:
            last[0], last[1] = taken[0], parsed(taken[1])
        return last[1] is not None and last[1][0]["classes"] and last[1][0]["latencies"]

    def is_watched():
        return robot.fused.get_subscription_count() and robot.rgb.get_subscription_count()

    begun = time.monotonic() + 0.6
    spin_until(lambda: time.monotonic() > begun, node, robot.node)
    assert not is_watched()
    with hub.watching():
        spin_until(is_watched, node, robot.node)
        second, due = 0, 0.0

        def send():
            nonlocal second, due
            if time.monotonic() < due:  # each turn takes one message
                return shown()
            second, due = second % 20 + 1, time.monotonic() + 0.5
            for later in (second, second + 1, second + 2):  # cameras run ahead of the network
                robot.publish_cameras(later)
            robot.publish_outputs(second)
            return shown()

        spin_until(send, node, robot.node)
        described, images = last[1]
        assert set(images) == {"fused", "overlay", "rgb", "thermal"}
        assert abs(int(images["rgb"][9, 9, 0]) - 10 * int(described["stamp"][:-10])) < 4
        assert abs(int(images["fused"][9, 9, 0]) - 100) < 4
        road = {"name": "road", "color": "#ff0000", "area": 0.5, "confidence": 0.75}
        assert described["classes"] == [road]
        assert described["health"]["thermal"] == {"status": "frozen", "reason": "shutter"}
        assert described["latencies"] == {"median": 12.5}
        assert described["notes"] == ["output: late"]
        assert not described["registered"]
    spin_until(lambda: not robot.fused.get_subscription_count(), node, robot.node)
    robot.node.destroy_node()


def test_without_a_node_the_cameras_are_shown(view, spin_until):
    node, hub = view
    robot = Robot()

    def shown():
        robot.publish_cameras(5)
        taken = hub.next(0, 0)
        return taken is not None and len(parsed(taken[1])[1]) == 2

    with hub.watching():
        spin_until(shown, node, robot.node)
    described, images = parsed(hub.next(0, 0)[1])
    assert set(images) == {"rgb", "thermal"}
    assert "is it running" in described["notes"][0]
    robot.node.destroy_node()
