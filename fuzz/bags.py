"""Bags: metadata.yaml and storage files, of ROS 1 too, whole ones damaged by an input."""

from __future__ import annotations

import contextlib
import functools
import shutil
from pathlib import Path

import numpy as np
from rosbags.rosbag1 import Writer
from rosbags.typesys import Stores, get_typestore

from amdanet_ros.bags.errors import BagError, DamagedMessage
from amdanet_ros.bags.message_types import typestore
from amdanet_ros.bags.reader import BagReader
from amdanet_ros.bags.topics import choose_topics
from amdanet_ros.bags.writer import BagWriter

from .damage import damaged
from .scratch import scratch_folder
from .spending import Spending
from .target import Target

_STORAGES = ("mcap", "sqlite3", "ros1")
_IMAGE = "sensor_msgs/msg/Image"


def run(data: bytes) -> None:
    """Read all of a bag, of which the input has changed the metadata or the storage."""
    spending = Spending(data)
    storage = spending.choice(_STORAGES)
    changed = spending.byte() % 4
    whole = _whole(storage)
    name = next(each for each in whole if each != "metadata.yaml")
    content = dict(whole)
    if changed > 1 or "metadata.yaml" not in whole:
        content[name] = damaged(whole[name], spending)
    elif changed == 0:
        content["metadata.yaml"] = spending.rest()
    elif changed == 1:
        content["metadata.yaml"] = damaged(whole["metadata.yaml"], spending)
    if changed == 3:
        content.pop("metadata.yaml", None)
    folder = scratch_folder() / "bag"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    for file, written in content.items():
        (folder / file).write_bytes(written)
    try:
        with BagReader(folder) as bag:
            for message in bag.messages():
                assert message.topic in bag.topics
                with contextlib.suppress(DamagedMessage):
                    message.deserialize()
            for sentence in bag.report.sentences():
                assert sentence.isprintable()
            choose_topics(bag)
    finally:
        left = {each.name: each.read_bytes() for each in folder.iterdir()}
        assert left == content, "a recording was changed"


@functools.cache
def _whole(storage: str) -> dict[str, bytes]:
    """Return the files of a bag of two topics, by name."""
    folder = scratch_folder() / f"whole_{storage}"
    if storage == "ros1":
        return {"whole.bag": _ros1(folder.with_suffix(".bag"))}
    with BagWriter(folder, storage) as bag:
        for number in range(3):
            for stream in ("rgb", "thermal"):
                bag.write_message(f"/{stream}/image_raw", number * 10**8, _image(number))
    return {path.name: path.read_bytes() for path in sorted(Path(folder).iterdir())}


def _ros1(file: Path) -> bytes:
    """Return a ROS 1 bag of the same messages, in several chunks."""
    writer = Writer(file)
    writer.set_compression(Writer.CompressionFormat.LZ4)
    writer.chunk_threshold = 100
    noetic, store = get_typestore(Stores.ROS1_NOETIC), typestore()
    with writer:
        channels = [
            writer.add_connection(f"/{stream}/image_raw", _IMAGE, typestore=noetic)
            for stream in ("rgb", "thermal")
        ]
        for number in range(3):
            raw = store.cdr_to_ros1(store.serialize_cdr(_image(number), _IMAGE), _IMAGE)
            for channel in channels:
                writer.write(channel, number * 10**8, raw)
    return file.read_bytes()


def _image(number: int):
    types = typestore().types
    stamp = types["builtin_interfaces/msg/Time"](sec=0, nanosec=number * 10**8)
    return types[_IMAGE](
        header=types["std_msgs/msg/Header"](stamp=stamp, frame_id="camera"),
        height=2,
        width=4,
        encoding="mono8",
        is_bigendian=0,
        step=4,
        data=np.full(8, number, np.uint8),
    )


def seeds() -> list[bytes]:
    """Changes here and there in the metadata and the storage of each kind."""
    made = [
        bytes([storage, changed, 0, place, at % 256, at // 256, 0, 255])
        for storage in (0, 1, 2)
        for changed in (1, 2, 3)
        for place in (0, 2)
        for at in range(0, 1200, 150)
    ]
    return [*made, *(bytes([0, 0]) + _whole(each)["metadata.yaml"] for each in _STORAGES[:2])]


TARGET = Target("bags", run, (BagError,), seeds)
