"""Depth images in the node: taken while the registration wants them, counted, and left again."""

import cv2
import numpy as np
import pytest

pytest.importorskip("diagnostic_msgs")

from diagnostic_msgs.msg import DiagnosticStatus
from rclpy.parameter import Parameter
from sensor_msgs.msg import CameraInfo, CompressedImage

MASK = "segmentation/mask"
DEPTH = "amdanet: depth input"


def values(status):
    return {pair.key: pair.value for pair in status.values}


def test_depth_puts_pairs_in_place_while_it_is_wanted(bench, make_node, heard, helpers):
    node = bench.run(
        make_node({"thermal.registration_from": "depth", "depth.topic": "aligned/depth"})
    )
    bench.cameras_on()
    bench.listen(MASK)
    height, width = helpers.height, helpers.width
    for stream in ("rgb", "thermal"):
        publisher = bench.node.create_publisher(CameraInfo, f"{stream}/camera_info", 1)
        message = CameraInfo(height=height, width=width)
        message.header.frame_id = f"{stream}_optical"
        message.k = [80.0, 0.0, width / 2, 0.0, 80.0, height / 2, 0.0, 0.0, 1.0]

        def came(publisher=publisher, message=message, stream=stream):
            publisher.publish(message)
            return helpers.info_came(node, stream)

        bench.until(came)
    bench.camera("depth", topic="aligned/depth")
    bench.until(lambda: node.camera_pairs[""].subscription.depth.images.offered)
    bench.pair_until_heard(MASK, 1.0)  # before any depth has come

    received = node.camera_pairs[""].subscription.depth.values
    for stamp, changes in ((2.0, {}), (3.0, {"encoding": "rgb8"}), (4.0, {"encoding": "8UC1"})):
        before = received()["Events since startup"]
        depth = np.full((height, width), 3000, np.uint16)
        message = bench.send("depth", depth, {"encoding": "16UC1"} | changes, stamp)
        bench.until(lambda before=before: received()["Events since startup"] > before)
        bench.pair_until_heard(MASK, stamp)
    assert message.header.frame_id == "depth_optical"  # not RGB's: refused too
    bench.until(lambda: DEPTH in heard and values(heard[DEPTH])["Refused"] == "3")
    told = values(heard[DEPTH])
    assert told["Topic"] == "/aligned/depth"
    assert told["Events since startup"] == "3"
    assert (told["Pairs put in place by depth"], told["Pairs put in place by a plane"]) == (
        "0",
        "4",
    )
    bench.until(lambda: heard[DEPTH].level == DiagnosticStatus.WARN)
    assert "/aligned/depth" in heard[DEPTH].message

    depth = np.full((height, width), 3000, np.uint16)
    message = bench.send("depth", depth, {"encoding": "16UC1"}, 5.0)
    message.header.frame_id = "rgb_optical"
    bench.cameras["depth"].publish(message)
    bench.until(lambda: received()["Events since startup"] >= 5)
    bench.pair_until_heard(MASK, 5.0)
    bench.until(lambda: values(heard[DEPTH])["Pairs put in place by depth"] == "1")

    node.set_parameters([Parameter("thermal.registration_from", value="camera_info")])
    heard.clear()
    bench.until(lambda: "amdanet: output" in heard)
    assert DEPTH not in heard
    assert "/aligned/depth" not in [each.topic_name for each in node.subscriptions]
    bench.pair_until_heard(MASK, 6.0)


def test_depth_of_the_compressed_depth_transport_is_taken(bench, make_node):
    topic = "aligned/depth/compressedDepth"
    node = bench.run(make_node({"thermal.registration_from": "depth", "depth.topic": topic}))
    publisher = bench.node.create_publisher(CompressedImage, topic, 1)
    depth = node.camera_pairs[""].subscription.depth
    bench.until(lambda: depth.images.offered)
    png = cv2.imencode(".png", np.full((48, 64), 3000, np.uint16))[1].tobytes()
    message = CompressedImage(format="16UC1; compressedDepth png", data=bytes(12) + png)
    message.header.stamp.sec = 7

    def came():
        publisher.publish(message)
        return depth.near(7_000_000_000)

    bench.until(came)
    np.testing.assert_allclose(depth.near(7_000_000_000).metres, 3.0)
