"""Reading a bag writes to nothing, whatever a killed recorder or somebody else left beside it."""

import os
import shutil
import sqlite3
import struct
import tempfile
from pathlib import Path

import pytest

from amdanet_ros.bags.errors import BagError
from amdanet_ros.bags.reader import BagReader

JOURNAL_MAGIC = bytes.fromhex("d9d505f920a163d7")


def look(folder):
    """Names, times and bytes of all that a folder holds, and of itself."""
    paths = (folder, *sorted(folder.rglob("*")))
    return [(path, path.stat().st_mtime_ns, path.is_file() and path.read_bytes()) for path in paths]


def read(folder):
    with BagReader(folder) as bag:
        return [message.deserialize().data for message in bag.messages()], bag.report.sentences()


WHOLE = [f"message {index}" for index in range(6)]


def header(pages, count, page_size=4096):
    head = JOURNAL_MAGIC + struct.pack(">5I", count, 1, pages, 512, page_size)
    return head.ljust(512, b"\0")


def naming(path):
    """The end of a journal that names a super-journal."""
    name = str(path).encode()
    checksum = sum(name)
    return name + struct.pack(">II", len(name), checksum) + JOURNAL_MAGIC


def interrupted(tiny, folder, mode):
    """What kill -9 leaves of a recorder with two writes more, of which one is committed."""
    file = folder / "bag.db3"
    database = sqlite3.connect(file, isolation_level=None)
    database.execute(f"PRAGMA journal_mode={mode}")
    database.execute("PRAGMA cache_size=1")
    database.execute("BEGIN")
    insert = "INSERT INTO messages (topic_id, timestamp, data) VALUES (1, ?, ?)"
    database.execute(insert, (2000, tiny.raw("committed")))
    database.execute("COMMIT")
    database.execute("BEGIN")
    for index in range(20):
        database.execute(insert, (3000 + index, tiny.raw("interrupted" * 500)))
    left = {path.name: path.read_bytes() for path in folder.iterdir()}
    database.execute("ROLLBACK")
    database.close()
    for path in folder.iterdir():
        path.unlink()
    for name, data in left.items():
        if not name.endswith("-shm"):
            (folder / name).write_bytes(data)


def test_a_bag_of_each_kind_is_only_read(tiny, tmp_path):
    for kind in tiny.KINDS:
        folder = tiny.write_tiny(tmp_path / kind, kind)
        before = look(tmp_path)
        assert read(folder) == (WHOLE, ())
        assert look(tmp_path) == before


@pytest.mark.parametrize("mode", ["DELETE", "TRUNCATE", "PERSIST", "WAL"])
def test_an_interrupted_write_is_undone_or_completed_in_a_copy(tiny, tmp_path, mode):
    folder = tiny.write_tiny(tmp_path / "bag")
    (folder / "metadata.yaml").unlink()
    interrupted(tiny, folder, mode)
    beside = "bag.db3-wal" if mode == "WAL" else "bag.db3-journal"
    assert (folder / beside).stat().st_size > 512
    before = look(tmp_path)
    messages, notes = read(folder)
    assert messages == [*WHOLE, "committed"]
    assert mode == "WAL" or "last write" in " ".join(notes)
    assert look(tmp_path) == before


@pytest.mark.parametrize("pages", [0, 1, 2**31])
@pytest.mark.parametrize("count", [0, 1, 2**32 - 1])
def test_a_false_journal_does_not_shorten_a_bag(tiny, tmp_path, pages, count):
    folder = tiny.write_tiny(tmp_path / "bag")
    (folder / "bag.db3-journal").write_bytes(header(pages, count))
    before = look(tmp_path)
    messages, notes = read(folder)
    assert messages == WHOLE
    assert count == 0 or "does not fit" in " ".join(notes)
    assert look(tmp_path) == before


@pytest.mark.parametrize("count", [0, 1, 2**32 - 1])
@pytest.mark.parametrize("where", ["folder", "file"])
def test_a_journal_that_names_another_file_is_refused(tiny, tmp_path, count, where):
    folder = tiny.write_tiny(tmp_path / "bag")
    other = tmp_path / "precious"
    other.write_text("do not remove")
    journal = folder / "bag.db3-journal"
    journal.write_bytes(header(1, count) + naming(other))
    before = look(tmp_path)
    with pytest.raises(BagError, match="names another file"):
        read(folder if where == "folder" else folder / "bag.db3")
    assert look(tmp_path) == before


@pytest.mark.parametrize("name", ["bag.db3-wal", "bag.db3-shm", "bag.db3-journal", "bag.mcap-wal"])
def test_what_lies_beside_a_bag_and_is_no_part_of_it_is_left_alone(tiny, tmp_path, name):
    folder = tiny.write_tiny(tmp_path / "bag")
    (folder / name).write_bytes(b"\x37\x7f\x06\x82" + bytes(range(200)))
    before = look(tmp_path)
    assert read(folder)[0] == WHOLE
    assert look(tmp_path) == before


def test_a_bag_in_a_read_only_folder_can_be_read(tiny):
    # Not in tmp_path, which only its owner may enter: root gives up its rights here.
    with tempfile.TemporaryDirectory() as place:
        Path(place).chmod(0o755)
        folder = tiny.write_tiny(Path(place, "bag"))
        interrupted(tiny, folder, "WAL")
        for path in (*folder.iterdir(), folder):
            path.chmod(0o555)
        user = os.geteuid()
        os.seteuid(user or 65534)
        try:
            with pytest.raises(OSError):
                (folder / "new").touch()
            assert read(folder)[0] == [*WHOLE, "committed"]
        finally:
            os.seteuid(user)
            folder.chmod(0o755)


@pytest.mark.parametrize("name", ["a b", "100%", "#1?", "%41", "bag?mode=rwc&x=1#y", "ä€"])
@pytest.mark.parametrize("kind", ["sqlite3", "mcap"])
def test_a_folder_may_have_any_name(tiny, tmp_path, name, kind):
    tiny.write_tiny(tmp_path / "bag", kind)
    (tmp_path / "bag").rename(tmp_path / name)
    before = look(tmp_path)
    assert read(tmp_path / name) == (WHOLE, ())
    assert look(tmp_path) == before


def test_a_copy_that_does_not_fit_is_refused_before_it_is_made(tiny, tmp_path, monkeypatch):
    folder = tiny.write_tiny(tmp_path / "bag")
    interrupted(tiny, folder, "WAL")
    full = shutil._ntuple_diskusage(10**9, 10**9, 0)
    monkeypatch.setattr(shutil, "disk_usage", lambda path: full)
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    with pytest.raises(BagError, match=r"TMPDIR"):
        read(folder)


def test_copies_are_removed_after_reading_and_after_an_error(tiny, tmp_path, monkeypatch):
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(temporary))
    folder = tiny.write_tiny(tmp_path / "bag")
    interrupted(tiny, folder, "WAL")
    with pytest.raises(KeyboardInterrupt), BagReader(folder) as bag:
        assert list(temporary.iterdir())
        next(bag.messages())
        raise KeyboardInterrupt
    (folder / "bag.db3").write_bytes((folder / "bag.db3").read_bytes()[:100].ljust(9999, b"\xff"))
    with pytest.raises(BagError):
        BagReader(folder)
    assert not list(temporary.iterdir())
