"""Reading rosbag2 bags, MCAP and SQLite, message by message as raw bytes."""

from __future__ import annotations

import sqlite3
import struct
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Any, NamedTuple

from rosbags.interfaces import Qos
from rosbags.rosbag2 import Reader
from rosbags.rosbag2.errors import ReaderError

from .errors import BagError
from .message_types import typestore


class BagTopic(NamedTuple):
    """A topic of a bag.

    Attributes:
        name: as recorded.
        type: as in ``sensor_msgs/msg/Image``.
        count: messages.
        qos: what its publishers offered.
    """

    name: str
    type: str
    count: int
    qos: tuple[Qos, ...]


class BagMessage(NamedTuple):
    """A message of a bag, as it was recorded.

    Attributes:
        topic: name.
        type: as in ``sensor_msgs/msg/Image``.
        stamp_ns: when it was recorded, nanoseconds.
        raw: serialised (CDR).
    """

    topic: str
    type: str
    stamp_ns: int
    raw: bytes

    @property
    def header_stamp_ns(self) -> int:
        """Stamp in the header of a message that begins with one, nanoseconds.

        Nothing else of the message is read.
        """
        order = "<" if self.raw[1] & 1 else ">"
        seconds, nanoseconds = struct.unpack_from(f"{order}iI", self.raw, 4)
        return seconds * 1_000_000_000 + nanoseconds

    def deserialize(self) -> Any:
        """Return the message as rosbags reads it: arrays are NumPy arrays."""
        return typestore().deserialize_cdr(self.raw, self.type)


class BagReader:
    """A bag, open for reading; use it as a context manager.

    Args:
        path: the bag's folder, or a ``.mcap`` or ``.db3`` file.

    Raises:
        BagError: it does not exist or cannot be read.
    """

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)
        if not self.path.exists():
            raise BagError(
                f"bag {self.path} does not exist: give the folder that holds metadata.yaml"
            )
        _roll_back_interrupted_writes(self.path)
        try:
            self._reader = Reader(self._source())
            self._reader.open()
        except (ReaderError, OSError, ValueError, AssertionError) as error:
            raise BagError(f"bag {self.path} cannot be read: {error}") from error
        topics = {}
        for connection in self._reader.connections:
            qos = tuple(getattr(connection.ext, "offered_qos_profiles", ()) or ())
            count = connection.msgcount
            topics[connection.topic] = BagTopic(connection.topic, connection.msgtype, count, qos)
        self.topics: dict[str, BagTopic] = topics

    def _source(self) -> Path:
        """Return the folder, or its only storage file where metadata are missing.

        They are missing where a recorder was killed early.
        """
        if self.path.is_dir() and not (self.path / "metadata.yaml").exists():
            files = sorted([*self.path.glob("*.mcap"), *self.path.glob("*.db3")])
            if len(files) == 1:
                return files[0]
            raise BagError(
                f"bag {self.path} has no metadata.yaml: give the folder that holds it, or run "
                "`ros2 bag reindex` on it"
            )
        return self.path

    @property
    def start_ns(self) -> int:
        """Stamp of the first message, nanoseconds."""
        return self._reader.start_time

    @property
    def duration_ns(self) -> int:
        """From the first to the last message, nanoseconds."""
        return self._reader.duration

    def messages(
        self,
        topics: Collection[str] | None = None,
        start_ns: int | None = None,
        stop_ns: int | None = None,
    ) -> Iterator[BagMessage]:
        """Yield messages in the order in which they were recorded.

        Args:
            topics: only these; None: all.
            start_ns, stop_ns: only from the one (inclusive) to the other (exclusive).

        Raises:
            BagError: the bag is damaged.
        """
        wanted = [
            connection
            for connection in self._reader.connections
            if topics is None or connection.topic in topics
        ]
        if not wanted:
            return
        try:
            for connection, stamp, raw in self._reader.messages(wanted, start_ns, stop_ns):
                yield BagMessage(connection.topic, connection.msgtype, stamp, bytes(raw))
        except (ReaderError, OSError, ValueError) as error:
            raise BagError(f"bag {self.path} is damaged: {error}") from error

    def close(self) -> None:
        """Close the files."""
        self._reader.close()

    def __enter__(self) -> BagReader:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _roll_back_interrupted_writes(path: Path) -> None:
    """Let SQLite undo what a killed recorder has written in part.

    The reader cannot: it opens files as immutable.
    """
    files = [path] if path.suffix == ".db3" else list(path.glob("*.db3")) if path.is_dir() else []
    for file in files:
        if file.with_name(file.name + "-journal").exists():
            try:
                connection = sqlite3.connect(file)
                connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
                connection.close()
            except sqlite3.Error as error:
                raise BagError(f"bag {path}: {file.name} cannot be recovered: {error}") from error
