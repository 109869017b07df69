"""Registration in the running node: what is published is what the predictor gives for it."""

import numpy as np
import pytest

pytest.importorskip("rclpy")

from diagnostic_msgs.msg import DiagnosticStatus
from rclpy.parameter import Parameter
from sensor_msgs.msg import CameraInfo

from amdanet_ros.images.rgb import rgb_from_message
from amdanet_ros.images.thermal import thermal_from_message
from amdanet_ros.inference import Predictor
from amdanet_ros.inference.options import PredictOptions
from amdanet_ros.pipeline.options import IDENTITY

FUSED, INFO = "fused/image_raw", "fused/camera_info"
HEIGHT, WIDTH = 64, 96
SHIFT = [1.0, 0.0, 20.0, 0.0, 1.0, 10.0, 0.0, 0.0, 1.0]


def pixels(message):
    return np.frombuffer(message.data, np.uint8).reshape(message.height, message.width, -1)


def camera_info(focal, centre_x):
    k = [focal, 0.0, centre_x, 0.0, focal, 31.5, 0.0, 0.0, 1.0]
    return CameraInfo(height=HEIGHT, width=WIDTH, k=k)


def calibrations(bench, helpers, **infos):
    """Publish calibrations by stream, and wait until the node under test has them."""
    for stream, info in infos.items():
        publisher = bench.node.create_publisher(CameraInfo, f"{stream}/camera_info", 1)
        bench.until(lambda publisher=publisher: bench.are_matched(publisher))
        publisher.publish(info)
        bench.until(lambda stream=stream: helpers.info_came(bench._dut, stream))


def expected(checkpoint, rgb, thermal, homography):
    predictor = Predictor.from_checkpoint(checkpoint, device="cpu", precision="fp32")
    options = PredictOptions(homography=np.array(homography, float))
    return predictor(rgb, thermal, options=options).fused


def output_message(heard):
    return getattr(heard.get("amdanet: output"), "message", "")


def test_both_calibrations_register_the_thermal_image(bench, make_node, checkpoint, heard, helpers):
    node = bench.run(make_node({"thermal.registration_from": "camera_info"}))
    bench.cameras_on()
    bench.listen(FUSED)
    calibrations(bench, helpers, rgb=camera_info(60.0, 47.5))
    bench.pair(1.0)
    bench.until(lambda: helpers.counts(node).dropped["no_camera_info"] == 1)
    bench.until(lambda: "camera_info" in output_message(heard))
    assert heard["amdanet: output"].level == DiagnosticStatus.ERROR
    assert not bench.heard[FUSED]

    calibrations(bench, helpers, thermal=camera_info(60.0, 37.5))
    thermal = bench.thermal(2.0)
    rgb = bench.rgb(2.0)
    bench.until(lambda: bench.heard[FUSED])
    shift = [1, 0, 10, 0, 1, 0, 0, 0, 1]
    images = rgb_from_message(rgb), thermal_from_message(thermal)
    registered = expected(checkpoint, *images, shift)
    np.testing.assert_array_equal(pixels(bench.heard[FUSED][0]), registered)
    assert (registered != expected(checkpoint, *images, IDENTITY)).any()


def test_outputs_show_the_common_view_and_camera_info_says_which(
    bench, make_node, checkpoint, helpers
):
    node = bench.run(make_node({"thermal.registration": SHIFT, "crop_to_common_view": True}))
    bench.cameras_on()
    bench.listen(FUSED)
    bench.listen("segmentation/mask")
    bench.listen(INFO, CameraInfo)
    calibrations(bench, helpers, rgb=camera_info(60.0, 47.5))
    thermal = bench.thermal(1.0)
    rgb = bench.rgb(1.0)
    bench.until(lambda: all(bench.heard.values()))
    fused, mask, info = (bench.heard[t][0] for t in (FUSED, "segmentation/mask", INFO))
    assert (fused.height, fused.width) == (mask.height, mask.width) == (54, 76)
    roi = info.roi
    assert (roi.y_offset, roi.x_offset, roi.height, roi.width) == (10, 20, 54, 76)
    assert list(info.k) == list(camera_info(60.0, 47.5).k)
    assert fused.header == info.header == rgb.header
    cut = rgb_from_message(rgb)[10:, 20:]
    wanted = expected(checkpoint, cut, thermal_from_message(thermal)[:54, :76], IDENTITY)
    # The same but for the percentiles: those of the whole thermal image.
    assert np.abs(pixels(fused).astype(int) - wanted).mean() < 12
    assert helpers.counts(node).published == 1


def test_registration_is_tuned_at_run_time(bench, make_node, heard, helpers):
    node = bench.run(make_node({"crop_to_common_view": True}))
    bench.cameras_on()
    bench.listen(FUSED)
    bench.pair_until_heard(FUSED, 1.0)
    results = node.set_parameters([Parameter("thermal.registration", value=SHIFT)])
    assert all(each.successful for each in results)
    bench.pair_until_heard(FUSED, 1.1)
    assert [m.width for m in bench.heard[FUSED]] == [96, 76]
    away = [1.0, 0.0, 1e4, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0]
    node.set_parameters([Parameter("thermal.registration", value=away)])
    bench.pair(1.2)
    bench.until(lambda: helpers.counts(node).dropped["failed"] == 1)
    bench.until(lambda: "no common field of view" in output_message(heard))
    node.set_parameters([Parameter("thermal.registration", value=list(IDENTITY))])
    bench.pair_until_heard(FUSED, 1.3)
    assert bench.heard[FUSED][-1].width == 96


def test_one_camera_alone_keeps_the_window_of_the_pair(bench, make_node):
    shown = {"thermal.registration": SHIFT, "crop_to_common_view": True}
    bench.run(make_node({**shown, "single_modality": "substitute", "max_wait": 0.6}))
    bench.cameras_on()
    bench.listen(FUSED)
    bench.pair_until_heard(FUSED, 1.0)
    for step, send in enumerate((bench.rgb, bench.thermal, bench.thermal)):
        send(1.5 + step)
        bench.until(lambda n=step: len(bench.heard[FUSED]) == n + 2)
    assert [(m.height, m.width) for m in bench.heard[FUSED]] == [(54, 76)] * 4


def test_a_thermal_camera_alone_from_the_start_stays_in_its_own_pixels(bench, make_node):
    """The homography leads into an RGB image whose size nobody knows."""
    away = [1.0, 0.0, 90.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0]
    alone = {"single_modality": "substitute", "max_wait": 0.05, "thermal.registration": away}
    bench.run(make_node(alone))
    bench.cameras_on()
    bench.listen(FUSED)
    bench.thermal(1.0)
    bench.until(lambda: bench.heard[FUSED])
    assert (bench.heard[FUSED][0].height, bench.heard[FUSED][0].width) == (HEIGHT, WIDTH)
    # A ramp over the whole width: had it been shifted out of the image, the left would be flat.
    assert pixels(bench.heard[FUSED][0])[:, : WIDTH // 2].std() > 1.0
