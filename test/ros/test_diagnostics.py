"""What the node says of itself on /diagnostics."""

import pytest

pytest.importorskip("diagnostic_msgs")

from diagnostic_msgs.msg import DiagnosticStatus

MASK = "segmentation/mask"


def values(status):
    return {pair.key: pair.value for pair in status.values}


def test_a_healthy_node_counts_pairs_rates_and_latency(bench, make_node, heard):
    bench.run(make_node())
    bench.cameras_on()
    bench.listen(MASK)
    for step in range(4):
        bench.pair_until_heard(MASK, 1.0 + 0.1 * step)
    name = "amdanet: output"
    bench.until(lambda: name in heard and values(heard[name])["Published"] == "4")
    output = values(heard[name])
    assert output["Pairs offered"] == "4"
    assert float(output["Latency, arrival to publish: median (ms)"]) > 0
    assert float(output["Latency, arrival to publish: 95 % (ms)"]) > 0
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
