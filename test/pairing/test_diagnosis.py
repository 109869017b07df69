"""Counts, rates, and what is found wrong with the streams: with the node's sentences about it."""

import pytest

from amdanet_ros.findings import FindingKind, Level
from amdanet_ros.ros.finding_text import TopicNames, text
from benchmarks.pairing_traffic import EPOCH_NS, Camera, new_synchronizer, replay, traffic

S = 1_000_000_000
INPUTS = {stream: f"{stream}/image_raw" for stream in ("rgb", "thermal")}
NAMES = TopicNames(INPUTS, {stream: f"/{name}" for stream, name in INPUTS.items()}, {})


def diagnosed(synchronizer, now):
    """Give the sentences about what is wrong."""
    return [text(each, NAMES) for each in synchronizer.diagnosis(now) if each.level > Level.OK]


def remarks(synchronizer):
    """Give the sentences about what is no fault."""
    return [text(each, NAMES) for each in synchronizer.diagnosis(0) if each.level == Level.OK]


def play(rgb, thermal, *, slop=0.05, duration=10.0, **arguments):
    """Play a recording; give the synchroniser and the time of the last arrival."""
    synchronizer = new_synchronizer(slop, **arguments)
    arrivals = traffic(rgb, thermal, duration)
    replay(synchronizer, arrivals)
    return synchronizer, arrivals[-1].arrival_ns


def observe(rgb, thermal, **arguments):
    """Play a recording; give the synchroniser and what is wrong at the last arrival."""
    synchronizer, now = play(rgb, thermal, **arguments)
    return synchronizer, diagnosed(synchronizer, now)


def suggestion(sentence):
    return float(sentence.rpartition("sync.thermal_offset to ")[2].partition(";")[0])


@pytest.mark.parametrize("thermal", [Camera(30, 0.005), Camera(9), Camera(60), Camera(30, 0.016)])
def test_healthy_streams_are_not_complained_about(thermal):
    _, sentences = observe(Camera(30), thermal)
    assert sentences == []


def test_a_silent_stream_is_an_error_other_faults_are_warnings_and_remarks_are_fine():
    synchronizer, now = play(Camera(30), Camera(9, loss=0.3), duration=20.0)
    found = {(each.kind, each.stream): each.level for each in synchronizer.diagnosis(now)}
    assert found == {
        (FindingKind.MESSAGES_LOST, "thermal"): Level.WARN,
        (FindingKind.THERMAL_SLOWER, None): Level.OK,
    }
    silent = synchronizer.diagnosis(now + 10 * S)[:2]
    assert [(each.kind, each.stream) for each in silent] == [
        (FindingKind.SILENT, "rgb"),
        (FindingKind.SILENT, "thermal"),
    ]
    assert all(each.level == Level.ERROR for each in silent)
    assert silent[0].values["seconds"] == pytest.approx(10.0, abs=0.1)


def test_rates_are_measured_without_and_with_losses():
    synchronizer, _ = observe(Camera(30), Camera(9, loss=0.2), duration=30.0)
    statistics = synchronizer.statistics
    assert statistics.rgb.rate == pytest.approx(30, rel=0.02)
    assert statistics.thermal.rate < 8.7
    assert 1 / statistics.thermal.spacing == pytest.approx(9, rel=0.02)
    assert statistics.thermal.lost == pytest.approx(270 - statistics.thermal.received, abs=3)
    assert statistics.rgb.lost == 0


def test_offsets_of_pairs_are_measured():
    synchronizer, _ = observe(Camera(30), Camera(30, -0.007), duration=20.0)
    statistics = synchronizer.statistics
    assert statistics.mean_offset == pytest.approx(0.007, abs=0.0003)
    assert statistics.median_offset == pytest.approx(-0.007, abs=0.0003)
    assert statistics.mean_offset < statistics.p95_offset < 0.011


@pytest.mark.parametrize("clock", [-0.512, 0.3, -5.0])
def test_a_constant_offset_is_measured_and_its_fix_works(clock):
    thermal = Camera(9, clock=clock)
    synchronizer, sentences = observe(Camera(9), thermal, slop=0.03)
    (sentence,) = sentences
    assert "behind RGB's" in sentence if clock < 0 else "ahead of RGB's" in sentence
    assert f"{abs(clock):.1f}"[:3] in sentence
    assert "sync.slop = 0.03 s" in sentence
    suggested = suggestion(sentence)
    assert suggested == pytest.approx(-clock, abs=0.005)
    fixed, sentences = observe(Camera(9), thermal, slop=0.03, thermal_offset=suggested)
    assert sentences == []
    assert fixed.statistics.pairs == 90


def test_a_wrong_thermal_offset_is_replaced_not_added_to():
    _, sentences = observe(Camera(9), Camera(9, clock=-0.5), slop=0.03, thermal_offset=-0.333)
    suggested = suggestion(sentences[0])
    assert suggested == pytest.approx(0.5, abs=0.005)


def test_another_clock_is_called_that():
    _, sentences = observe(Camera(30), Camera(30, clock=-12_000))
    assert any("stamps differ by 12 000 s" in s and "not synchronised" in s for s in sentences)


def test_a_silent_stream_is_named_with_the_time():
    synchronizer, _ = observe(Camera(30), Camera(30), duration=2.0)
    end = EPOCH_NS + 2 * S
    for k in range(150):
        synchronizer.add_rgb(end + k * S // 30, None, end + k * S // 30)
    sentences = diagnosed(synchronizer, end + 5 * S)
    assert [s for s in sentences if s.startswith("thermal: no message for 5.0 s")]
    assert not any(s.startswith("rgb") for s in sentences)


def test_a_stream_that_never_came_names_its_topic():
    synchronizer = new_synchronizer(0.05)
    synchronizer.add_rgb(EPOCH_NS, None, 0)
    assert any("thermal/image_raw" in s for s in diagnosed(synchronizer, 1))


def test_zero_stamps_are_reported():
    synchronizer = new_synchronizer(0.05)
    for k in range(30):
        synchronizer.add_rgb(EPOCH_NS + k * S // 30, None, k * S // 30)
        synchronizer.add_thermal(0, None, k * S // 30)
    (sentence,) = diagnosed(synchronizer, S)
    assert sentence.startswith("thermal: 30 of 30 stamps are zero")


def test_lost_messages_are_reported_with_their_share():
    _, sentences = observe(Camera(30), Camera(30, loss=0.3))
    (sentence,) = sentences
    assert sentence.startswith("thermal:")
    assert "never came" in sentence


@pytest.mark.parametrize("late", ["rgb", "thermal"])
def test_a_queue_too_short_for_the_delay_is_reported_with_the_size_that_fixes_it(late):
    cameras = {"rgb": Camera(30), "thermal": Camera(30), late: Camera(30, delay=0.5)}
    _, sentences = observe(cameras["rgb"], cameras["thermal"], queue_size=5)
    (sentence,) = sentences
    assert f"{late} images take that long" in sentence
    needed = int(sentence.rpartition("sync.queue_size to ")[2])
    synchronizer, sentences = observe(cameras["rgb"], cameras["thermal"], queue_size=needed)
    assert sentences == []
    assert synchronizer.statistics.pairs == 300


def test_a_queue_that_is_sometimes_too_short_is_reported():
    thermal = Camera(30, delay=0.1, transport_jitter=0.2)
    _, sentences = observe(Camera(30), thermal, queue_size=5)
    assert any(s.startswith("rgb") and "raise sync.queue_size" in s for s in sentences)


@pytest.mark.parametrize("name", ["rgb", "thermal"])
def test_uneven_stamps_are_reported_with_their_size(name):
    cameras = {"rgb": Camera(30), "thermal": Camera(30), name: Camera(30, stamp_jitter=0.01)}
    synchronizer, sentences = observe(cameras["rgb"], cameras["thermal"])
    (sentence,) = [s for s in sentences if "stamps are uneven" in s]
    assert sentence.startswith(f"{name}: ")
    assert 0.2 < getattr(synchronizer.statistics, name).stamp_jitter < 0.5


@pytest.mark.parametrize("name", ["rgb", "thermal"])
def test_uneven_arrival_is_reported_with_the_spread(name):
    cameras = {"rgb": Camera(30), "thermal": Camera(30), name: Camera(30, transport_jitter=0.2)}
    synchronizer, sentences = observe(cameras["rgb"], cameras["thermal"], queue_size=30)
    (sentence,) = sentences
    assert sentence.startswith(f"{name}: images arrive unevenly")
    assert 0.08 < getattr(synchronizer.statistics, name).arrival_jitter < 0.2


@pytest.mark.parametrize("speed", [0.25, 3.0])
def test_a_recording_that_plays_at_another_speed_is_not_uneven(speed):
    synchronizer = new_synchronizer(0.05)
    for k in range(60):
        stamp, now = EPOCH_NS + k * S // 30, EPOCH_NS + round(k * S / 30 / speed)
        synchronizer.add_rgb(stamp, None, now)
        synchronizer.add_thermal(stamp, None, now)
    assert diagnosed(synchronizer, now) == []
    assert synchronizer.statistics.rgb.arrival_jitter < 0.001


def test_different_rates_are_remarked_on_with_what_helps():
    slow, _ = observe(Camera(30), Camera(9))
    (remark,) = remarks(slow)
    assert "thermal comes at 9.0 Hz and RGB at 30.0 Hz: 70% of the RGB images" in remark
    needed = float(remark.partition("sync.slop at least ")[2].split()[0])
    helped, _ = observe(Camera(30), Camera(9), slop=needed + 0.005, reuse_thermal=True)
    assert remarks(helped) == []
    assert helped.statistics.pairs > 2.5 * slow.statistics.pairs
    fast, _ = observe(Camera(30), Camera(60))
    assert "surplus thermal images" in remarks(fast)[0]


@pytest.mark.parametrize("thermal", [Camera(30), Camera(29.97), Camera(30, loss=0.3)])
def test_equal_rates_are_not_remarked_on(thermal):
    synchronizer, _ = observe(Camera(30), thermal)
    assert remarks(synchronizer) == []


def test_duplicates_and_jumps_are_reported():
    synchronizer = new_synchronizer(0.05)
    for k in range(30):
        for _ in range(2):
            synchronizer.add_rgb(EPOCH_NS + k * S // 30, None, k * S // 30)
            synchronizer.add_thermal(EPOCH_NS + k * S // 30, None, k * S // 30)
    synchronizer.add_rgb(EPOCH_NS + 10_000 * S, None, S)
    synchronizer.add_rgb(EPOCH_NS + S, None, S)
    sentences = diagnosed(synchronizer, S)
    assert any(s.startswith("rgb: 30 duplicate stamps") for s in sentences)
    assert any(s.startswith("rgb: 1 messages dropped where the stamps jumped") for s in sentences)


def test_what_is_over_is_not_reported_again():
    synchronizer, sentences = observe(Camera(30), Camera(30, loss=0.3), duration=5.0)
    assert sentences
    start = EPOCH_NS + 6 * S
    for k in range(30):
        stamp = start + k * S // 30
        synchronizer.add_rgb(stamp, None, stamp)
        synchronizer.add_thermal(stamp, None, stamp)
    diagnosed(synchronizer, start + S)
    for k in range(30, 60):
        stamp = start + k * S // 30
        synchronizer.add_rgb(stamp, None, stamp)
        synchronizer.add_thermal(stamp, None, stamp)
    assert diagnosed(synchronizer, start + 2 * S) == []
