"""Fingerprints of files: equal for equal bytes, another one after any change, however made."""

import hashlib
import os
import time

import pytest

from amdanet_ros.fuse.made_of import file_fingerprint


def _expected(file):
    return hashlib.sha256(file.read_bytes()).hexdigest()


@pytest.fixture
def settled(tmp_path, monkeypatch):
    """A file that has not changed for long, as far as the clock says."""
    file = tmp_path / "weights"
    file.write_bytes(b"one" * 1000)
    now = time.time_ns() + 60_000_000_000
    monkeypatch.setattr(time, "time_ns", lambda: now)
    assert file_fingerprint(file) == _expected(file)
    return file


def written_over(file):
    file.write_bytes(b"two" * 1000)


def written_over_with_its_old_time(file):
    before = file.stat().st_mtime_ns
    file.write_bytes(b"two" * 1000)
    os.utime(file, ns=(before, before))


def replaced_by_another_file(file):
    other = file.with_name("other")
    other.write_bytes(b"two" * 1000)
    os.utime(other, ns=(file.stat().st_mtime_ns,) * 2)
    other.replace(file)


def written_into(file):
    with file.open("r+b") as opened:
        opened.write(b"T")


@pytest.mark.parametrize(
    "change",
    [written_over, written_over_with_its_old_time, replaced_by_another_file, written_into],
)
def test_a_change_is_seen(settled, change):
    before = file_fingerprint(settled)
    change(settled)
    assert file_fingerprint(settled) == _expected(settled) != before


def test_a_file_that_changed_a_moment_ago_is_read_again(tmp_path, monkeypatch):
    """Its time may stay the same: within a tick of the file system's clock it does."""
    file = tmp_path / "weights"
    file.write_bytes(b"one")
    before, first = file.stat(), file_fingerprint(file)
    file.write_bytes(b"two")
    monkeypatch.setattr(os, "fstat", lambda _: before)
    assert file_fingerprint(file) == _expected(file) != first


def test_a_file_that_stays_is_read_once(settled, monkeypatch):
    monkeypatch.setattr(hashlib, "sha256", lambda: pytest.fail("read again"))
    assert file_fingerprint(settled)


def test_a_copy_of_another_name_is_the_same(settled):
    copy = settled.with_name("copy")
    copy.write_bytes(settled.read_bytes())
    assert file_fingerprint(copy) == file_fingerprint(settled)
