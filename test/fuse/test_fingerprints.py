"""Fingerprints of files: equal for equal bytes, another one after any change, however made."""

import hashlib
import os

import pytest

from amdanet_ros.fuse.made_of import file_fingerprint


def _expected(file):
    return hashlib.sha256(file.read_bytes()).hexdigest()


@pytest.fixture
def weights(tmp_path):
    file = tmp_path / "weights"
    file.write_bytes(b"one" * 1000)
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
def test_a_change_is_seen(weights, change):
    before = file_fingerprint(weights)
    assert before == _expected(weights)
    change(weights)
    assert file_fingerprint(weights) == _expected(weights) != before


def test_a_copy_of_another_name_is_the_same(weights):
    copy = weights.with_name("copy")
    copy.write_bytes(weights.read_bytes())
    assert file_fingerprint(copy) == file_fingerprint(weights)
