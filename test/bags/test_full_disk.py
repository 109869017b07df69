"""A disk that takes no more ends a recording in one line, and what was written can be read."""

import resource

import pytest

from amdanet_ros.bags.errors import BagError
from amdanet_ros.bags.reader import BagReader
from amdanet_ros.bags.writer import STORAGES, BagWriter

STRING = "std_msgs/msg/String"
RAW = b"\0\1\0\0" + bytes(range(256)) * 256
MOST = 3_000_000


@pytest.fixture
def small_disk():
    """Files of this process may not become larger than 3 MB."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (MOST, hard))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@pytest.mark.parametrize("storage", STORAGES)
@pytest.mark.parametrize("as_context", [True, False])
def test_what_was_written_before_the_disk_was_full_can_be_read(
    tmp_path, small_disk, storage, as_context
):
    committed = 0

    def fill(bag):
        nonlocal committed
        for index in range(100):
            bag.write("/raw", STRING, index, RAW)
            if index % 5 == 4:
                bag.commit()
                committed = index + 1

    writer = BagWriter(tmp_path / "bag", storage)
    with pytest.raises(BagError, match="cannot be written any more: .*can be read") as full:
        if as_context:
            with writer as bag:
                fill(bag)
        else:
            fill(writer)
    assert "\n" not in str(full.value)
    # The recorder commits and closes on its way out.
    writer.commit()
    writer.close()
    with pytest.raises(BagError, match="is closed"):
        writer.write("/raw", STRING, 1000, RAW)
    with BagReader(tmp_path / "bag") as bag:
        found = list(bag.messages())
    assert [each.stamp_ns for each in found] == list(range(len(found)))
    assert len(found) >= (committed if storage == "sqlite3" else 20)
    assert all(each.raw == RAW for each in found)
    assert not (tmp_path / "bag" / "metadata.yaml.partial").exists()


@pytest.mark.parametrize("storage", STORAGES)
@pytest.mark.parametrize("most", [0, 10])
def test_a_disk_that_is_full_already_is_one_line_and_leaves_the_name_free(
    tmp_path, storage, most, small_disk
):
    hard = resource.getrlimit(resource.RLIMIT_FSIZE)[1]
    resource.setrlimit(resource.RLIMIT_FSIZE, (most, hard))
    with pytest.raises(BagError, match="bag cannot be written") as full:
        bag = BagWriter(tmp_path / "bag", storage)
        # MCAP's few first bytes are written with the first messages.
        bag.close()
    assert "\n" not in str(full.value) and "Errno" not in str(full.value)
    resource.setrlimit(resource.RLIMIT_FSIZE, (MOST, hard))
    if storage == "sqlite3":
        with BagWriter(tmp_path / "bag", storage) as bag:
            bag.write("/raw", STRING, 1, RAW)
