"""Damaged and hostile bags: nothing but BagError, and what is whole is read."""

import pytest

from amdanet_ros.bags.errors import BagError, DamagedMessage
from amdanet_ros.bags.reader import BagReader

MUTANTS = 210
WHOLE = [f"message {index}" for index in range(6)]


def read(path):
    """Texts of the messages, and the sentences of the report."""
    texts = []
    with BagReader(path) as bag:
        for message in bag.messages():
            try:
                texts.append(message.deserialize().data)
            except DamagedMessage as damaged:
                texts.append(str(damaged))
        return texts, bag.report.sentences()


def refused(path):
    """The line with which a path is refused."""
    with pytest.raises(BagError) as error:
        read(path)
    assert "\n" not in str(error.value)
    return str(error.value)


@pytest.mark.parametrize("part", range(7))
def test_whatever_is_damaged_bags_are_read_or_refused(tiny, tmp_path, part):
    """Many more: ``python test/bags/bag_mutants.py 100000``."""
    for seed in range(part * MUTANTS // 7, (part + 1) * MUTANTS // 7):
        how, texts, sentences = tiny.read_mutant(tmp_path / "bag", seed)
        # What is lost without a word would never be missed.
        assert len(texts) >= len(WHOLE) or sentences, f"{seed}: {how}"
