"""The node bears hostile messages and requests over DDS, and works again after each round."""

import json
from collections import Counter

import pytest

pytest.importorskip("rclpy")

from fuzz.attack import Tally, attack


def test_node_bears_hostile_messages_and_requests(domain_id, checkpoint):
    tally = attack(seconds=8.0, checkpoint=str(checkpoint), domain=domain_id, seed=7, most=300)
    assert tally.rounds >= 1
    assert len(tally.sent) >= 6
    assert tally.log_bytes < 100_000
    assert tally.memory_mib[1] < tally.memory_mib[0] + 100


def test_a_tally_is_reported_by_kind():
    tally = Tally(Counter(image=3, clock=1), 2, 1.5, 100, [500.0, 510.0])
    assert json.loads(tally.report()) == {
        "sent": {"image": 3, "clock": 1},
        "rounds": 2,
        "seconds": 1.5,
        "log_bytes": 100,
        "memory_mib": [500.0, 510.0],
    }
