"""What benchmarks compute beside what they measure: queues, plots, small networks, tables."""

import xml.etree.ElementTree as ET

import pytest

from amdanet_ros.network.mix_transformer import BACKBONES
from benchmarks import latency, stages
from benchmarks.document_section import DOCUMENT, section_of
from benchmarks.line_plot import line_plot
from benchmarks.queue_model import waiting_latencies


def test_pairs_slower_than_the_computing_do_not_wait():
    assert waiting_latencies([0.0, 1.0, 2.0], [0.25], 10) == [0.25] * 3


@pytest.mark.parametrize(("depth", "last"), [(1, 4.0), (3, 6.0), (10, 13.0)])
def test_a_full_queue_makes_each_pair_wait_for_all_before_it(depth, last):
    # One pair a second, three seconds of computing: each waits for those before it in the queue.
    found = waiting_latencies([float(second) for second in range(300)], [3.0], depth, 300.0)
    assert found[-1] == pytest.approx(last, abs=1.0)
    assert len(found) == pytest.approx(100, abs=1)


def test_what_waits_when_the_last_pair_has_come_is_computed():
    assert waiting_latencies([0.0, 0.1, 0.2], [1.0], 10) == pytest.approx([1.0, 1.9, 2.8])


def test_the_newest_is_computed_when_one_waits_alone():
    # At work until 2.5; 1.0 is replaced by 2.0, which waits half a second.
    assert waiting_latencies([0.0, 1.0, 2.0], [2.5, 1.0], 1) == [2.5, 1.5]


@pytest.mark.parametrize(("services", "depth"), [([], 1), ([1.0], 0)])
def test_a_queue_without_times_or_room_is_refused(services, depth):
    with pytest.raises(ValueError, match="at least"):
        waiting_latencies([0.0], services, depth)


def test_a_plot_has_its_lines_in_the_frame_and_their_names():
    text = line_plot("A & B", "Hz", "ms", {"<one>": [(5, 80.0), (30, 95.0)], "two": [(5, 0.0)]})
    root = ET.fromstring(text)
    name = "{http://www.w3.org/2000/svg}"
    words = [each.text for each in root.iter(f"{name}text")]
    assert {"A & B", "Hz", "ms", "<one>", "two"} <= set(words)
    circles = [(float(c.get("cx")), float(c.get("cy"))) for c in root.iter(f"{name}circle")]
    assert len(circles) == 3
    assert all(64 <= x <= 440 and 36 <= y <= 312 for x, y in circles)
    assert circles[1][1] < circles[0][1] < circles[2][1]  # larger is higher
    with pytest.raises(ValueError, match="point"):
        line_plot("", "", "", {"empty": []})


def test_latencies_become_a_table_and_a_plot():
    slow = {"5": [0.1] * 20, "30": [0.15] * 60}
    found = {rate: {"sent": 60, "latencies": each} for rate, each in slow.items()}
    run = {"seconds": 4.0, "settings": [], "note": "", "runs": {"mask": found}}
    text = latency.section(run)
    assert "| mask, 5 Hz | 1.0 | 100 (100) | 100 (100) | 20 of 60 |" in text
    rows = latency.summary(found, 4.0)
    # The oldest of ten came a third of a second ago, and takes 0.1 s.
    assert rows["30"]["queue_slow"] == pytest.approx(430, rel=0.1)
    ET.fromstring(latency.plot(run))


def test_small_encoders_are_networks_and_leave_the_table_of_encoders_as_it_is():
    before = dict(BACKBONES)
    network = {}
    for name, size in stages.ENCODERS.items():
        with stages.encoder(size):
            network[name] = stages.stirred_network("mit_b0", 10, 16)
    assert before == BACKBONES
    weights = [sum(each.numel() for each in one.parameters()) for one in network.values()]
    assert weights[0] > weights[1] > weights[2]
    with pytest.raises(RuntimeError), stages.encoder(stages.ENCODERS["MiT-B0"]):
        raise RuntimeError
    assert before == BACKBONES


def test_sizes_and_variants_are_measured():
    rows = stages.sizes(None, ((32, 48), (64, 96)), 1)
    assert rows["64 x 96"]["gmacs"] > 3 * rows["32 x 48"]["gmacs"]
    found = stages.variants(1, (32, 32))
    own, *others = found.values()
    assert all(row["mask"] > 0 and row["both"] > 0 for row in found.values())
    assert min(row["gmacs"] for row in others) < own["gmacs"]
    assert len(found) == 8


@pytest.mark.parametrize("mark", [latency.MARK, stages.MARK])
def test_the_document_has_the_sections(mark):
    assert "python benchmarks/" in section_of(DOCUMENT.read_text(), mark)
