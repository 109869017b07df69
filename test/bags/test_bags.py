"""Bags: what is written can be read, by us and by others, whatever ended the writer."""

import os
import signal
import sqlite3
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import yaml
from rosbags.highlevel import AnyReader
from rosbags.interfaces import QosDurability, QosReliability
from rosbags.rosbag2 import Writer
from rosbags.typesys import Stores, get_types_from_msg, get_typestore

from amdanet_ros.bags.errors import BagError
from amdanet_ros.bags.message_types import typestore
from amdanet_ros.bags.reader import BagReader
from amdanet_ros.bags.writer import STORAGES, BagWriter, quality

storages = pytest.mark.parametrize("storage", STORAGES)


def contents(path, **choice):
    with BagReader(path) as bag:
        return [(m.topic, m.type, m.stamp_ns, m.raw) for m in bag.messages(**choice)]


@storages
def test_messages_come_back_byte_by_byte_in_the_order_of_their_stamps(tmp_path, bags, storage):
    written = []
    with BagWriter(tmp_path / "bag", storage) as bag:
        for index in (0, 2, 1, 3):
            stamp = bags.START + index
            message = bags.image(stamp, bags.images(index)[index % 2], "whatever it is")
            raw = bytes(typestore().serialize_cdr(message, bags.IMAGE))
            bag.write(f"/camera_{index % 2}", bags.IMAGE, stamp, raw)
            written.append((f"/camera_{index % 2}", bags.IMAGE, stamp, raw))
    assert contents(tmp_path / "bag") == sorted(written, key=lambda each: each[2])


@storages
def test_a_part_of_a_bag_can_be_read(tmp_path, bags, storage):
    stamps = bags.write_pairs(tmp_path / "bag", storage=storage)
    part = contents(tmp_path / "bag", topics=(bags.THERMAL,), start_ns=stamps[3], stop_ns=stamps[6])
    assert [topic for topic, *_ in part] == [bags.THERMAL] * 3
    assert contents(tmp_path / "bag", topics=()) == []


@storages
def test_quality_of_service_is_kept(tmp_path, bags, storage):
    with BagWriter(tmp_path / "bag", storage) as bag:
        bag.add_topic("/a", bags.IMAGE, [quality(reliable=True, latched=True, depth=3)])
        bag.add_topic("/b", bags.IMAGE, [quality(reliable=False)])
    with BagReader(tmp_path / "bag") as bag:
        (a,), (b,) = bag.topics["/a"].qos, bag.topics["/b"].qos
    assert (a.reliability, b.reliability) == (QosReliability.RELIABLE, QosReliability.BEST_EFFORT)
    assert (a.durability, b.durability) == (QosDurability.TRANSIENT_LOCAL, QosDurability.VOLATILE)
    assert a.depth == 3


@storages
def test_our_own_message_goes_through_bag_and_middleware_alike(tmp_path, storage):
    pytest.importorskip("rclpy")
    from amdanet_ros.msg import SemanticSegmentation
    from rclpy.serialization import deserialize_message, serialize_message

    sent = SemanticSegmentation(class_names=["road", "person"], class_areas=[0.75, 0.25])
    sent.header.frame_id = "rgb_optical"
    sent.mask.data = [0, 1, 1]
    sent.rgb_health.reason = "dark"
    sent.rgb_health.dark = 0.5
    kind = "amdanet_ros/msg/SemanticSegmentation"
    with BagWriter(tmp_path / "bag", storage) as bag:
        bag.write("/segmentation", kind, 1, serialize_message(sent))
    with BagReader(tmp_path / "bag") as bag:
        (message,) = bag.messages()
    read = message.deserialize()
    assert read.class_names == ["road", "person"]
    assert read.header.frame_id == "rgb_optical"
    assert (read.rgb_health.reason, read.rgb_health.dark) == ("dark", 0.5)
    np.testing.assert_array_equal(read.mask.data, [0, 1, 1])
    again = bytes(typestore().serialize_cdr(read, kind))
    assert deserialize_message(again, SemanticSegmentation) == sent


@storages
def test_a_segmentation_of_an_older_bag_lacks_only_what_is_newer(tmp_path, storage):
    """Written with the definition of before the temperatures, as earlier releases did."""
    kind = "amdanet_ros/msg/SemanticSegmentation"
    text, _ = typestore().generate_msgdef(kind, ros_version=2)
    newer = ("class_mean_temperatures", "class_max_temperatures", "components")
    older = "\n".join(line for line in text.splitlines() if not line.endswith(newer))
    old = get_typestore(Stores.ROS2_JAZZY)
    old.register(get_types_from_msg(older.partition("=" * 80)[0], kind))
    for name in ("ModalityHealth", "SegmentedComponent"):
        part, _ = typestore().generate_msgdef(f"amdanet_ros/msg/{name}", ros_version=2)
        old.register(get_types_from_msg(part.partition("=" * 80)[0], f"amdanet_ros/msg/{name}"))
    types = {name.rpartition("/")[2]: made for name, made in old.types.items()}
    header = types["Header"](types["Time"](3, 4), "rgb_optical")
    healths = [types["ModalityHealth"](status, "dark", 0.25, 0.5, 0.75) for status in (1, 3)]
    sent = types["SemanticSegmentation"](
        header, types["Image"](header, 1, 3, "mono8", 0, 3, np.array([0, 1, 1], np.uint8)),
        ["road", "person"], [], np.array([0.5, 0.25], np.float32), np.zeros(2, np.float32),
        types["Duration"](0, 5), *healths,
    )  # fmt: skip
    with Writer(tmp_path / "bag", version=9, storage_plugin=STORAGES[storage]) as bag:
        connection = bag.add_connection("/segmentation", kind, typestore=old)
        bag.write(connection, 7, old.serialize_cdr(sent, kind))
    with BagReader(tmp_path / "bag") as bag:
        (message,) = bag.messages()
    read = message.deserialize()
    assert read.thermal_health == typestore().types["amdanet_ros/msg/ModalityHealth"](
        3, "dark", 0.25, 0.5, 0.75
    )
    np.testing.assert_array_equal(read.class_areas, [0.5, 0.25])
    assert not len(read.class_mean_temperatures) and not len(read.class_max_temperatures)
    assert read.components == []
    # The middleware takes the same bytes: an older bag can be played.
    assert bytes(typestore().serialize_cdr(read, kind)) == bytes(message.raw)


@storages
def test_other_readers_know_our_types_from_the_bag_alone(tmp_path, storage):
    types = typestore().types
    health = types["amdanet_ros/msg/ModalityHealth"](2, "frozen", 0.0, 0.25, 0.5)
    with BagWriter(tmp_path / "bag", storage) as bag:
        bag.write_message("/health", 5, health)
    with AnyReader([tmp_path / "bag"]) as reader:
        ((connection, _, raw),) = reader.messages()
        read = reader.deserialize(raw, connection.msgtype)
    assert (read.status, read.reason, read.dark) == (2, "frozen", 0.25)


@pytest.mark.parametrize(("storage", "suffix"), [("mcap", ".mcap"), ("sqlite3", ".db3")])
def test_the_storage_file_can_be_named_instead_of_the_folder(tmp_path, bags, storage, suffix):
    bags.write_pairs(tmp_path / "bag", count=2, storage=storage)
    folder = contents(tmp_path / "bag")
    assert contents(tmp_path / "bag" / f"bag{suffix}") == folder
    (tmp_path / "bag" / "metadata.yaml").unlink()
    assert contents(tmp_path / "bag") == folder


def no_bag(path):
    pass


def empty_folder(path):
    path.mkdir()


def not_a_bag(path):
    path.mkdir()
    (path / "metadata.yaml").write_text("surely: not\n")


def garbage(path):
    path.mkdir()
    (path / "bag.mcap").write_bytes(b"garbage" * 100)


def truncated(path):
    with BagWriter(path, "mcap") as bag:
        bag.write("/raw", "std_msgs/msg/String", 1, b"\0\1\0\0\4\0\0\0abc\0" * 1000)
    file = path / "bag.mcap"
    os.truncate(file, file.stat().st_size // 2)


def file_is_gone(path):
    with BagWriter(path, "sqlite3") as bag:
        bag.write("/raw", "std_msgs/msg/String", 1, b"\0\1\0\0\4\0\0\0abc\0")
    (path / "bag.db3").unlink()


def unknown_storage(path):
    file_is_gone(path)
    text = (path / "metadata.yaml").read_text().replace("sqlite3", "carved_in_stone")
    (path / "metadata.yaml").write_text(text)


def no_database(path):
    file_is_gone(path)
    (path / "bag.db3").write_bytes(b"garbage" * 1000)


@pytest.mark.parametrize(
    "break_it",
    [
        no_bag,
        empty_folder,
        not_a_bag,
        garbage,
        truncated,
        file_is_gone,
        unknown_storage,
        no_database,
    ],
    ids=lambda function: function.__name__,
)
def test_a_bag_that_cannot_be_read_is_refused_in_a_line_that_names_it(tmp_path, break_it):
    path = tmp_path / "bag"
    break_it(path)
    with pytest.raises(BagError) as refused:
        contents(path)
    assert str(path) in str(refused.value)
    assert "\n" not in str(refused.value)


def test_a_bag_is_not_written_over(tmp_path, bags):
    bags.write_pairs(tmp_path / "bag", count=1)
    before = contents(tmp_path / "bag")
    with pytest.raises(BagError, match="bag"):
        BagWriter(tmp_path / "bag")
    assert contents(tmp_path / "bag") == before


def test_an_unknown_type_and_an_unknown_storage_are_refused_by_name(tmp_path):
    with BagWriter(tmp_path / "bag") as bag, pytest.raises(BagError, match="made_up/msg/Thing"):
        bag.add_topic("/thing", "made_up/msg/Thing")
    with pytest.raises(BagError, match="stone"):
        BagWriter(tmp_path / "other", "stone")


def test_a_bag_without_messages_can_be_read(tmp_path):
    for storage in STORAGES:
        BagWriter(tmp_path / storage, storage).close()
        with BagReader(tmp_path / storage) as bag:
            assert (list(bag.messages()), bag.duration_ns) == ([], 0)


def test_metadata_tells_of_what_is_committed(tmp_path, bags):
    bag = BagWriter(tmp_path / "bag", "sqlite3")
    for index in range(3):
        bag.write_message("/rgb", index, bags.image(index, bags.images(index)[0], "rgb8"))
    bag.commit()
    known = yaml.safe_load((tmp_path / "bag" / "metadata.yaml").read_text())
    bag.close()
    finished = yaml.safe_load((tmp_path / "bag" / "metadata.yaml").read_text())
    assert known == finished


WRITER = """
import sys
from amdanet_ros.bags.writer import BagWriter

bag = BagWriter(sys.argv[1], "sqlite3")
for index in range(10**9):
    raw = b"\\0\\1\\0\\0" + bytes([index % 256]) * 2_000_000
    bag.write("/raw", "std_msgs/msg/String", index, raw)
    if index % 5 == 4:
        bag.commit()
        print(index + 1, flush=True)
"""


def test_what_is_committed_outlives_kill_9(tmp_path):
    path = tmp_path / "bag"
    root = Path(__file__).resolve().parents[2]
    environment = {**os.environ, "PYTHONPATH": str(root)}
    writer = subprocess.Popen(
        [sys.executable, "-c", WRITER, path], stdout=subprocess.PIPE, text=True, env=environment
    )
    for _ in range(3):
        committed = int(writer.stdout.readline())
    writer.send_signal(signal.SIGKILL)
    rest = writer.stdout.read().split()
    writer.wait()
    committed = int(rest[-1]) if rest else committed
    found = contents(path)
    assert len(found) >= committed
    for index, (_, _, stamp, raw) in enumerate(found):
        assert stamp == index
        assert raw[4:] == bytes([index % 256]) * 2_000_000
    # Others play the journal back where the recorder was killed in a commit, as SQLite does.
    with sqlite3.connect(path / "bag.db3") as database:
        database.execute("SELECT count(*) FROM messages").fetchone()
    database.close()
    with AnyReader([path]) as reader:
        assert sum(1 for _ in reader.messages()) == len(found)


def test_types_of_other_packages_are_read_where_they_are_installed(tmp_path, monkeypatch):
    folder = tmp_path / "share" / "robot_msgs" / "msg"
    folder.mkdir(parents=True)
    (folder / "Arm.msg").write_text("Joint[] joints\nstd_msgs/Header header\n")
    (folder / "Joint.msg").write_text("float64 angle\n")
    (folder / "Torn.msg").write_text("robot_msgs/Nowhere part\n")
    monkeypatch.setenv("AMENT_PREFIX_PATH", str(tmp_path))
    with BagWriter(tmp_path / "bag") as bag:
        bag.add_topic("/arm", "robot_msgs/msg/Arm")
        with pytest.raises(BagError, match="robot_msgs/msg/Torn"):
            bag.add_topic("/torn", "robot_msgs/msg/Torn")
