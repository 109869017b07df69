"""Each camera's health: measured on every frame, in the message and in the diagnostics."""

import threading

import numpy as np
import pytest

pytest.importorskip("diagnostic_msgs")

from amdanet_ros.msg import ModalityHealth, SemanticSegmentation
from diagnostic_msgs.msg import DiagnosticStatus
from rclpy.lifecycle import TransitionCallbackReturn
from sensor_msgs.msg import CompressedImage

from amdanet_ros.pipeline import arrived_image

HEIGHT, WIDTH = 64, 96
SUCCESS = TransitionCallbackReturn.SUCCESS
SEGMENTATION = "segmentation"


def told(heard, stream, words):
    """Whether a stream's status warns in these words, with the health's name as a value."""
    status = heard.get(f"amdanet: {stream} input")
    return status is not None and words in status.message and status.level == DiagnosticStatus.WARN


def health_of(heard, stream):
    status = heard.get(f"amdanet: {stream} input")
    return {pair.key: pair.value for pair in status.values}.get("Health") if status else None


def white(bench, stamp):
    return bench.send("rgb", np.full((HEIGHT, WIDTH, 3), 255, np.uint8), {}, stamp)


def frozen_thermal(bench, stamp):
    counts = (28000 + 30 * np.arange(WIDTH) + np.arange(HEIGHT)[:, None] % 7).astype(np.uint16)
    return bench.send("thermal", counts, {}, stamp)


def test_an_overexposed_image_is_told_in_message_and_diagnostics(bench, make_node, heard):
    bench.run(make_node())
    bench.cameras_on()
    bench.listen(SEGMENTATION, SemanticSegmentation)
    messages = bench.heard[SEGMENTATION]
    bench.pair_until_heard(SEGMENTATION, 1.0)
    bench.thermal(1.1)
    white(bench, 1.1)
    bench.until(lambda: len(messages) == 2)
    bench.until(lambda: told(heard, "rgb", "saturated"))
    bench.pair_until_heard(SEGMENTATION, 1.2)
    bench.until(lambda: health_of(heard, "rgb") == "OK")
    good, glare, again = (message.rgb_health for message in messages)
    assert (good.status, good.reason) == (ModalityHealth.OK, "")
    assert glare.status == ModalityHealth.DEGRADED
    assert "100% of the image is saturated" in glare.reason
    assert (glare.saturated, glare.dark, glare.contrast) == (1.0, 0.0, 0.0)
    assert again.status == ModalityHealth.OK
    assert all(m.thermal_health.status == ModalityHealth.OK for m in messages)


def test_a_frozen_camera_is_told_and_forgotten_when_it_moves_again(bench, make_node, heard):
    """As in an FFC: the shutter is down, the same image comes again, with new stamps."""
    bench.run(make_node())
    bench.cameras_on()
    bench.listen(SEGMENTATION, SemanticSegmentation)
    messages = bench.heard[SEGMENTATION]
    for step in range(6):
        frozen_thermal(bench, 1.0 + 0.1 * step)
        bench.rgb(1.0 + 0.1 * step)
        bench.until(lambda n=step: len(messages) == n + 1)
    bench.until(lambda: told(heard, "thermal", "the same image for 0.5 s"))
    bench.pair_until_heard(SEGMENTATION, 1.6)
    bench.until(lambda: health_of(heard, "thermal") == "OK")
    frozen = [message.thermal_health.status == ModalityHealth.FROZEN for message in messages]
    assert frozen == [False] * 4 + [True] * 2 + [False]
    assert "shutter" in messages[5].thermal_health.reason


def test_frames_that_nobody_computes_are_judged_too(bench, make_node, heard, helpers):
    """No output has a subscriber, and the RGB camera has no partner: the operator sees it still."""
    node = bench.run(make_node())
    bench.cameras_on()
    for step in range(6):
        white(bench, 1.0 + 0.1 * step)
        bench.arrived()
    bench.until(lambda: told(heard, "rgb", "saturated"))
    assert "frozen: the same image for 0.5 s" in heard["amdanet: rgb input"].message
    assert helpers.counts(node).offered == 0


def test_what_is_cut_off_does_not_count(bench, make_node, heard):
    """Telemetry rows at full scale over a dead image."""
    bench.run(make_node({"thermal.crop": [40, 0, 0, 0]}))
    bench.cameras_on()
    counts = np.zeros((HEIGHT, WIDTH), np.uint16)
    counts[:40] = 30000
    bench.send("thermal", counts, {}, 1.0)
    bench.until(lambda: told(heard, "thermal", "100% of the image is dark"))


def test_a_driver_without_stamps_is_judged_by_its_frames(bench, make_node, heard):
    bench.run(make_node())
    bench.cameras_on()
    for _ in range(9):
        frozen_thermal(bench, 0.0)
        bench.arrived()
    bench.until(lambda: told(heard, "thermal", "the same image 9 times"))


def compressed(helpers, pixels, stamp):
    from std_msgs.msg import Header

    from amdanet_ros.messages.image import compressed_message
    from amdanet_ros.ros.message_types import RclpyTypes

    return compressed_message(RclpyTypes(), pixels, Header(stamp=helpers.time_of(stamp)), 90)


def test_compressed_images_that_nobody_computes_are_judged_too(bench, make_node, heard, helpers):
    node = bench.run(make_node({"rgb.transport": "compressed"}))
    camera = bench.camera("rgb", message_type=CompressedImage, topic="rgb/image_raw/compressed")
    for step in range(6):
        camera.publish(compressed(helpers, np.full((HEIGHT, WIDTH, 3), 255, np.uint8), step / 10))
        bench.sent["rgb"] += 1
        bench.arrived()
    bench.until(lambda: told(heard, "rgb", "saturated"))
    assert helpers.counts(node).offered == 0
    threads = {each.name for each in threading.enumerate()}
    assert "rgb health" in threads
    assert node.trigger_deactivate() == SUCCESS
    assert "rgb health" not in {each.name for each in threading.enumerate()}


def test_grey_thermal_in_three_channels_is_judged_when_it_comes(bench, make_node, heard):
    bench.run(make_node())
    bench.camera("thermal")
    bench.send("thermal", np.zeros((HEIGHT, WIDTH, 3), np.uint8), {}, 1.0)
    bench.until(lambda: told(heard, "thermal", "100% of the image is dark"))


def test_compressed_images_carry_their_health_in_the_message(
    bench, make_node, heard, helpers, monkeypatch
):
    decoded = []
    real = arrived_image.rgb_from_message
    monkeypatch.setattr(
        arrived_image, "rgb_from_message", lambda *given: decoded.append(1) or real(*given)
    )
    node = bench.run(make_node({"rgb.transport": "compressed"}))
    bench.camera("rgb", message_type=CompressedImage, topic="rgb/image_raw/compressed")
    bench.camera("thermal")
    bench.listen(SEGMENTATION, SemanticSegmentation)
    dark = np.zeros((HEIGHT, WIDTH, 3), np.uint8)
    bench.cameras["rgb"].publish(compressed(helpers, dark, 1.0))
    bench.thermal(1.0)
    bench.until(lambda: bench.heard[SEGMENTATION])
    health = bench.heard[SEGMENTATION][0].rgb_health
    assert health.status == ModalityHealth.DEGRADED
    assert health.dark == 1.0
    bench.until(lambda: told(heard, "rgb", "100% of the image is dark"))
    assert helpers.counts(node).published == 1
    assert len(decoded) == 1  # for its health and for its pair
