"""Streams as they come from robots: bad messages, loops, cameras that stop, clocks that jump."""

import cv2
import numpy as np
import pytest

MASK = "segmentation/mask"


@pytest.mark.parametrize(
    ("stream", "changes"),
    [
        ("rgb", {"data": b""}),
        ("rgb", {"step": 5}),
        ("rgb", {"height": 65}),
        ("rgb", {"encoding": "nonsense"}),
        ("thermal", {"encoding": "rgb8", "step": 288}),
        ("thermal", {"width": 0}),
    ],
)
def test_a_bad_message_is_dropped_and_counted_and_the_next_good_one_works(
    bench, make_node, helpers, capfd, stream, changes
):
    node = bench.run(make_node())
    bench.cameras_on()
    bench.listen(MASK)
    for step in range(3):
        stamp = 1.0 + 0.1 * step
        getattr(bench, stream)(stamp, **changes)
        bench.until(lambda n=step: helpers.counts(node).refused.get(stream) == n + 1)
    assert f"image dropped: /{stream}/image_raw: " in capfd.readouterr().err
    bench.pair_until_heard(MASK, 2.0)
    assert [helpers.stamp_of(m) for m in bench.heard[MASK]] == [2.0]


def test_an_image_that_does_not_decode_is_dropped_and_the_next_one_works(bench, make_node, helpers):
    from sensor_msgs.msg import CompressedImage

    node = bench.run(make_node({"rgb.transport": "compressed"}))
    bench.camera("rgb", message_type=CompressedImage, topic="rgb/image_raw/compressed")
    bench.camera("thermal")
    bench.listen(MASK)
    png = cv2.imencode(".png", np.zeros((helpers.height, helpers.width, 3), np.uint8))[1].tobytes()
    broken = CompressedImage(format="png", data=png[:41] + bytes(len(png) - 53) + png[-12:])
    broken.header.stamp.sec = 1
    bench.thermal(1.0)
    bench.cameras["rgb"].publish(broken)
    bench.until(lambda: helpers.counts(node).dropped["bad_image"] == 1)
    assert helpers.counts(node).refused == {"rgb": 1}


def test_each_lap_of_a_looping_recording_yields_as_many_pairs(bench, make_node, helpers):
    node = bench.run(make_node())
    bench.cameras_on()
    bench.listen(MASK)
    laps, frames = 3, 12
    for _ in range(laps):
        for frame in range(frames):
            # The last thermal image of a lap is missing, as where a recording is cut.
            if frame < frames - 1:
                bench.thermal(50.0 + frame / 10 + 0.003)
            bench.rgb(50.0 + frame / 10)
            bench.arrived()
    pairs = helpers.pairing(node).pairs
    assert laps * (frames - 1) - 2 * (laps - 1) <= pairs <= laps * (frames - 1)
    bench.until(lambda: is_done(helpers.counts(node)))
    assert helpers.counts(node).offered == pairs
    for message in bench.heard[MASK]:
        assert 50.0 <= helpers.stamp_of(message) < 51.2


def is_done(counts):
    return counts.offered == counts.published + sum(counts.dropped.values())


def test_a_camera_that_stops_and_comes_back_pairs_at_once(bench, make_node, helpers):
    bench.run(make_node())
    bench.cameras_on()
    bench.listen(MASK)
    for step in range(3):
        bench.pair_until_heard(MASK, 1.0 + 0.1 * step)
    for step in range(20):
        bench.rgb(1.3 + 0.1 * step)
        bench.arrived()
    bench.pair_until_heard(MASK, 3.3)
    assert helpers.stamp_of(bench.heard[MASK][-1]) == 3.3


def test_a_publisher_that_is_started_anew_goes_on(bench, make_node):
    bench.run(make_node())
    bench.cameras_on()
    bench.listen(MASK)
    bench.pair_until_heard(MASK, 1.0)
    bench.node.destroy_publisher(bench.cameras["thermal"])
    bench.camera("thermal")
    bench.pair_until_heard(MASK, 1.1)


def test_wild_stamps_do_not_poison_the_pairing(bench, make_node):
    bench.run(make_node())
    bench.cameras_on()
    bench.listen(MASK)
    bench.pair_until_heard(MASK, 10.0)
    bench.rgb(0.0)
    bench.rgb(1e9)
    bench.thermal(5e8)
    bench.pair(10.1)
    bench.pair_until_heard(MASK, 10.2)


def test_a_slow_thermal_image_serves_again_by_choice(bench, make_node, helpers):
    bench.run(make_node({"sync.reuse_thermal": True, "sync.slop": 0.2}))
    bench.cameras_on()
    bench.listen(MASK)
    bench.pair_until_heard(MASK, 1.0)
    for step in (1, 2, 3):
        bench.rgb(1.0 + 0.03 * step)
        bench.until(lambda n=step: len(bench.heard[MASK]) == n + 1)
    assert helpers.stamp_of(bench.heard[MASK][-1]) == 1.09


def test_substitute_goes_on_with_the_healthy_camera_and_says_so(bench, make_node, helpers):
    from amdanet_ros.msg import ModalityHealth, SemanticSegmentation

    node = bench.run(make_node({"single_modality": "substitute", "max_wait": 1.0}))
    bench.cameras_on()
    bench.listen("segmentation", SemanticSegmentation)
    heard = bench.heard["segmentation"]
    bench.pair_until_heard("segmentation", 1.0)
    for step in (1, 2):  # the first one waits for max_wait, the second one no longer
        bench.rgb(1.0 + 0.1 * step)
        bench.until(lambda n=step: len(heard) == n + 1)
        assert heard[step].thermal_health.status == ModalityHealth.LOST
        assert "is used for it" in heard[step].thermal_health.reason
        assert heard[step].rgb_health.status == ModalityHealth.OK
    bench.thermal(1.3)
    bench.arrived()
    bench.rgb(1.3)
    bench.until(lambda: len(heard) == 4)
    assert heard[3].thermal_health.status == heard[3].rgb_health.status == ModalityHealth.OK
    bench.thermal(1.4)
    bench.until(lambda: len(heard) == 5)
    assert heard[4].rgb_health.status == ModalityHealth.LOST
    assert heard[4].header.frame_id == "rgb_optical"
    assert (heard[4].mask.height, heard[4].mask.width) == (helpers.height, helpers.width)
    assert [helpers.stamp_of(m) for m in heard] == [1.0, 1.1, 1.2, 1.3, 1.4]
    bench.until(lambda: helpers.counts(node).single == 3)


def test_without_substitute_nothing_comes_from_one_camera(bench, make_node, helpers):
    node = bench.run(make_node({"max_wait": 0.02}))
    bench.cameras_on()
    bench.listen(MASK)
    for step in range(5):
        bench.rgb(1.0 + 0.1 * step)
        bench.arrived()
    bench.pair_until_heard(MASK, 2.0)
    assert len(bench.heard[MASK]) == 1
    assert helpers.counts(node).offered == 1


def test_reset_forgets_queues_the_waiting_pair_and_running_statistics(
    bench, make_node, held, helpers
):
    from std_srvs.srv import Trigger

    started, gate = held
    node = bench.run(make_node())
    bench.cameras_on()
    bench.listen(MASK)
    bench.pair(1.0)
    bench.until(lambda: started.acquire(blocking=False))
    bench.pair(1.1)
    bench.rgb(1.2)
    bench.until(lambda: helpers.counts(node).offered == 2)
    bench.until(lambda: helpers.pairing(node).rgb.received == 3)
    client = bench.node.create_client(Trigger, "amdanet/reset")
    bench.until(client.service_is_ready)
    answer = client.call_async(Trigger.Request())
    bench.until(answer.done)
    assert answer.result().success
    assert helpers.counts(node).dropped["reset"] == 1
    assert helpers.pairing(node).rgb.unmatched["reset"] == 1
    gate.release(2)
    bench.until(lambda: len(bench.heard[MASK]) == 1)
    pipeline = node.camera_pairs[""].pipeline
    assert pipeline._normalizer.bounds is not None
    seen = []
    reset = pipeline.reset
    pipeline.reset = lambda: (reset(), seen.append(pipeline._normalizer.bounds))
    bench.pair_until_heard(MASK, 2.0)
    assert seen == [None]


def test_simulated_time_that_jumps_back_resets_the_pairing(bench, make_node, helpers):
    from rosgraph_msgs.msg import Clock

    node = bench.run(make_node({"use_sim_time": True, "max_age": 1.0}))
    clock = bench.node.create_publisher(Clock, "/clock", 10)
    bench.cameras_on()
    bench.listen(MASK)

    def set_clock(seconds):
        def is_set():
            clock.publish(Clock(clock=helpers.time_of(seconds)))
            return node.get_clock().now().nanoseconds == round(seconds * 1e9)

        bench.until(is_set)

    set_clock(100.0)
    bench.pair_until_heard(MASK, 100.0)
    bench.rgb(100.1)
    bench.until(lambda: helpers.pairing(node).rgb.received == 2)
    set_clock(90.0)
    assert helpers.pairing(node).rgb.unmatched["reset"] == 1
    bench.pair_until_heard(MASK, 90.0)
    set_clock(95.0)
    bench.pair(90.1)
    bench.until(lambda: helpers.counts(node).dropped["too_old"] == 1)
