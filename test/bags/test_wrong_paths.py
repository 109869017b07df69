"""What is no bag, or not one alone, is refused in a line that says what to do."""

import os
import sqlite3

import pytest

from amdanet_ros.bags.errors import BagError
from amdanet_ros.bags.reader import BagReader
from amdanet_ros.bags.recording_names import holds_recording

WHOLE = [f"message {index}" for index in range(6)]


def refused(path):
    with pytest.raises(BagError) as error:
        BagReader(path)
    assert "\n" not in str(error.value)
    return str(error.value)


def texts(path):
    with BagReader(path) as bag:
        return [message.deserialize().data for message in bag.messages()]


@pytest.mark.parametrize("name", ["bag.mcap", "bag.db3", "bag.db3.zstd", "anything"])
def test_an_empty_file_says_so(tmp_path, name):
    (tmp_path / name).touch()
    assert "is empty" in refused(tmp_path / name)


@pytest.mark.parametrize("name", ["image.png", "film.mp4", "notes.txt", "bag.mcap", "bag.db3"])
def test_a_file_of_another_kind_says_so(tmp_path, name):
    (tmp_path / name).write_bytes(b"\x89PNG and more")
    assert ("neither SQLite nor MCAP" if "bag" in name else "is no bag") in refused(tmp_path / name)


def test_what_is_neither_file_nor_folder_is_refused_at_once(tmp_path):
    os.mkfifo(tmp_path / "pipe.db3")
    assert "is a pipe or a device" in refused(tmp_path / "pipe.db3")
    assert "holds no bag" in refused(tmp_path)
    assert "is a pipe or a device" in refused("/dev/null")


def test_a_folder_of_bags_names_them(tiny, tmp_path):
    assert "holds no bag" in refused(tmp_path)
    assert not holds_recording(tmp_path)
    tiny.write_tiny(tmp_path / "first")
    assert f"give {tmp_path / 'first'}" in refused(tmp_path)
    tiny.write_tiny(tmp_path / "second", "mcap")
    assert f"give one of {tmp_path / 'first'}, {tmp_path / 'second'}" in refused(tmp_path)
    assert holds_recording(tmp_path)


def test_several_recordings_in_one_folder_are_named_and_parts_are_read_together(tiny, tmp_path):
    folder = tiny.write_tiny(tmp_path / "bag", "mcap")
    (folder / "metadata.yaml").unlink()
    data = (folder / "bag.mcap").read_bytes()
    (folder / "other.mcap").write_bytes(data)
    line = refused(folder)
    assert f"give one of {folder / 'bag.mcap'}, {folder / 'other.mcap'}" in line
    (folder / "other.mcap").rename(folder / "bag_1.mcap")
    assert sorted(texts(folder)) == sorted(WHOLE * 2)


def test_the_metadata_file_stands_for_its_folder(tiny, tmp_path):
    folder = tiny.write_tiny(tmp_path / "bag")
    assert texts(folder / "metadata.yaml") == WHOLE


@pytest.mark.parametrize(
    "statement",
    [
        "DROP TABLE messages",
        "ALTER TABLE messages RENAME TO old; CREATE VIEW messages AS SELECT * FROM old",
        "DROP TABLE topics; CREATE VIEW topics AS WITH RECURSIVE c(id) AS (SELECT 1 UNION ALL "
        "SELECT id + 1 FROM c) SELECT id, 'a' name, 'b' type, 'cdr' serialization_format FROM c",
        "ALTER TABLE messages ADD COLUMN x GENERATED ALWAYS AS (zeroblob(1000000000))",
    ],
)
def test_a_database_that_is_no_bag_is_refused_and_nothing_of_it_runs(tiny, tmp_path, statement):
    folder = tiny.write_tiny(tmp_path / "bag")
    with sqlite3.connect(folder / "bag.db3") as database:
        database.executescript(statement)
    database.close()
    assert "no bag" in refused(folder)
