"""The node bears hostile messages and requests over DDS, and works again after each round."""

import pytest

pytest.importorskip("rclpy")

from fuzz.attack import attack


def test_node_bears_hostile_messages_and_requests(domain_id, checkpoint):
    tally = attack(seconds=8.0, checkpoint=str(checkpoint), domain=domain_id, seed=7, most=300)
    assert tally.rounds >= 1
    assert len(tally.sent) >= 6
    assert tally.log_bytes < 100_000
    assert tally.memory_mib[1] < tally.memory_mib[0] + 100
