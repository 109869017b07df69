"""Several camera pairs in one node: one network, everything else of their own."""

import itertools

import numpy as np
import pytest

pytest.importorskip("diagnostic_msgs")

from diagnostic_msgs.msg import DiagnosticStatus
from rclpy.lifecycle import TransitionCallbackReturn
from rclpy.parameter import Parameter

SUCCESS = TransitionCallbackReturn.SUCCESS
MASKS = {"front": "front/segmentation/mask", "rear": "rear/segmentation/mask"}


@pytest.fixture
def make_pairs(make_node):
    """A function that makes a node with the camera pairs front and rear."""
    return lambda parameters=None: make_node({"pairs": ["front", "rear"], **(parameters or {})})


def pixels(message):
    shape = (message.height, message.width, message.step // message.width)
    return np.frombuffer(message.data, np.uint8).reshape(shape)


def test_each_camera_pair_has_its_topics_options_and_normaliser(bench, make_pairs, checkpoint):
    from amdanet_ros.images.rgb import rgb_from_message
    from amdanet_ros.images.thermal import thermal_from_message
    from amdanet_ros.inference import Predictor

    options = {"confidence_threshold": 1.0, "rear.confidence_threshold": 0.0}
    node = bench.run(make_pairs(options))
    for pair, mask in MASKS.items():
        bench.cameras_on(f"{pair}/")
        bench.listen(mask)
        bench.listen(f"{pair}/fused/image_raw")
    predictor = Predictor.from_checkpoint(checkpoint, device="cpu", precision="fp32")
    for pair, mask in MASKS.items():
        # A rear camera that is far colder: with front's bounds it would be black.
        cold = {"data": np.full((64, 96), 9000, np.uint16) + np.arange(96, dtype=np.uint16)}
        changes = {"data": cold["data"].tobytes()} if pair == "rear" else {}
        thermal = bench.thermal(1.0, f"{pair}/", **changes)
        rgb = bench.rgb(1.0, f"{pair}/")
        bench.until(lambda m=mask, p=pair: bench.heard[m] and bench.heard[f"{p}/fused/image_raw"])
        fused = bench.heard[f"{pair}/fused/image_raw"][0]
        assert fused.header == bench.heard[mask][0].header == rgb.header
        expected = predictor(rgb_from_message(rgb), thermal_from_message(thermal)).fused
        np.testing.assert_array_equal(pixels(fused), expected)
    assert set(bench.heard[MASKS["front"]][0].data) == {255}
    assert max(bench.heard[MASKS["rear"]][0].data) < 9
    assert all(each.pipeline.predictor is node.predictor for each in node.camera_pairs.values())


def test_a_fast_camera_pair_leaves_the_slow_one_its_turn(bench, make_pairs, helpers, held):
    started, gate = held
    node = bench.run(make_pairs())
    for pair, mask in MASKS.items():
        bench.cameras_on(f"{pair}/")
        bench.listen(mask)
    front, rear = (bench.heard[mask] for mask in MASKS.values())
    bench.pair(1.0, of="front/")
    bench.until(lambda: started.acquire(blocking=False))
    for step in range(1, 9):
        bench.pair(1.0 + 0.1 * step, of="front/")
    bench.until(lambda: helpers.counts(node, "front").offered == 9)
    bench.pair(1.0, of="rear/")
    bench.until(lambda: helpers.counts(node, "rear").offered == 1)
    gate.release(2)
    bench.until(lambda: rear and front)
    assert [helpers.stamp_of(m) for m in front] == [helpers.stamp_of(m) for m in rear] == [1.0]
    gate.release()
    bench.until(lambda: len(front) == 2)
    assert helpers.stamp_of(front[1]) == 1.8
    assert helpers.counts(node, "front").dropped["replaced"] == 7
    assert helpers.counts(node, "rear").dropped["replaced"] == 0


def test_a_camera_pair_that_fails_does_not_stop_the_other(bench, make_pairs, helpers, heard):
    """In front the thermal camera is off, and the RGB images are bad, then good."""
    node = bench.run(make_pairs())
    bench.camera("front/rgb")
    bench.cameras_on("rear/")
    bench.listen(MASKS["rear"])
    for step in range(4):
        bench.rgb(1.0 + 0.1 * step, "front/", **({"step": 5} if step < 2 else {}))
        bench.pair_until_heard(MASKS["rear"], 1.0 + 0.1 * step, of="rear/")
    assert helpers.counts(node, "rear").published == 4
    assert helpers.counts(node, "front").refused == {"rgb": 2}
    assert helpers.counts(node, "front").offered == 0
    stamps = itertools.count(2)

    def is_rear_well():
        bench.pair(float(next(stamps)), of="rear/")  # else it would soon be silent
        status = heard.get("amdanet: rear/thermal input")
        return status is not None and status.level == DiagnosticStatus.OK

    bench.until(is_rear_well)
    dead = heard["amdanet: front/thermal input"]
    assert dead.level == DiagnosticStatus.ERROR
    assert "nobody publishes /front/thermal/image_raw" in dead.message
    assert "remap front/thermal/image_raw" in dead.message


def test_a_network_that_fails_on_one_camera_pair_serves_the_other(
    bench, make_pairs, helpers, monkeypatch
):
    from amdanet_ros.inference import Predictor

    real = Predictor.__call__

    def failing(self, rgb, *arguments):
        if rgb.max() == 0:
            raise RuntimeError("device lost")
        return real(self, rgb, *arguments)

    monkeypatch.setattr(Predictor, "__call__", failing)
    node = bench.run(make_pairs())
    for pair, mask in MASKS.items():
        bench.cameras_on(f"{pair}/")
        bench.listen(mask)
    bench.thermal(1.0, "front/")
    bench.send("front/rgb", np.zeros((64, 96, 3), np.uint8), {}, 1.0)
    bench.until(lambda: helpers.counts(node, "front").dropped["failed"] == 1)
    bench.pair_until_heard(MASKS["rear"], 1.0, of="rear/")
    assert helpers.counts(node, "rear").last_failure is None
    assert "device lost" in helpers.counts(node, "front").last_failure.values["cause"]


def test_each_camera_pair_has_its_diagnostics(bench, make_pairs, heard):
    bench.run(make_pairs())
    bench.cameras_on("rear/")
    for step in range(12):
        bench.pair(100.0 + 0.1 * step, offset=-5.0, of="rear/")
    bench.until(
        lambda: (
            "amdanet: rear/pairing" in heard
            and "rear.sync.thermal_offset" in heard["amdanet: rear/pairing"].message
        )
    )
    parts = ("rgb input", "thermal input", "pairing", "output")
    named = {f"amdanet: {pair}/{part}" for pair in MASKS for part in parts}
    assert set(heard) == {"amdanet: node", *named}
    assert heard["amdanet: front/pairing"].level == DiagnosticStatus.OK


def test_parameters_of_one_camera_pair_change_at_run_time(bench, make_pairs):
    node = bench.run(make_pairs())
    assert node.set_parameters([Parameter("rear.sync.slop", value=0.2)])[0].successful
    pairs = node.camera_pairs
    assert pairs["rear"].subscription.synchronizer.options.slop == pytest.approx(0.2)
    assert pairs["front"].subscription.synchronizer.options.slop == pytest.approx(0.05)
    refused = node.set_parameters([Parameter("sync.slop", value=0.3)])[0]
    assert not refused.successful
    assert "front.sync.slop and rear.sync.slop" in refused.reason


def test_a_reset_clears_the_queues_of_all_camera_pairs(bench, make_pairs, helpers, held):
    from std_srvs.srv import Trigger

    started, gate = held
    node = bench.run(make_pairs())
    for pair, mask in MASKS.items():
        bench.cameras_on(f"{pair}/")
        bench.listen(mask)
    bench.pair(1.0, of="front/")
    bench.until(lambda: started.acquire(blocking=False))
    for pair in MASKS:
        bench.pair(1.1, of=f"{pair}/")
        bench.until(lambda p=pair: helpers.pairing(node, p).pairs == (2 if p == "front" else 1))
    client = bench.node.create_client(Trigger, "amdanet/reset")
    bench.until(client.service_is_ready)
    answer = client.call_async(Trigger.Request())
    bench.until(answer.done)
    assert [helpers.counts(node, pair).dropped["reset"] for pair in MASKS] == [1, 1]
    gate.release(2)
    bench.until(lambda: len(bench.heard[MASKS["front"]]) == 1)
    bench.pair_until_heard(MASKS["rear"], 2.0, of="rear/")


def test_camera_pairs_change_between_two_configurations(bench, make_node, helpers):
    node = make_node({"autostart": False})
    pairs = Parameter("pairs", value=["front", "rear"])
    assert node.trigger_configure() == SUCCESS
    refused = node.set_parameters([pairs])[0]
    assert not refused.successful
    assert "read-only after configure" in refused.reason
    assert node.trigger_cleanup() == SUCCESS
    assert node.set_parameters([pairs])[0].successful
    assert node.set_parameters([Parameter("rear.sync.slop", value=0.2)])[0].successful
    assert node.trigger_configure() == SUCCESS
    assert node.trigger_activate() == SUCCESS
    assert node.camera_pairs["rear"].settings.sync.slop == 0.2
    assert {"/front/rgb/image_raw", "/rear/thermal/image_raw"} <= {
        each.topic_name for each in node.subscriptions
    }
    assert "/rgb/image_raw" not in {each.topic_name for each in node.subscriptions}
    bench.run(node)
    bench.cameras_on("rear/")
    bench.listen(MASKS["rear"])
    bench.pair_until_heard(MASKS["rear"], 1.0, of="rear/")
    assert helpers.counts(node, "rear").published == 1
