"""ROS 1 bags: read in the shape of ROS 2, cut, without an index, damaged and hostile."""

import bz2
import struct

import pytest
from rosbags.rosbag1 import Writer
from rosbags.typesys import Stores, get_typestore

from amdanet_ros.bags.errors import BagError
from amdanet_ros.bags.reader import BagReader
from amdanet_ros.bags.recording_names import holds_recording
from amdanet_ros.bags.topics import choose_topics
from amdanet_ros.bags.writer import BagWriter
from amdanet_ros.output_place import OutputPlaceError, keep_apart

NOETIC = get_typestore(Stores.ROS1_NOETIC)
STRING = "std_msgs/msg/String"
WHOLE = [f"message {index}" for index in range(6)]
COMPRESSIONS = ("none", "bz2", "lz4")


def record(fields, data=b""):
    """A record by its fields and data."""
    header = b"".join(
        struct.pack("<I", len(name) + 1 + len(value)) + name.encode() + b"=" + value
        for name, value in fields.items()
    )
    return struct.pack("<I", len(header)) + header + struct.pack("<I", len(data)) + data


def number(value, form="<I"):
    return struct.pack(form, value)


def bag_header(index=0, connections=0, chunks=0, **more):
    fields = {"op": b"\3", "index_pos": number(index, "<Q"), "conn_count": number(connections)}
    return b"#ROSBAG V2.0\n" + record({**fields, "chunk_count": number(chunks), **more})


def connection(conn=0, topic=b"/a", kind=b"std_msgs/String", **more):
    said = record({"topic": topic, "type": kind, "md5sum": b"*", "message_definition": b"", **more})
    return record({"op": b"\7", "conn": number(conn), "topic": topic}, said[4:-4])


def message(text, conn=0, time=1):
    data = number(len(text)) + text.encode()
    return record({"op": b"\2", "conn": number(conn), "time": struct.pack("<II", 0, time)}, data)


def chunk(data, compression=b"none", size=None):
    packed = bz2.compress(data) if compression == b"bz2" else data
    size = len(data) if size is None else size
    return record({"op": b"\5", "compression": compression, "size": number(size)}, packed)


@pytest.fixture
def write(tmp_path):
    def made(*parts):
        (tmp_path / "made.bag").write_bytes(b"".join(parts))
        return tmp_path / "made.bag"

    return made


def read(file):
    """Texts of the messages, and the sentences of the report."""
    with BagReader(file) as bag:
        texts = [each.deserialize().data for each in bag.messages()]
        return texts, bag.report.sentences()


def raw_messages(path):
    with BagReader(path) as bag:
        return [tuple(each) for each in bag.messages()], bag.report.sentences()


def test_messages_of_ros_1_come_out_as_ros_2_serialises_them(bags, tmp_path):
    rgb, thermal = bags.images(0)
    with BagWriter(tmp_path / "bag") as bag:
        for index in range(3):
            stamp = bags.START + index
            bag.write_message(bags.RGB, stamp, bags.image(stamp, rgb, "rgb8", "rgb_optical"))
            bag.write_message("/jpeg/compressed", stamp, bags.compressed(stamp, rgb))
            bag.write_message("/heat", stamp, bags.image(stamp, thermal, "mono16"))
            info = bags.camera_info(stamp, "rgb_optical", (48, 64), 50.0)
            bag.write_message("/rgb/camera_info", stamp, info)
    expected, _ = raw_messages(tmp_path / "bag")
    for compression in COMPRESSIONS:
        file = bags.write_as_ros1(tmp_path / "bag", tmp_path / f"{compression}.bag", compression)
        before = file.read_bytes()
        found, sentences = raw_messages(file)
        assert sorted(found) == sorted(expected)
        assert sentences == ()
        with BagReader(file) as bag:
            assert [each.stamp_ns for each in bag.messages()] == sorted(each[2] for each in found)
            assert bag.topics["/rgb/camera_info"].count == 3
            assert len(list(bag.messages((bags.RGB,), bags.START + 1, bags.START + 2))) == 1
            assert (bag.start_ns, bag.duration_ns) == (bags.START, 2)
            chosen = choose_topics(bag, thermal="/heat")
            assert (chosen.rgb, chosen.rgb_info) == (bags.RGB, "/rgb/camera_info")
        assert file.read_bytes() == before


def test_types_whose_fields_differ_are_brought_into_the_shape_of_ros_2(tmp_path):
    types = NOETIC.types
    header = types["std_msgs/msg/Header"](7, types["builtin_interfaces/msg/Time"](5, 6), "sonar")
    distance = types["sensor_msgs/msg/Range"](header, 1, 0.5, 0.1, 4.0, 2.5)
    with Writer(tmp_path / "sonar.bag") as writer:
        kind = "sensor_msgs/msg/Range"
        channel = writer.add_connection("sonar//front", kind, typestore=NOETIC, latching=1)
        writer.write(channel, 10, NOETIC.serialize_ros1(distance, kind))
    with BagReader(tmp_path / "sonar.bag") as bag:
        (found,) = bag.messages(("/sonar/front",))
        assert found.header_stamp_ns == 5_000_000_006
        assert found.deserialize().range == 2.5
        assert bag.topics["/sonar/front"].qos[0].durability.name == "TRANSIENT_LOCAL"


@pytest.mark.parametrize("compression", COMPRESSIONS)
def test_of_a_bag_cut_anywhere_all_that_is_whole_is_read(tiny, tmp_path, compression):
    kind = "ros1" + f", chunks compressed with {compression}" * (compression != "none")
    whole = (tiny.write_tiny(tmp_path / "bag", kind) / "bag.bag").read_bytes()
    file, most = tmp_path / "cut.bag", 0
    for size in [*range(1, 4100, 410), *range(4100, len(whole), 23)]:
        file.write_bytes(whole[:size])
        try:
            texts, sentences = read(file)
        except BagError as error:
            assert "\n" not in str(error)
            assert most == 0
            continue
        assert texts == WHOLE[: len(texts)]
        assert len(texts) >= most
        assert "cut.bag has no whole index" in sentences[0]
        assert "`rosbag reindex`" in sentences[0]
        most = len(texts)
    assert most == 6


@pytest.mark.parametrize("name", ["drive.bag.active", "drive.bag", "drive"])
def test_a_bag_that_was_not_closed_is_read_without_its_index(tmp_path, name):
    texts = [record({"op": b"\4", "conn": number(0)}), message("three", time=3)]
    first = chunk(connection() + message("one") + message("two", time=2))
    # The head of the chunk that was being written says that it is empty.
    open_chunk = record({"op": b"\5", "compression": b"none", "size": number(0)})
    content = bag_header() + first + texts[0] + open_chunk + connection(1) + texts[1]
    (tmp_path / name).write_bytes(content)
    found, sentences = read(tmp_path / name)
    assert found == ["one", "two", "three"]
    assert len(sentences) == 1 and "was not closed" in sentences[0]
    assert read(tmp_path / name)[0] == found


@pytest.mark.parametrize("compression", COMPRESSIONS)
def test_a_damaged_chunk_costs_its_own_messages_which_are_counted(tiny, tmp_path, compression):
    kind = "ros1" + f", chunks compressed with {compression}" * (compression != "none")
    file = tiny.write_tiny(tmp_path / "bag", kind) / "bag.bag"
    data = bytearray(file.read_bytes())
    places = [at for at in range(len(data)) if data[at:].startswith(b"compression=")]
    data[places[1] + 14 : places[1] + 80] = bytes(66)
    file.write_bytes(data)
    texts, sentences = read(file)
    assert texts and set(texts) < set(WHOLE)
    assert any("left out as damaged: its " in each for each in sentences)
    lost = sum(int(each.split()[0]) for each in sentences if "left out as" in each)
    assert lost == len(WHOLE) - len(texts)


HOSTILE = {
    "a header of 4 GB": [bag_header(), b"\xff\xff\xff\xff" * 10],
    "a field of 4 GB": [bag_header(), number(8), b"\xff\xff\xff\xffop=\5", number(0)],
    "data of 4 GB": [bag_header(), chunk(b"")[:-4], b"\xff\xff\xff\xff"],
    "a chunk said to be of 4 GB": [bag_header(), chunk(message("x"), size=2**32 - 1)],
    "no fields at all": [bag_header(), number(0) * 100],
    "a bag header alone": [bag_header(index=2**63)],
    "an index elsewhere": [bag_header(index=10, chunks=2**31, connections=2**31)],
    "an index of chunks": [bag_header(index=100), chunk(message("x")) * 3],
    "an unknown compression": [bag_header(), chunk(message("x"), b"rot13")],
    "bytes that are not bz2": [bag_header(), record({"op": b"\5", "compression": b"bz2",
                               "size": number(9)}, b"BZh9 no")],
    "no connection": [bag_header(), chunk(message("x", conn=7))],
    "a time of all ones": [bag_header(), chunk(record({"op": b"\2", "conn": number(0),
                           "time": b"\xff" * 8}, message("x"))), b"\xff" * 300],
}  # fmt: skip


@pytest.mark.parametrize("case", HOSTILE)
def test_hostile_bags_are_read_around_or_refused_in_one_line(write, case):
    good = chunk(connection() + message("good"))
    for parts in (HOSTILE[case], [HOSTILE[case][0], good, *HOSTILE[case][1:]]):
        try:
            texts, sentences = read(write(*parts))
        except BagError as error:
            assert "\n" not in str(error)
            assert parts is HOSTILE[case]
        else:
            assert "good" in texts or parts is HOSTILE[case]
            assert sentences


@pytest.mark.parametrize("declared", [2**20, 2**32 - 1, 0])
def test_a_chunk_of_bz2_that_unpacks_to_too_much_is_left_out(write, declared):
    bomb = chunk(bytes(80_000_000), b"bz2", size=declared)
    texts, sentences = read(write(bag_header(), chunk(connection() + message("good")), bomb))
    assert texts == ["good"]
    assert "made.bag is damaged" in " ".join(sentences)


@pytest.mark.parametrize("kind", [b"os/system", b"velodyne_msgs/Scan", b"../x/y", b"", b"a\n/b"])
def test_a_type_that_ros_2_lacks_is_listed_and_its_messages_are_left_out(write, kind):
    good = connection() + message("good")
    other = connection(1, b"/other", kind) + message("bad", conn=1)
    file = write(bag_header(), chunk(good + other))
    with BagReader(file) as bag:
        assert bag.topics["/other"].count == 1
    texts, sentences = read(file)
    assert texts == ["good"]
    assert "1 message of /other left out" in sentences[-1]
    assert "has no shape in ROS 2" in sentences[-1]


def test_a_definition_that_is_not_noetics_is_told(write):
    changed = connection(md5sum=b"0" * 32) + message("x") + connection(1, b"/b") + message("y", 1)
    texts, sentences = read(write(bag_header(), chunk(changed)))
    assert texts == ["y"]
    assert "/a left out as damaged: its std_msgs/msg/String is defined otherwise" in sentences[-1]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"#ROSBAG V1.2\n" + bytes(100), "version '1.2'.*`rosbag filter"),
        (bag_header(encryptor=b"rosbag/AesCbcEncryptor"), "is encrypted.*rosbag/NoEncryptor"),
        (b"#ROSBAG V2.0\n", "is damaged: .*`rosbag reindex"),
        (b"#ROSBAG V2.0\n" + bytes(4096), "is damaged: .*`rosbag reindex"),
        (b"garbage" * 100, "damaged from its first byte on: it is no ROS 1 bag"),
        (b"", "is empty"),
    ],
)
def test_what_cannot_be_read_says_what_to_do(write, content, words):
    with pytest.raises(BagError, match=words) as error:
        read(write(content))
    assert "\n" not in str(error.value)


def test_the_parts_of_a_split_recording_are_read_together_and_others_are_named(tmp_path, tiny):
    file = tiny.write_tiny(tmp_path / "made", "ros1") / "bag.bag"
    folder = tmp_path / "drive"
    folder.mkdir()
    file.rename(folder / "drive_0.bag")
    assert holds_recording(folder)
    assert read(folder)[0] == WHOLE
    (folder / "drive_1.bag").write_bytes((folder / "drive_0.bag").read_bytes())
    assert sorted(read(folder)[0]) == sorted(WHOLE * 2)
    (folder / "other.bag").write_bytes(b"")
    with pytest.raises(BagError, match="give one of .*drive_0.bag, .*other.bag"):
        read(folder)


@pytest.mark.parametrize("name", ["drive.bag", "drive.bag.active"])
def test_no_output_may_lie_in_the_folder_of_a_ros_1_bag_that_is_given(tmp_path, name):
    folder = tmp_path / "drive"
    folder.mkdir()
    (folder / name).write_bytes(bag_header())
    with pytest.raises(OutputPlaceError, match="lies in the recording"):
        keep_apart(folder / "out", [folder])
    keep_apart(folder / "out", [folder / name])
