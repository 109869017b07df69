"""A damaged recording gives the pairs that are whole, and says what is left out."""

import warnings

import pytest
import torch

from amdanet_ros.bags.reader import BagReader
from amdanet_ros.bags.topics import choose_topics
from amdanet_ros.bags.writer import BagWriter
from amdanet_ros.fuse.bag_source import BagSource
from amdanet_ros.images.errors import BadImage

INFO = "/rgb/camera_info"


def source_of(path):
    with BagReader(path) as bag:
        topics = choose_topics(bag)
    return BagSource(path, topics)


def with_damage(tmp_path, bags, damage):
    """A bag of five pairs, of whose messages some are changed: (topic, index): bytes."""
    bags.write_pairs(tmp_path / "whole", count=5)
    seen = dict.fromkeys((bags.RGB, bags.THERMAL), 0)
    with BagReader(tmp_path / "whole") as whole, BagWriter(tmp_path / "bag") as bag:
        for index in range(2):
            raw = damage.get((INFO, index))
            if raw is not None:
                bag.write(INFO, bags.INFO, bags.START + index, raw)
        for message in whole.messages():
            raw = damage.get((message.topic, seen[message.topic]), message.raw)
            seen[message.topic] += 1
            bag.write(message.topic, message.type, message.stamp_ns, raw)
    return source_of(tmp_path / "bag")


@pytest.mark.parametrize("raw", [b"\0\1\0\0", b"\0\1\0\0" + b"\xff" * 40], ids=["short", "garbage"])
def test_an_image_whose_bytes_are_damaged_is_one_pair_that_is_left_out(tmp_path, bags, raw):
    source = with_damage(tmp_path, bags, {(bags.RGB, 2): raw, (bags.THERMAL, 4): raw})
    refused, whole = [], 0
    for pair in source:
        try:
            pair.read()
            whole += 1
        except BadImage as bad:
            refused.append(f"{pair.place_of(bad.stream)}: {bad}")
    assert whole == 3
    assert len(refused) == 2
    assert all("its bytes in the bag are damaged" in each for each in refused)
    assert refused[0].startswith(f"{bags.RGB} at ")


def test_a_camera_info_whose_bytes_are_damaged_is_left_out_and_said(tmp_path, bags):
    damage = {(INFO, index): b"\0\1\0\0\1" for index in range(2)}
    source = with_damage(tmp_path, bags, damage)
    assert sum(pair.read().rgb_info is None for pair in source) == 5
    assert source.remarks == (f"2 messages of {INFO} are left out: their bytes are damaged",)


def test_what_the_bag_itself_lacks_is_among_the_remarks(tmp_path, bags):
    bags.write_pairs(tmp_path / "bag", count=5)
    metadata = tmp_path / "bag" / "metadata.yaml"
    metadata.write_text(metadata.read_text().replace("message_count: 5", "message_count: 7"))
    source = source_of(tmp_path / "bag")
    assert len(list(source)) == 5
    assert [each.partition(":")[0] for each in source.remarks] == [
        f"2 of 7 messages of {topic} are missing" for topic in (bags.RGB, bags.THERMAL)
    ]


def test_the_images_of_a_bag_become_tensors_without_a_warning(pair_bag):
    path, _ = pair_bag
    pair = next(iter(source_of(path))).read()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for image in (pair.rgb, pair.thermal):
            assert torch.from_numpy(image).shape == image.shape
