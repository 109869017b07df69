"""Two minutes of the soak: the node over DDS, 100 lifecycle cycles, all cores busy."""

from dataclasses import replace

import pytest

pytest.importorskip("rclpy")

from soak.course import Phase, faults, soak

QUIET = Phase(
    name="quiet",
    seconds=10.0,
    pairs=50,
    masks=50,
    latency_ms=20.0,
    latency_95_ms=30.0,
    memory_mib=500.0,
    threads=15,
    descriptors=23,
)


def test_node_holds_no_more_after_two_minutes_and_100_lifecycle_cycles(domain_id, checkpoint):
    phases = soak(seconds=75.0, cycles=100, checkpoint=str(checkpoint), domain=domain_id)
    # Other tests run beside it, in some phases more than in others.
    assert faults(phases, latency_factor=20.0) == [], phases
    assert phases[1].masks >= 100


@pytest.mark.parametrize(
    ("changes", "word"),
    [
        ({"memory_mib": 560.0}, "memory"),
        ({"threads": 16}, "threads"),
        ({"descriptors": 24}, "descriptors"),
        ({"latency_ms": 60.0}, "latency"),
        ({"masks": 30}, "30 of 50"),
        ({"masks": 0}, "no mask"),
    ],
)
def test_what_grows_or_stops_is_a_fault(changes, word):
    assert faults([QUIET, QUIET]) == []
    assert any(word in each for each in faults([QUIET, replace(QUIET, **changes)]))
