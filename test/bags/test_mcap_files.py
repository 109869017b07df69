"""MCAP files without an index, out of order, cut, and compressed in each way."""

import struct
import zlib

import lz4.frame
import pytest
from backports import zstd

from amdanet_ros.bags.errors import BagError
from amdanet_ros.bags.reader import BagReader

MAGIC = b"\x89MCAP0\r\n"
STRING = "std_msgs/msg/String"
PACK = {"": bytes, "zstd": zstd.compress, "lz4": lz4.frame.compress}


def record(opcode, content):
    return bytes([opcode]) + struct.pack("<Q", len(content)) + content


def text(value):
    return struct.pack("<I", len(value)) + value.encode()


def head(profile="ros2", encoding="cdr", kind=STRING):
    """Magic, header, a schema and two channels."""
    schema = struct.pack("<H", 1) + text(kind) + text("ros2msg") + text("string data\n")
    channels = [
        struct.pack("<HH", number, 1) + text(topic) + text(encoding) + struct.pack("<I", 0)
        for number, topic in ((1, "/a"), (2, "/b"))
    ]
    records = [record(1, text(profile) + text("a test")), record(3, schema)]
    return MAGIC + b"".join(records + [record(4, each) for each in channels])


def message(tiny, channel, time, number=0):
    raw = tiny.raw(f"message {number}")
    return record(5, struct.pack("<HIQQ", channel, 0, time, time) + raw)


def chunk(data, compression="", size=None, crc=0):
    packed = PACK[compression](data)
    fields = struct.pack("<QQQI", 0, 2**40, len(data) if size is None else size, crc)
    return record(6, fields + text(compression) + struct.pack("<Q", len(packed)) + packed)


TAIL = record(15, bytes(4)) + record(2, bytes(20)) + MAGIC


def read(file):
    with BagReader(file) as bag:
        found = [(m.stamp_ns, m.topic, m.deserialize().data) for m in bag.messages()]
        counts = {topic.name: topic.count for topic in bag.topics.values()}
        return found, counts, bag.report.sentences()


@pytest.fixture
def write(tmp_path):
    def made(*parts):
        file = tmp_path / "bag.mcap"
        file.write_bytes(b"".join(parts))
        return file

    return made


def test_messages_without_an_index_are_read_in_the_order_of_their_times(tiny, write):
    times = [70, 10, 60, 20, 50, 30, 40, 1000, 0, 999]
    messages = [message(tiny, 1 + time % 2, time, time) for time in times]
    found, counts, sentences = read(write(head(), *messages, TAIL))
    assert [time for time, *_ in found] == sorted(times)
    assert [words for *_, words in found] == [f"message {time}" for time in sorted(times)]
    assert counts == {"/a": 9, "/b": 1}
    assert sentences == ()


def test_a_part_of_a_file_without_an_index_can_be_read(tiny, write):
    messages = [message(tiny, 1 + time % 2, time, time) for time in (5, 3, 4, 1, 2)]
    with BagReader(write(head(), *messages, TAIL)) as bag:
        found = [each.stamp_ns for each in bag.messages(("/b",), 2, 5)]
        assert (bag.start_ns, bag.duration_ns) == (1, 4)
    assert found == [3]


@pytest.mark.parametrize("compression", PACK)
def test_chunks_that_overlap_are_read_in_order_beside_messages_outside_of_chunks(
    tiny, write, compression, monkeypatch
):
    # Not even two chunks are held at a time.
    monkeypatch.setattr("amdanet_ros.bags.chunks._CACHED_BYTES", 1)
    chunks = [
        chunk(b"".join(message(tiny, 1, time, time) for time in times), compression)
        for times in ((1, 5, 9), (8, 2, 4), (3, 7))
    ]
    found, _, sentences = read(write(head(), *chunks, message(tiny, 2, 6, 6), TAIL))
    assert [time for time, *_ in found] == [1, 2, 3, 4, 5, 6, 7, 8, 9]
    assert sentences == ()


@pytest.mark.parametrize("compression", PACK)
def test_a_file_that_was_not_closed_gives_what_is_whole_and_says_what_is_not(
    tiny, write, compression
):
    first = chunk(b"".join(message(tiny, 1, time, time) for time in (1, 2)), compression)
    last = chunk(b"".join(message(tiny, 1, time, time) for time in range(3, 60)), compression)
    whole = read(write(head(), first, last))
    assert [time for time, *_ in whole[0]] == list(range(1, 60))
    assert whole[2] == ("bag.mcap was not closed: all that it holds is read",)
    for missing in (1, len(last) // 2, len(last) - 1):
        found, counts, sentences = read(write(head(), first, last[:-missing]))
        times = [time for time, *_ in found]
        assert times == list(range(1, len(times) + 1))
        assert 2 <= len(times) < 60 or compression
        assert counts["/a"] == len(times)
        assert ["`mcap recover`" in each for each in sentences] == [True]


def test_a_killed_recording_of_loose_messages_gives_all_but_the_last(tiny, write):
    messages = b"".join(message(tiny, 1, time, time) for time in range(10))
    found, _, sentences = read(write(head(), messages[:-5]))
    assert len(found) == 9
    assert "is cut: what is whole" in sentences[0]


@pytest.mark.parametrize("lost", range(5, 40, 7))
def test_a_bag_whose_summary_is_cut_off_gives_all_messages(tiny, tmp_path, lost):
    folder = tiny.write_tiny(tmp_path / "bag", "mcap, chunks compressed")
    file = folder / "bag.mcap"
    file.write_bytes(file.read_bytes()[:-lost])
    found, _, _ = read(folder)
    assert [words for *_, words in found] == [f"message {index}" for index in range(6)]


def test_a_damaged_chunk_costs_its_messages_alone(tiny, write):
    data = b"".join(message(tiny, 1, time, time) for time in (3, 4))
    good = chunk(b"".join(message(tiny, 1, time, time) for time in (1, 2)), crc=0)
    right = chunk(data, "zstd", crc=zlib.crc32(data))
    wrong = chunk(data, "zstd", crc=zlib.crc32(data) ^ 1)
    assert len(read(write(head(), good, right, TAIL))[0]) == 4
    found, _, sentences = read(write(head(), good, wrong, TAIL))
    assert [time for time, *_ in found] == [1, 2]
    assert "damaged" in sentences[0]


@pytest.mark.parametrize("compression", ["zstd", "lz4"])
@pytest.mark.parametrize("declared", [2**20, 2**40, 0])
def test_a_chunk_that_unpacks_to_too_much_is_left_out(tiny, write, compression, declared):
    bomb = chunk(bytes(80_000_000), compression, size=declared)
    good = chunk(message(tiny, 1, 1))
    found, _, sentences = read(write(head(), good, bomb, TAIL))
    assert len(found) == 1
    assert "damaged" in sentences[0]


def test_messages_of_ros_1_in_mcap_come_out_in_the_shape_of_ros_2(write):
    raw = struct.pack("<I", 3) + b"one"
    ros1 = head("ros1", "ros1", "std_msgs/String")
    one = record(5, struct.pack("<HIQQ", 1, 0, 1, 1) + raw)
    assert read(write(ros1, one, TAIL))[0] == [(1, "/a", "one")]


def test_what_is_not_of_ros_is_said(tiny, write):
    with pytest.raises(BagError, match="'protobuf'"):
        read(write(head("protobuf"), message(tiny, 1, 1), TAIL))
    with pytest.raises(BagError, match="encoded as 'json'"):
        read(write(head(encoding="json"), message(tiny, 1, 1), TAIL))
