"""Graphs on the disk: whole, checked, bounded, shared by processes, never an error."""

import os
import threading

import pytest

from amdanet_ros.graphs.graph_cache import GraphCache, cache_folder


@pytest.fixture
def cache(tmp_path):
    return GraphCache(tmp_path / "graphs", 1000)


def files(tmp_path):
    return sorted((tmp_path / "graphs").iterdir())


def test_what_was_put_is_found_by_its_key_alone(cache):
    assert cache.get("a") is None
    assert cache.put("a", b"graph of a")
    assert cache.put("../b", b"")
    assert cache.get("a") == b"graph of a"
    assert cache.get("../b") == b""
    assert cache.get("c") is None


@pytest.mark.parametrize(
    "damage",
    [
        lambda whole: b"",
        lambda whole: whole[:-1],
        lambda whole: whole + b"x",
        lambda whole: whole[:30] + bytes([whole[30] ^ 1]) + whole[31:],
        lambda whole: whole[:-3] + bytes([whole[-3] ^ 1]) + whole[-2:],
        lambda whole: b"other" * 40,
    ],
)
def test_a_damaged_entry_is_none_and_can_be_put_again(cache, tmp_path, damage):
    cache.put("a", b"graph of a")
    (path,) = files(tmp_path)
    path.write_bytes(damage(path.read_bytes()))
    assert cache.get("a") is None
    assert not path.exists()
    assert cache.put("a", b"again") and cache.get("a") == b"again"


@pytest.mark.parametrize("put", [os.replace, os.link, os.symlink])
def test_an_entry_in_the_place_of_another_is_none(cache, tmp_path, put):
    cache.put("a", b"graph of a")
    (path,) = files(tmp_path)
    cache.put("b", b"graph of b")
    (other,) = set(files(tmp_path)) - {path}
    if put is not os.replace:
        other.unlink()
    put(path, other)
    assert cache.get("b") is None
    assert not other.exists()
    assert cache.put("b", b"graph of b") and cache.get("b") == b"graph of b"


def test_the_folder_stays_within_its_bound_and_what_was_not_used_for_longest_goes(cache, tmp_path):
    for number, key in enumerate("abc"):
        cache.put(key, bytes(250))
        for path in files(tmp_path):
            if path.stat().st_mtime > 1e6:
                os.utime(path, (number + 1, number + 1))
    assert cache.get("a") is not None  # used now: the oldest is b
    assert cache.put("d", bytes(300))
    assert [key for key in "abcd" if cache.get(key) is not None] == ["a", "c", "d"]
    assert sum(path.stat().st_size for path in files(tmp_path)) <= 1000 + 4 * 52


def test_an_entry_above_the_bound_is_not_kept_and_throws_nothing_out(cache):
    cache.put("a", b"small")
    assert not cache.put("b", bytes(1001))
    assert cache.get("a") == b"small"


def test_what_a_killed_process_left_goes_first_when_room_is_needed(cache, tmp_path):
    cache.put("a", bytes(10))
    left = tmp_path / "graphs" / ".partial-x"
    left.write_bytes(bytes(900))
    os.utime(left, (1, 1))
    cache.put("b", bytes(300))
    assert not left.exists()
    assert cache.get("a") is not None and cache.get("b") is not None


def _large(path):
    with path.open("wb") as file:
        file.truncate(2**40)  # a hole


@pytest.mark.parametrize(
    "put",
    [os.mkfifo, os.mkdir, lambda path: path.symlink_to("/dev/zero"), _large],
    ids=["pipe", "folder", "device", "terabyte"],
)
def test_what_is_no_entry_is_not_waited_for_and_not_read(cache, tmp_path, put):
    cache.put("a", b"graph of a")
    (path,) = files(tmp_path)
    path.unlink()
    put(path)
    before = len(os.listdir("/proc/self/fd"))
    assert cache.get("a") is None
    assert len(os.listdir("/proc/self/fd")) == before


@pytest.mark.parametrize("place", ["a file", "below a file"])
def test_a_folder_that_cannot_be_used_is_no_error(tmp_path, place):
    file = tmp_path / "file"
    file.write_text("kept")
    cache = GraphCache(file if place == "a file" else file / "graphs")
    assert cache.get("a") is None
    assert not cache.put("a", b"graph")
    assert file.read_text() == "kept"


def test_several_writers_and_readers_never_see_a_part(tmp_path):
    contents = [bytes([number]) * 50_000 for number in range(4)]
    found = []

    def use(content):
        cache = GraphCache(tmp_path / "graphs")
        for _ in range(20):
            cache.put("a", content)
            found.append(cache.get("a"))

    threads = [threading.Thread(target=use, args=(content,)) for content in contents]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert set(found) <= set(contents)
    assert len(files(tmp_path)) == 1


@pytest.mark.parametrize(
    ("environment", "folder"),
    [
        ({"XDG_CACHE_HOME": "/c", "HOME": "/h"}, "/c/amdanet_ros/openvino"),
        ({"HOME": "/h"}, "/h/.cache/amdanet_ros/openvino"),
        ({"XDG_CACHE_HOME": "relative", "HOME": "/h"}, "/h/.cache/amdanet_ros/openvino"),
        ({"XDG_CACHE_HOME": ""}, None),
        ({"HOME": ""}, None),
        ({}, None),
    ],
)
def test_the_folder_is_the_users_cache_and_none_without_a_home(monkeypatch, environment, folder):
    for name in ("XDG_CACHE_HOME", "HOME"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    found = cache_folder()
    assert (None if found is None else str(found)) == folder


def test_without_a_folder_nothing_is_kept():
    cache = GraphCache(None)
    assert not cache.is_used
    assert not cache.put("a", b"graph")
    assert cache.get("a") is None
    cache.remove("a")
