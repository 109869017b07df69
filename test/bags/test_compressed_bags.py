"""What unpacks to more than a recording can hold is refused before it fills memory or disk."""

import shutil
import sqlite3

import numpy as np
import pytest
from backports import zstd

from amdanet_ros.bags import decompression
from amdanet_ros.bags.errors import BagError, DamagedMessage
from amdanet_ros.bags.reader import BagReader

WHOLE = [f"message {index}" for index in range(6)]
FILES = ("sqlite3, files compressed", "mcap, files compressed")


def read(path):
    with BagReader(path) as bag:
        return [message.deserialize().data for message in bag.messages()], bag.report.sentences()


def undeclared(size):
    """Zeros of which the frame does not say how many they are."""
    packer = zstd.ZstdCompressor()
    parts = [packer.compress(bytes(2**20)) for _ in range(size // 2**20)]
    return b"".join([*parts, packer.flush()])


@pytest.fixture
def space(tmp_path, monkeypatch):
    """The temporary folder of bags."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(folder))
    return folder


@pytest.mark.parametrize("kind", FILES)
def test_compressed_files_are_read_with_and_without_metadata(tiny, tmp_path, space, kind):
    folder = tiny.write_tiny(tmp_path / "bag", kind)
    (file,) = folder.glob("*.zstd")
    assert read(folder) == (WHOLE, ())
    assert read(file) == (WHOLE, ())
    (folder / "metadata.yaml").unlink()
    assert read(folder) == (WHOLE, ())
    assert not list(space.iterdir())


@pytest.mark.parametrize("storage", ["sqlite3", "mcap"])
def test_compressed_messages_are_read_without_metadata(tiny, tmp_path, storage):
    folder = tiny.write_tiny(tmp_path / "bag", f"{storage}, messages compressed")
    (folder / "metadata.yaml").unlink()
    assert read(folder) == (WHOLE, ())


@pytest.mark.parametrize("kind", FILES)
def test_of_a_compressed_file_that_is_cut_what_is_whole_is_read(tiny, tmp_path, kind):
    folder = tiny.write_tiny(tmp_path / "bag", kind)
    (file,) = folder.glob("*.zstd")
    plain = zstd.decompress(file.read_bytes())
    packer = zstd.ZstdCompressor()
    parts = packer.compress(plain, packer.FLUSH_BLOCK)
    file.write_bytes(parts)
    texts, sentences = read(folder)
    assert texts == WHOLE
    assert sentences == (f"{file.name} is cut or damaged: what is whole of it is read",)


def test_of_a_compressed_file_without_a_whole_block_the_file_itself_is_named(tmp_path):
    for name, data in (("a.mcap.zstd", zstd.compress(bytes(99))[:9]), ("b.db3.zstd", b"\x28\xb5")):
        (tmp_path / name).write_bytes(data)
        with pytest.raises(BagError, match=f"{tmp_path / name}") as refused:
            BagReader(tmp_path / name)
        assert "amdanet_bag_" not in str(refused.value)


def test_a_file_that_fills_the_disk_is_refused_and_removed(tiny, tmp_path, space, monkeypatch):
    monkeypatch.setattr(decompression, "_SMALL_FILE_BYTES", 2**22)
    folder = tiny.write_tiny(tmp_path / "bag", FILES[0])
    (file,) = folder.glob("*.zstd")
    most = 0
    usage = shutil.disk_usage

    def watched(path):
        nonlocal most
        most = max(most, *(each.stat().st_size for each in space.rglob("*")), 0)
        return usage(path)

    monkeypatch.setattr(shutil, "disk_usage", watched)
    for bomb in (zstd.compress(bytes(2**26)), undeclared(2**26), zstd.compress(bytes(2**20)) * 64):
        file.write_bytes(bomb)
        with pytest.raises(BagError, match="would unpack to more than 4 MB"):
            read(folder)
        assert not list(space.iterdir())
    assert 0 < most <= 2**22 + 2**20


def test_a_file_larger_than_the_free_space_is_refused(tiny, tmp_path, space, monkeypatch):
    folder = tiny.write_tiny(tmp_path / "bag", FILES[1])
    full = shutil.disk_usage(tmp_path)._replace(free=2**27)
    monkeypatch.setattr(shutil, "disk_usage", lambda path: full)
    with pytest.raises(BagError, match="set TMPDIR"):
        read(folder)
    assert not list(space.iterdir())


@pytest.mark.parametrize("pack", [lambda size: zstd.compress(bytes(size)), undeclared])
def test_a_message_that_fills_the_memory_is_left_out(tiny, tmp_path, pack):
    bomb = pack(70 * 2**20)
    with pytest.raises(DamagedMessage, match="too large"):
        decompression.unzstd(bomb)
    folder = tiny.write_tiny(tmp_path / "bag", "sqlite3, messages compressed")
    with sqlite3.connect(folder / "bag.db3") as database:
        database.execute("UPDATE messages SET data = ? WHERE id = 3", (bomb,))
    database.close()
    texts, sentences = read(folder)
    assert texts == WHOLE[:2] + WHOLE[3:]
    assert "1 message of /a left out as damaged: it would unpack to" in sentences[0]


def test_a_large_message_is_not_taken_for_a_bomb():
    data = np.random.default_rng(0).bytes(2**20) + bytes(70 * 2**20)
    assert decompression.unzstd(zstd.compress(data)) == data
    assert decompression.unzstd(zstd.compress(data[:99]) + zstd.compress(b"more")) == (
        data[:99] + b"more"
    )
