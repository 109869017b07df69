"""What the node says of itself on /diagnostics."""

from dataclasses import replace

import pytest

pytest.importorskip("diagnostic_msgs")

from diagnostic_msgs.msg import DiagnosticStatus
from sensor_msgs.msg import CompressedImage, Image
from std_msgs.msg import Float32, Header, String

from amdanet_ros.findings import Finding, FindingKind, Level
from amdanet_ros.ros.counters import Counters, Counts
from amdanet_ros.ros.diagnostics import NodeReport, _refusals, statuses

MASK = "segmentation/mask"


def values(status):
    return {pair.key: pair.value for pair in status.values}


def test_a_healthy_node_counts_pairs_rates_and_latency(bench, make_node, heard):
    bench.run(make_node())
    bench.cameras_on()
    bench.listen(MASK)
    latencies = []
    bench.node.create_subscription(
        Float32, "/amdanet/latency", lambda message: latencies.append(message.data), 10
    )
    bench.until(lambda: bench.node.count_publishers("/amdanet/latency") == 1)
    for step in range(4):
        bench.pair_until_heard(MASK, 1.0 + 0.1 * step)
    name = "amdanet: output"
    bench.until(lambda: name in heard and values(heard[name])["Published"] == "4")
    output = values(heard[name])
    assert output["Pairs offered"] == "4"
    assert float(output["Latency, arrival to publish: median (ms)"]) > 0
    assert float(output["Latency, arrival to publish: 95 % (ms)"]) > 0
    bench.until(lambda: latencies)
    longest = 2e-3 * float(output["Latency, arrival to publish: 95 % (ms)"])
    assert 0 < min(latencies) < longest  # seconds
    assert {"Dropped: replaced", "Dropped: too_old", "Dropped: no_subscriber"} <= output.keys()
    rgb, node = values(heard["amdanet: rgb input"]), values(heard["amdanet: node"])
    assert rgb["Topic"] == "/rgb/image_raw"
    assert rgb["Events since startup"] == "4"
    assert rgb["Health"] == "OK"
    assert float(rgb["Frequency by stamps (Hz)"]) == pytest.approx(10.0)
    assert values(heard["amdanet: pairing"])["Pairs"] == "4"
    assert "mit_b0" in node["Model"]
    assert (node["Device"], node["Precision"]) == ("cpu", "fp32")
    assert float(node["Resident memory (MiB)"]) > 50


def test_what_stays_bad_is_logged_with_its_cause(bench, make_node, capfd):
    node = bench.run(make_node())
    cause = "nobody publishes /thermal/image_raw"
    node._reporter.forget()
    for _ in range(2):
        node._reporter._report(None)
    assert cause not in capfd.readouterr().err
    for _ in range(3):  # from the third time on; logged once, then throttled
        node._reporter._report(None)
    assert capfd.readouterr().err.count(cause) == 1


def test_no_publisher_and_a_silent_one_are_told_apart(bench, make_node, heard):
    bench.run(make_node())
    bench.camera("rgb")
    bench.until(
        lambda: (
            "amdanet: thermal input" in heard
            and "no message yet" in heard["amdanet: rgb input"].message
        )
    )
    thermal = heard["amdanet: thermal input"]
    assert thermal.level == DiagnosticStatus.ERROR
    assert "nobody publishes /thermal/image_raw" in thermal.message


def test_a_constant_delay_is_measured_and_the_mend_named(bench, make_node, heard):
    bench.run(make_node())
    bench.cameras_on()
    for step in range(12):
        bench.pair(100.0 + 0.1 * step, offset=-5.0)
        bench.arrived()
    bench.until(
        lambda: (
            "amdanet: pairing" in heard
            and "sync.thermal_offset" in heard["amdanet: pairing"].message
        )
    )
    assert heard["amdanet: pairing"].level == DiagnosticStatus.WARN


def test_cameras_of_different_rates_are_remarked_on_without_a_warning(bench, make_node, heard):
    bench.run(make_node())
    bench.cameras_on()
    for step in range(12):
        if step % 3 == 0:
            bench.thermal(100.0 + 0.1 * step)
        bench.rgb(100.0 + 0.1 * step)
        bench.arrived()
    bench.until(
        lambda: (
            "amdanet: pairing" in heard
            and "sync.reuse_thermal" in heard["amdanet: pairing"].message
        )
    )
    assert heard["amdanet: pairing"].level == DiagnosticStatus.OK
    assert "thermal comes at 3.3 Hz and RGB at 10.0 Hz" in heard["amdanet: pairing"].message


def test_refused_images_are_told(bench, make_node, heard):
    bench.run(make_node())
    bench.cameras_on()
    bench.rgb(1.0, encoding="nonsense")
    bench.until(
        lambda: (
            "amdanet: rgb input" in heard and values(heard["amdanet: rgb input"])["Refused"] == "1"
        )
    )
    assert "'nonsense'" in heard["amdanet: rgb input"].message


def test_refusals_of_before_a_transition_are_counted_and_not_told_again():
    counters = Counters()
    counters.refuse("rgb", "rgb: a step of 0 bytes")
    assert len(_refusals("rgb", counters.snapshot(), Counts())) == 1
    counters.forget_durations()
    assert counters.snapshot().refused == {"rgb": 1}
    assert _refusals("rgb", counters.snapshot(), Counts()) == []


def test_a_failed_configure_is_an_error_that_says_why(bench, make_node, heard, helpers):
    node = make_node({"checkpoint": "missing.pth"})
    bench._dut = node
    bench.until(
        lambda: "amdanet: node" in heard and "missing.pth" in heard["amdanet: node"].message
    )
    assert heard["amdanet: node"].level == DiagnosticStatus.ERROR
    assert helpers.state(node) == "unconfigured"


def test_a_clock_that_stands_still_is_told(bench, make_node, heard):
    bench.run(make_node({"use_sim_time": True}))
    bench.until(lambda: "amdanet: node" in heard)
    assert "/clock" in heard["amdanet: node"].message
    assert heard["amdanet: node"].level == DiagnosticStatus.WARN


def told(heard, stream, words, level=DiagnosticStatus.ERROR):
    status = heard.get(f"amdanet: {stream} input")
    return status is not None and words in status.message and status.level == level


@pytest.fixture
def stranger(ros_domain):
    """A node of another participant: one alone cannot have two types of one topic."""
    import rclpy

    context = rclpy.Context()
    rclpy.init(context=context, domain_id=ros_domain)
    node = rclpy.create_node("stranger", context=context)
    yield node
    node.destroy_node()
    rclpy.try_shutdown(context=context)


def test_a_topic_of_the_other_transport_is_told_with_the_parameter_to_set(
    bench, make_node, heard, stranger
):
    """Type and name do not fit: DDS delivers nothing, and says nothing either."""
    bench.run(make_node({"thermal.transport": "compressed"}))
    topic = "thermal/image_raw/compressed"
    stranger.create_publisher(CompressedImage, "rgb/image_raw", 1)
    stranger.create_publisher(Image, topic, 1)
    bench.until(
        lambda: (
            told(
                heard,
                "rgb",
                "/rgb/image_raw carries sensor_msgs/msg/CompressedImage, not sensor_msgs/msg/Image"
                ": set rgb.transport to compressed and remap rgb/image_raw/compressed to it",
            )
            and told(
                heard,
                "thermal",
                "set thermal.transport to raw and remap thermal/image_raw to it",
            )
        )
    )


def test_images_published_another_way_or_something_else_are_told(bench, make_node, heard, stranger):
    bench.run(make_node())
    stranger.create_publisher(CompressedImage, "rgb/image_raw/compressed", 1)
    stranger.create_publisher(String, "thermal/image_raw", 1)
    bench.until(
        lambda: (
            told(
                heard,
                "rgb",
                "nobody publishes /rgb/image_raw, but /rgb/image_raw/compressed is published: set "
                "rgb.transport to compressed and remap rgb/image_raw/compressed to it",
            )
            and told(heard, "thermal", "/thermal/image_raw carries std_msgs/msg/String, not")
        )
    )


def test_topics_that_have_images_are_told_where_a_name_is_wrong(bench, make_node, heard, stranger):
    """The likeliest first; the node's own outputs and other messages are none of them."""
    bench.run(make_node())
    for topic in ("rgb/image_rw", "boson/image", "depth/points_image", "front/rgb/image_raw"):
        stranger.create_publisher(Image, topic, 1)
    stranger.create_publisher(String, "rgb/image_raws", 1)
    words = " (images come on /rgb/image_rw, /front/rgb/image_raw, /boson/image and 1 more)"
    bench.until(lambda: told(heard, "rgb", f"remap rgb/image_raw to its topic{words}"))
    bench.until(lambda: told(heard, "thermal", "to its topic (images come on /rgb/image_rw, "))


def test_a_calibration_that_has_not_come_is_told_before_any_pair(bench, make_node, heard):
    bench.run(make_node({"thermal.registration_from": "camera_info"}))
    bench.until(
        lambda: (
            told(heard, "rgb", "nothing has come on /rgb/camera_info")
            and told(heard, "thermal", "nothing has come on /thermal/camera_info")
        )
    )
    assert "nobody publishes /rgb/image_raw" in heard["amdanet: rgb input"].message


def test_refused_images_are_not_missed_too(bench, make_node, heard):
    """Refused on arrival, they never reach the synchroniser, which misses them."""
    node = bench.run(make_node())
    bench.cameras_on()
    bench.until(lambda: "amdanet: rgb input" in heard)
    for step in range(3):
        bench.rgb(1.0 + step, encoding="nonsense")
    bench.until(lambda: told(heard, "rgb", "'nonsense'", DiagnosticStatus.WARN))
    assert "no message" not in heard["amdanet: rgb input"].message
    node._reporter.report_now()  # none has come since the last report: they are still why
    heard.clear()
    bench.until(lambda: told(heard, "rgb", "'nonsense'", DiagnosticStatus.WARN))
    assert "no message" not in heard["amdanet: rgb input"].message


def test_ever_new_encodings_leave_a_short_log_and_short_statuses(
    bench, make_node, heard, helpers, capfd
):
    node = bench.run(make_node())
    bench.cameras_on()
    capfd.readouterr()
    forged = "\n[FATAL] [amdanet]: forged\x1b[2J" + "é" * 2000
    letters = "abcdefghijklmnopqrst"
    for number, letter in enumerate(letters):
        bench.rgb(1.0 + number, encoding=letter + forged)
        bench.until(lambda n=number: helpers.counts(node).refused.get("rgb", 0) > n)
    bench.thermal(1.0, header=Header(frame_id="f" * 1_000_000))
    bench.until(lambda: helpers.counts(node).refused.get("thermal"))
    bench.until(lambda: told(heard, "thermal", "frame_id has 1000000", DiagnosticStatus.WARN))
    lines = [line for line in capfd.readouterr().err.splitlines() if line]
    assert all(line.startswith("[WARN]") for line in lines)
    assert len(lines) <= 15
    assert sum("further ones are not logged" in line for line in lines) == 1
    assert max(map(len, lines)) < 1000
    status = heard["amdanet: rgb input"]
    assert status.message.isprintable()
    assert len(status.message) < 2100


def test_an_output_that_is_no_number_is_an_error_and_not_published(
    bench, make_node, heard, helpers, monkeypatch
):
    from amdanet_ros.inference import InferenceError, Predictor

    def infinite(*_):
        raise InferenceError("the network's output is not finite: load other weights")

    monkeypatch.setattr(Predictor, "__call__", infinite)
    node = bench.run(make_node())
    bench.cameras_on()
    bench.listen(MASK)
    bench.pair(1.0)
    bench.until(lambda: helpers.counts(node).dropped["failed"] == 1)
    name = "amdanet: output"
    bench.until(lambda: name in heard and "not finite" in heard[name].message)
    assert heard[name].level == DiagnosticStatus.ERROR
    assert values(heard[name])["Published"] == "0"
    health = node._health()
    assert health.troubles == ("the network's output is not finite: load other weights",)
    assert bench.heard[MASK] == []


def test_a_network_far_slower_than_measured_is_a_warning_that_says_how_much():
    slow = Finding(FindingKind.INFERENCE_SLOW, None, Level.WARN, {"factor": 7.3})
    usual = NodeReport("/amdanet", "active", None, {"Device": "cpu"}, {})
    status = statuses(replace(usual, slow=slow))[0]
    assert status.level == DiagnosticStatus.WARN
    assert "takes 7.3 times the time" in status.message
    assert statuses(usual)[0].level == DiagnosticStatus.OK
