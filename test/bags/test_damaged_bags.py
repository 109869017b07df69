"""Damaged and hostile bags: nothing but BagError, and what is whole is read."""

import re

import pytest

from amdanet_ros.bags.errors import BagError, DamagedMessage
from amdanet_ros.bags.message import BagMessage
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


@pytest.mark.parametrize("storage", ["sqlite3", "mcap"])
def test_one_damaged_message_is_left_out_and_counted(tiny, tmp_path, storage):
    folder = tiny.write_tiny(tmp_path / "bag", f"{storage}, messages compressed")
    file = next(folder.glob("bag.*"))
    data = bytearray(file.read_bytes())
    places = [match.start() for match in re.finditer(re.escape(b"\x28\xb5\x2f\xfd"), data)]
    data[places[2] + 4] ^= 0xFF
    file.write_bytes(data)
    texts, sentences = read(folder)
    assert texts in (WHOLE[:2] + WHOLE[3:], WHOLE[:3] + WHOLE[4:])
    assert len(sentences) == 1
    assert re.search(r"1 message of /[ab] left out as damaged: .*compressed", sentences[0])


def test_a_damaged_page_of_a_database_costs_its_messages_alone(tmp_path, bags):
    stamps = bags.write_pairs(tmp_path / "bag", count=20, storage="sqlite3")
    file = tmp_path / "bag" / "bag.db3"
    data = bytearray(file.read_bytes())
    with BagReader(tmp_path / "bag") as bag:
        image = next(bag.messages((bags.RGB,), stamps[9])).raw
    at = data.find(image[:200]) // 4096 * 4096
    assert at > 0
    data[at : at + 8] = b"\xff" * 8
    file.write_bytes(data)
    with BagReader(tmp_path / "bag") as bag:
        found = [message.stamp_ns for message in bag.messages((bags.RGB,))]
        sentences = " ".join(bag.report.sentences())
    assert 10 <= len(found) < 20
    assert stamps[0] in found
    assert stamps[19] in found
    assert stamps[9] not in found
    assert "are lost: its page of the database is damaged" in sentences
    assert "of 20 messages of /rgb/image_raw are missing" in sentences


@pytest.mark.parametrize(
    "raw", [b"\0\1\0\0", b"\0\1\0\0\xff\xff\xff\x7fabc", b"\0\1\0\0\4\0\0\0\xff\xfe\xfd\0"]
)
def test_bytes_that_are_no_message_say_so(raw):
    for kind in ("std_msgs/msg/String", "sensor_msgs/msg/Image", "sensor_msgs/msg/CameraInfo"):
        with pytest.raises(DamagedMessage, match=f"/a are damaged.*{kind}"):
            BagMessage("/a", kind, 1, raw).deserialize()


def test_a_message_of_an_unknown_type_says_so():
    with pytest.raises(DamagedMessage, match=r"made_up/msg/Thing"):
        BagMessage("/a", "made_up/msg/Thing", 1, b"\0\1\0\0").deserialize()
    with pytest.raises(DamagedMessage, match="too short"):
        _ = BagMessage("/a", "std_msgs/msg/Header", 1, b"\0\1\0\0").header_stamp_ns


PAIRS = list(zip("abcdefgh", "bcdefghi", strict=True))
METADATA = {
    "no mapping": ("- a\n- b\n", "holds no rosbag2_bagfile_information"),
    "a text": ("words\n", "holds no rosbag2_bagfile_information"),
    "empty": ("", "holds no rosbag2_bagfile_information"),
    "binary": ("\0\1\2\xff", "it is not YAML"),
    "nested deeply": ("[" * 99 + "]" * 99, "nested too deeply"),
    "another version": ("rosbag2_bagfile_information: {version: 99}\n", "its version is '99'"),
    "no version": ("rosbag2_bagfile_information: {files: []}\n", "its version is ''"),
    "another compression": (
        "rosbag2_bagfile_information: {version: 5, compression_format: rot13}\n",
        "its compression 'rot13'",
    ),
    "a bomb": (
        "a: &a [x, x]\n"
        + "".join(f"{n}: &{n} [{', '.join([f'*{p}'] * 9)}]\n" for p, n in PAIRS)
        + "rosbag2_bagfile_information: *i\n",
        "holds no rosbag2_bagfile_information",
    ),
    "code": ("rosbag2_bagfile_information: !!python/object/apply:os.system [exit]\n", "holds no"),
    "a file elsewhere": (
        "rosbag2_bagfile_information: {version: 9, relative_file_paths: [../other/bag.db3]}\n",
        "lies outside the bag's folder",
    ),
    "an absolute file": (
        "rosbag2_bagfile_information: {version: 9, relative_file_paths: [/etc/passwd]}\n",
        "lies outside the bag's folder",
    ),
    "huge numbers": (
        "rosbag2_bagfile_information: {version: 1" + "0" * 9999 + "}\n",
        "its version is '1000",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", METADATA)
def test_metadata_that_cannot_be_used_are_said_and_the_files_are_read(tiny, tmp_path, case):
    text, reason = METADATA[case]
    folder = tiny.write_tiny(tmp_path / "bag")
    (folder / "metadata.yaml").write_bytes(text.encode("latin-1"))
    texts, sentences = read(folder)
    assert texts == WHOLE
    assert len(sentences) == 1
    assert reason in sentences[0]
    (folder / "bag.db3").unlink()
    assert reason in refused(folder)


def test_metadata_of_another_recording_are_said(tiny, tmp_path):
    folder = tiny.write_tiny(tmp_path / "bag")
    (folder / "bag.db3").rename(folder / "other.db3")
    texts, sentences = read(folder)
    assert texts == WHOLE
    assert "names bag.db3" in sentences[0]


@pytest.mark.parametrize("value", ["-1", "99999999999999999999999", "x", "[]", "null", "1e400"])
def test_odd_numbers_in_metadata_count_as_nothing(tiny, tmp_path, value):
    folder = tiny.write_tiny(tmp_path / "bag")
    file = folder / "metadata.yaml"
    fields = "message_count|nanoseconds|nanoseconds_since_epoch|depth|sec|history"
    file.write_text(re.sub(rf"({fields}): .*", rf"\1: {value}", file.read_text()))
    assert read(folder) == (WHOLE, ())
    with BagReader(folder) as bag:
        assert (bag.start_ns, bag.duration_ns) == (1000, 5)


def test_fields_that_metadata_lack_are_not_needed(tiny, tmp_path):
    folder = tiny.write_tiny(tmp_path / "bag")
    (folder / "metadata.yaml").write_text(
        "rosbag2_bagfile_information:\n  version: 5\n  relative_file_paths: [bag.db3]\n"
    )
    assert read(folder) == (WHOLE, ())


@pytest.mark.parametrize("storage", ["sqlite3", "mcap"])
def test_metadata_and_files_that_differ_in_quality_of_service_give_all_messages(
    tiny, tmp_path, storage
):
    folder = tiny.write_tiny(tmp_path / "bag", storage)
    file = folder / "metadata.yaml"
    changed = re.sub("reliability: .*", "reliability: best_effort", file.read_text())
    changed = re.sub("type_description_hash: .*", "type_description_hash: other", changed)
    assert changed != file.read_text()
    file.write_text(changed)
    assert read(folder) == (WHOLE, ())
    with BagReader(folder) as bag:
        assert {topic.qos[0].reliability.name for topic in bag.topics.values()} == {"BEST_EFFORT"}


def test_what_metadata_promise_and_the_files_lack_is_said_by_topic(tiny, tmp_path):
    folder = tiny.write_tiny(tmp_path / "bag")
    file = folder / "metadata.yaml"
    file.write_text(file.read_text().replace("message_count: 3", "message_count: 10"))
    texts, sentences = read(folder)
    assert texts == WHOLE
    assert [sentence.partition(":")[0] for sentence in sentences] == [
        "7 of 10 messages of /a are missing",
        "7 of 10 messages of /b are missing",
    ]


def test_a_type_that_metadata_tell_otherwise_is_said_and_no_message_is_called_missing(
    tiny, tmp_path
):
    folder = tiny.write_tiny(tmp_path / "bag")
    file = folder / "metadata.yaml"
    file.write_text(file.read_text().replace("std_msgs/msg/String", "std_msgs/msg/Bool", 1))
    texts, sentences = read(folder)
    assert texts == WHOLE
    assert len(sentences) == 1 and "as which it is read" in sentences[0], sentences


def test_a_part_that_is_missing_is_said_and_the_others_are_read(tiny, tmp_path):
    folder = tiny.write_tiny(tmp_path / "bag")
    file = folder / "metadata.yaml"
    file.write_text(file.read_text().replace("- bag.db3", "- bag.db3\n  - bag_1.db3", 1))
    texts, sentences = read(folder)
    assert texts == WHOLE
    assert sentences == ("the part bag_1.db3 of the bag is missing",)


def test_a_part_that_is_damaged_is_said_and_the_others_are_read(tiny, tmp_path):
    folder = tiny.write_tiny(tmp_path / "bag")
    file = folder / "metadata.yaml"
    file.write_text(file.read_text().replace("- bag.db3", "- bag_0.db3\n  - bag.db3", 1))
    (folder / "bag_0.db3").write_bytes(b"garbage" * 1000)
    texts, sentences = read(folder)
    assert texts == WHOLE
    assert "bag_0.db3 of the bag is left out" in sentences[0]
