"""What is kept of the texts that describe the offered QoS of a bag's topics."""

from amdanet_ros.bags import offered_qos as module
from amdanet_ros.bags.offered_qos import offered_qos

PROFILE = "- reliability: 2\n  durability: 1\n  depth: 5\n  history: 1\n"


def test_equal_texts_are_read_once_and_long_ones_are_not_kept(monkeypatch):
    read = []
    load = module.load_plain
    monkeypatch.setattr(module, "load_plain", lambda text: read.append(text) or load(text))
    long = PROFILE + "#" * 5000
    for text in (PROFILE, long):
        assert offered_qos(text) == offered_qos(text)
        assert len(offered_qos(text)) == 1
    assert read.count(long) == 3
    assert read.count(PROFILE) <= 1
