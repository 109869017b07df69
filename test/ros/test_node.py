"""The node over real DDS: pairs in, images out."""

import threading

import numpy as np
import pytest

from amdanet_ros.inference import Predictor

FUSED, MASK = "fused/image_raw", "segmentation/mask"


def pixels(message):
    channels = message.step // message.width
    shape = (message.height, message.width, channels)[: 3 if channels > 1 else 2]
    return np.frombuffer(message.data, np.uint8).reshape(shape)


@pytest.fixture
def wants(monkeypatch):
    """What the network was asked for, call by call."""
    asked = []
    real = Predictor.__call__

    def spy(self, rgb, thermal, needed, options):
        asked.append(set(needed))
        return real(self, rgb, thermal, needed, options)

    monkeypatch.setattr(Predictor, "__call__", spy)
    return asked


def test_a_pair_comes_out_with_the_rgb_header(bench, make_node):
    bench.run(make_node())
    bench.cameras_on()
    bench.listen(FUSED)
    bench.listen(MASK)
    sent = bench.pair(100.0, offset=0.004)
    bench.until(lambda: bench.heard[FUSED] and bench.heard[MASK])
    fused, mask = bench.heard[FUSED][0], bench.heard[MASK][0]
    assert fused.header == mask.header == sent.header
    assert (fused.encoding, mask.encoding) == ("rgb8", "mono8")
    assert (fused.height, fused.width) == (mask.height, mask.width) == (64, 96)
    assert pixels(mask).max() < 9


def test_every_output_of_a_pair_agrees_with_the_predictor(bench, make_node, checkpoint, helpers):
    from amdanet_ros.msg import SemanticSegmentation
    from sensor_msgs.msg import CameraInfo, CompressedImage

    from amdanet_ros.images.rgb import rgb_from_message
    from amdanet_ros.images.thermal import thermal_from_message

    node = bench.run(make_node({"confidence_threshold": 0.4}))
    bench.cameras_on()
    info = bench.node.create_publisher(CameraInfo, "rgb/camera_info", 1)
    for topic in (FUSED, MASK, "segmentation/confidence", "segmentation/overlay"):
        bench.listen(topic)
    bench.listen("fused/image_raw/compressed", CompressedImage)
    bench.listen("fused/camera_info", CameraInfo)
    bench.listen("segmentation", SemanticSegmentation)
    bench.until(lambda: bench.are_matched(info))
    info.publish(CameraInfo(height=64, width=96, k=[float(i) for i in range(9)]))
    bench.until(lambda: helpers.info_came(node, "rgb"))
    thermal = bench.thermal(7.004)
    rgb = bench.rgb(7.0)
    bench.until(lambda: all(bench.heard.values()))
    heard = {topic: messages[0] for topic, messages in bench.heard.items()}
    assert all(message.header == rgb.header for message in heard.values())

    predictor = Predictor.from_checkpoint(checkpoint, device="cpu", precision="fp32")
    expected = predictor(rgb_from_message(rgb), thermal_from_message(thermal))
    mask = expected.mask(0.4)
    assert 0 < (mask == 255).mean() < 1
    np.testing.assert_array_equal(pixels(heard[FUSED]), expected.fused)
    np.testing.assert_array_equal(pixels(heard[MASK]), mask)
    confidence = pixels(heard["segmentation/confidence"])
    assert np.abs(confidence - 255.0 * expected.confidence).max() <= 0.51
    close = rgb_from_message(heard["fused/image_raw/compressed"]).astype(int) - expected.fused
    assert np.abs(close).mean() < 12
    assert list(heard["fused/camera_info"].k) == list(range(9))
    overlay = pixels(heard["segmentation/overlay"])
    assert (overlay[mask == 255] == expected.fused[mask == 255]).all()

    segmentation = heard["segmentation"]
    np.testing.assert_array_equal(pixels(segmentation.mask), mask)
    assert list(segmentation.class_names) == list(predictor.classes.names)
    assert segmentation.class_colors[1].b == pytest.approx(128 / 255)
    statistics = expected.class_statistics(0.4)
    np.testing.assert_allclose(segmentation.class_areas, statistics.areas, atol=1e-6)
    np.testing.assert_allclose(segmentation.class_confidences, statistics.confidences, atol=1e-5)
    assert (segmentation.time_offset.sec, segmentation.time_offset.nanosec) == (0, 4_000_000)
    assert segmentation.rgb_health.status == 0
    assert segmentation.rgb_health.contrast > 0.1


def test_what_nobody_hears_is_not_computed(bench, make_node, wants, helpers):
    node = bench.run(make_node())
    bench.cameras_on()
    bench.pair(1.0)
    bench.until(lambda: helpers.counts(node).dropped["no_subscriber"] == 1)
    assert wants == []
    subscription = bench.listen(MASK)
    bench.pair_until_heard(MASK, 1.1)
    assert wants == [{"labels"}]
    bench.listen(FUSED)
    bench.pair_until_heard(FUSED, 1.2)
    assert wants[-1] == {"labels", "fused"}
    bench.node.destroy_subscription(subscription)
    outputs = node.camera_pairs[""].outputs
    bench.until(lambda: outputs.needed() == {"fused"})
    bench.pair_until_heard(FUSED, 1.3)
    assert wants[-1] == {"fused"}


def test_camera_info_alone_needs_no_network(bench, make_node, wants, helpers):
    from sensor_msgs.msg import CameraInfo

    node = bench.run(make_node())
    bench.cameras_on()
    bench.listen("fused/camera_info", CameraInfo)
    info = bench.node.create_publisher(CameraInfo, "rgb/camera_info", 1)
    bench.until(lambda: bench.are_matched(info))
    info.publish(CameraInfo(width=96))
    bench.until(lambda: helpers.info_came(node, "rgb"))
    sent = bench.pair_until_heard("fused/camera_info", 5.0)
    assert bench.heard["fused/camera_info"][0].header == sent.header
    assert wants == []


def test_a_slow_network_takes_the_newest_pair_and_keeps_order(bench, make_node, helpers, held):
    started, gate = held
    node = bench.run(make_node())
    bench.cameras_on()
    bench.listen(MASK)
    bench.pair(1.0)
    bench.until(lambda: started.acquire(blocking=False))
    for step in range(1, 9):
        bench.pair(1.0 + 0.1 * step)
    bench.until(lambda: helpers.counts(node).offered == 9)
    gate.release(9)
    bench.until(lambda: len(bench.heard[MASK]) == 2)
    assert [helpers.stamp_of(m) for m in bench.heard[MASK]] == [1.0, 1.8]
    counts = helpers.counts(node)
    assert counts.dropped["replaced"] == 7
    assert counts.offered == counts.published + sum(counts.dropped.values())


def test_nothing_slow_runs_under_a_lock(bench, make_node, monkeypatch):
    """Else a thread that only counts or submits would wait for the network or the graph."""
    from amdanet_ros.pairing import PairSynchronizer
    from amdanet_ros.pipeline import arrived_image
    from amdanet_ros.pipeline.health import HealthMonitor
    from amdanet_ros.ros.outputs import OutputPublishers

    node = bench.run(make_node())
    pair = node.camera_pairs[""]
    # Locks that know whether it is this thread that holds them.
    pair.counters._lock, pair._warn._lock = threading.RLock(), threading.RLock()
    held = {}

    def watch(owner, name):
        real = getattr(owner, name)

        def watched(*arguments, **options):
            locks = (pair.counters._lock, pair._warn._lock, node._worker._change)
            held.setdefault(name, []).append(any(lock._is_owned() for lock in locks))
            return real(*arguments, **options)

        monkeypatch.setattr(owner, name, watched)

    slow = (
        (HealthMonitor, "check_rgb"),
        (HealthMonitor, "check_thermal"),
        (PairSynchronizer, "add_rgb"),
        (PairSynchronizer, "add_thermal"),
        (arrived_image, "rgb_from_message"),
        (arrived_image, "thermal_from_message"),
        (Predictor, "__call__"),
        (OutputPublishers, "publish"),
    )
    bench.cameras_on()
    bench.listen(MASK)
    for owner, name in slow:
        watch(owner, name)
    bench.pair_until_heard(MASK, 1.0)
    assert held == {name: [False] for _, name in slow}


def test_a_network_that_fails_on_one_pair_takes_the_next(bench, make_node, helpers, monkeypatch):
    real = Predictor.__call__
    failures = [RuntimeError("device lost"), ValueError("image too small")]

    def failing(self, *arguments):
        if failures:
            raise failures.pop()
        return real(self, *arguments)

    monkeypatch.setattr(Predictor, "__call__", failing)
    node = bench.run(make_node())
    bench.cameras_on()
    bench.listen(MASK)
    for number in (1, 2):
        bench.pair(number)
        bench.until(lambda n=number: helpers.counts(node).dropped["failed"] == n)
    assert "device lost" in helpers.counts(node).last_failure.values["cause"]
    bench.pair_until_heard(MASK, 3.0)
    assert helpers.stamp_of(bench.heard[MASK][0]) == 3.0
    bench.until(lambda: helpers.counts(node).last_failure is None)


def test_pairs_older_than_max_age_are_dropped(bench, make_node, helpers):
    node = bench.run(make_node({"max_age": 0.75}))
    bench.cameras_on()
    bench.listen(MASK)
    now = node.get_clock().now().nanoseconds * 1e-9
    bench.pair(now - 3.0)
    bench.until(lambda: helpers.counts(node).dropped["too_old"] == 1)
    bench.until(lambda: node.set_parameters([parameter("max_age", 0.0)])[0].successful)
    bench.pair_until_heard(MASK, now - 2.9)
    assert len(bench.heard[MASK]) == 1


def test_compressed_images_are_subscribed_by_parameter(bench, make_node, helpers):
    import cv2
    from sensor_msgs.msg import CompressedImage

    bench.run(make_node({"rgb.transport": "compressed", "thermal.transport": "compressed"}))
    for stream in ("rgb", "thermal"):
        bench.camera(stream, message_type=CompressedImage, topic=f"{stream}/image_raw/compressed")
    bench.listen(MASK)
    rgb = np.zeros((64, 96, 3), np.uint8)
    counts = np.full((48, 64), 30000, np.uint16)
    for stream, extension, pixels in (("thermal", ".png", counts), ("rgb", ".jpg", rgb)):
        message = CompressedImage(format=extension[1:])
        message.header.stamp = helpers.time_of(2.0)
        message.data = cv2.imencode(extension, pixels)[1].tobytes()
        bench.cameras[stream].publish(message)
    bench.until(lambda: bench.heard[MASK])
    assert (bench.heard[MASK][0].height, bench.heard[MASK][0].width) == (64, 96)


def test_sizes_may_differ_and_change(bench, make_node):
    bench.run(make_node({"thermal.crop": [2, 0, 0, 0], "inference_size": [32, 64]}))
    bench.cameras_on()
    bench.listen(MASK)
    for stamp, (height, width) in ((1.0, (96, 128)), (1.1, (70, 90))):
        count = len(bench.heard[MASK])
        bench.thermal(stamp)
        pixels = np.zeros((height, width, 3), np.uint8)
        bench.send("rgb", pixels, {"encoding": "bgr8"}, stamp)
        bench.until(lambda c=count: len(bench.heard[MASK]) > c)
        assert (bench.heard[MASK][-1].height, bench.heard[MASK][-1].width) == (height, width)


def test_label_info_reaches_late_joiners(bench, make_node, checkpoint):
    messages = pytest.importorskip("vision_msgs.msg")
    from amdanet_ros.ros.qos import LATCHED_QOS

    bench.run(make_node({"confidence_threshold": 0.25}))
    heard = []
    bench.node.create_subscription(
        messages.LabelInfo, "segmentation/label_info", heard.append, LATCHED_QOS
    )
    bench.until(lambda: heard)
    assert [each.class_id for each in heard[0].class_map] == list(range(9))
    assert heard[0].class_map[2].class_name == "person"
    assert heard[0].threshold == pytest.approx(0.25)
    assert heard[0].header.stamp.sec == heard[0].header.stamp.nanosec == 0


def test_label_info_comes_again_where_frame_or_threshold_change_and_only_then(bench, make_node):
    messages = pytest.importorskip("vision_msgs.msg")
    from amdanet_ros.ros.qos import LATCHED_QOS

    node = bench.run(make_node({"confidence_threshold": 0.25}))
    bench.cameras_on()
    bench.listen(MASK)
    bench.listen("segmentation/label_info", messages.LabelInfo, LATCHED_QOS)
    heard = bench.heard["segmentation/label_info"]
    bench.until(lambda: heard)
    for step in range(3):
        bench.pair_until_heard(MASK, 1.0 + 0.1 * step)
    for name, value in (("overlay_alpha", 0.1), ("confidence_threshold", 0.5)):
        assert node.set_parameters([parameter(name, value)])[0].successful
        bench.pair_until_heard(MASK, 2.0 + value)
    bench.until(lambda: len(heard) == 3)
    told = [(each.header.frame_id, each.threshold) for each in heard]
    assert told == [("", 0.25), ("rgb_optical", 0.25), ("rgb_optical", 0.5)]


def parameter(name, value):
    from rclpy.parameter import Parameter

    return Parameter(name, value=value)
