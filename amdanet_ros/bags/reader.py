"""Reading bags of ROS 2 and ROS 1, message by message as raw bytes, never writing to them."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterator
from functools import partial
from pathlib import Path
from typing import NamedTuple

from rosbags.interfaces import Qos

from .bag_files import BagFiles, find_files, kind_of
from .decompression import ZSTD_MAGIC, unpack_file, unzstd
from .errors import BagError, DamagedMessage
from .mcap_storage import McapStorage
from .merging import merged
from .message import BagMessage
from .older_messages import in_present_form
from .read_report import ReadReport
from .ros1_storage import Ros1Storage
from .ros1_types import to_cdr
from .sqlite_storage import SqliteStorage
from .storage import Channel, Storage
from .temporary_space import TemporarySpace

__all__ = ["BagMessage", "BagReader", "BagTopic"]

_CDR_HEAD = 4
_ENCODINGS = ("cdr", "ros1")
_END_NS = 2**63


class BagTopic(NamedTuple):
    """A topic of a bag.

    Attributes:
        name: as recorded.
        type: as in ``sensor_msgs/msg/Image``.
        count: messages that the files hold.
        qos: what its publishers offered.
    """

    name: str
    type: str
    count: int
    qos: tuple[Qos, ...]


class BagReader:
    """A bag, open for reading; use it as a context manager.

    The files are only read. What a killed recorder left beside them is played back in a temporary
    copy, and compressed files are unpacked there. What is damaged or missing is left out and said
    in ``report``; messages are told apart by topic and type alone, so metadata.yaml may differ from
    the files in all else.

    Args:
        path: the bag's folder, or a ``.mcap``, ``.db3`` or (ROS 1) ``.bag`` file. Messages of ROS 1
            come out in the shape of ROS 2.

    Attributes:
        path: as given.
        topics: what can be read, by name.

    Raises:
        BagError: it does not exist or cannot be read.
    """

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)
        self._space = TemporarySpace()
        self._storages: list[Storage] = []
        self._notes: list[str] = []
        self._missing: dict[str, tuple[int, int]] = {}
        self._skipped: Counter[tuple[str, str]] = Counter()
        try:
            found = find_files(self.path)
            self._open(found)
            self.topics = self._list_topics(found)
            told = self.report.sentences()
            if told and not any(topic.count for topic in self.topics.values()):
                raise BagError(f"bag {self.path} holds no message that can be read: {told[0]}")
        except (OSError, ValueError) as error:
            self.close()
            reason = getattr(error, "strerror", None) or error
            raise BagError(f"bag {self.path} cannot be read: {reason}") from error
        except BaseException:
            self.close()
            raise

    def _open(self, found: BagFiles) -> None:
        self._notes += found.notes
        failure: BagError | None = None
        for file in found.files:
            try:
                self._storages.append(self._storage(file))
            except (BagError, OSError) as error:
                reason = getattr(error, "strerror", None) or error
                failure = BagError(f"bag {self.path}: {reason}")
                failure.__cause__ = error
                self._notes.append(f"the part {file.name} of the bag is left out: {reason}")
        if not self._storages and failure is not None:
            raise failure
        for storage in self._storages:
            self._notes += storage.notes

    def _storage(self, file: Path) -> Storage:
        if kind_of(file) == "zstd":
            reason = f"unpacking the bag file {file}"
            unpacked = self._space.path(file.stem, file.stat().st_size, reason)
            if not unpack_file(file, unpacked):
                self._notes.append(f"{file.name} is cut or damaged: what is whole of it is read")
            if not unpacked.stat().st_size:
                raise BagError(f"bag file {file} is cut or damaged from its first byte on")
            try:
                return self._plain_storage(unpacked)
            except BagError as error:
                raise BagError(str(error).replace(str(unpacked), str(file))) from error
        return self._plain_storage(file)

    def _plain_storage(self, file: Path) -> Storage:
        kind = kind_of(file)
        if kind == "zstd":
            raise BagError(f"{file.name} is compressed twice")
        if kind == "sqlite3":
            return SqliteStorage(file, self._space)
        return Ros1Storage(file) if kind == "ros1" else McapStorage(file)

    def _list_topics(self, found: BagFiles) -> dict[str, BagTopic]:
        counts: dict[tuple[str, str], int] = defaultdict(int)
        offered: dict[tuple[str, str], tuple[Qos, ...]] = {}
        others = set()
        for storage in self._storages:
            for number, channel in storage.channels.items():
                if channel.encoding not in _ENCODINGS:
                    others.add((channel.topic, channel.encoding))
                    continue
                counts[channel.topic, channel.type] += storage.counts.get(number, 0)
                offered.setdefault((channel.topic, channel.type), channel.qos)
        for topic, encoding in sorted(others):
            self._notes.append(f"topic {topic} is left out: it is encoded as {encoding[:40]!r}")
        for promised in found.metadata.topics if found.metadata else ():
            key = promised[:2]
            held = counts[key]
            instead = [kind for (name, kind), n in counts.items() if name == promised.name and n]
            if not held and promised.count and instead:
                self._notes.append(
                    f"metadata.yaml says that {promised.name} holds {promised.type}; the files "
                    f"hold {' and '.join(instead)}, as which it is read"
                )
            elif held < promised.count and not any(name == promised.name for name, _ in others):
                self._missing[promised.name] = (promised.count, held)
            offered[key] = promised.qos or offered.get(key, ())
        topics: dict[str, BagTopic] = {}
        for (name, kind), count in counts.items():
            topic = BagTopic(name, kind, count, offered[name, kind])
            before = topics.get(name)
            if before is None or before.count < count:
                topics[name], topic = topic, before or topic
            if before is not None and topic.count:
                self._notes.append(
                    f"{topic.count} messages of {name} are left out: they are of another type, "
                    f"{topic.type}"
                )
        return topics

    @property
    def start_ns(self) -> int:
        """Time of the first message, nanoseconds; 0 where there is none."""
        return min((each.start_ns for each in self._storages if each.counts), default=0)

    @property
    def duration_ns(self) -> int:
        """From the first to the last message, nanoseconds."""
        return max((each.stop_ns for each in self._storages if each.counts), default=0) - (
            self.start_ns
        )

    @property
    def report(self) -> ReadReport:
        """What is missing of the bag, and what ``messages`` has left out so far."""
        return ReadReport(tuple(self._notes), dict(self._missing), dict(self._skipped))

    def messages(
        self,
        topics: Collection[str] | None = None,
        start_ns: int | None = None,
        stop_ns: int | None = None,
    ) -> Iterator[BagMessage]:
        """Yield messages in the order in which they were recorded.

        Those of this package's types have the fields that the types have now, also where an
        earlier release recorded them. All others are given as they were recorded.

        A message that cannot be read is left out and counted in ``report``.

        Args:
            topics: only these; None: all.
            start_ns, stop_ns: only from the one (inclusive) to the other (exclusive).

        Raises:
            BagError: the files cannot be read any more.
        """
        start = 0 if start_ns is None else start_ns
        stop = _END_NS if stop_ns is None else stop_ns
        skipped: Counter[tuple[str, str]] = Counter()
        runs = []
        for storage in self._storages:
            wanted = {
                number: channel
                for number, channel in storage.channels.items()
                if (topics is None or channel.topic in topics)
                and channel.encoding in _ENCODINGS
                and self.topics[channel.topic].type == channel.type
            }
            if wanted and storage.counts and stop > start:
                read = partial(self._of_storage, storage, wanted, (start, stop), skipped)
                runs.append((storage.start_ns, read))
        try:
            yield from merged(runs)
        except OSError as error:
            raise BagError(f"bag {self.path} cannot be read: {error.strerror}") from error
        finally:
            # A bag that is read again has the same faults.
            self._skipped |= skipped

    def _of_storage(
        self,
        storage: Storage,
        wanted: dict[int, Channel],
        span: tuple[int, int],
        skipped: Counter[tuple[str, str]],
    ) -> Iterator[BagMessage]:
        for stored in storage.messages(wanted.keys(), *span):
            channel = wanted[stored.channel] if stored.channel is not None else None
            if stored.data is None or channel is None:
                skipped[channel.topic if channel else "", stored.fault] += stored.count
                continue
            try:
                raw = _plain(stored.data, channel)
            except DamagedMessage as damaged:
                skipped[channel.topic, str(damaged)] += 1
                continue
            message = BagMessage(channel.topic, channel.type, stored.stamp_ns, raw)
            yield in_present_form(message)

    def close(self) -> None:
        """Close the files and remove what was unpacked."""
        for storage in self._storages:
            storage.close()
        self._space.remove()

    def __enter__(self) -> BagReader:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _plain(data: bytes, channel: Channel) -> bytes:
    """Return a message as it was before it was compressed, if it was, and in the shape of ROS 2.

    Raises:
        DamagedMessage: it is no serialised message.
    """
    if channel.encoding == "ros1":
        return to_cdr(data, channel.type, channel.digest)
    if data.startswith(ZSTD_MAGIC):
        data = unzstd(data)
    # The head of CDR is 0 and the kind of encoding; two bytes of options follow.
    if len(data) < _CDR_HEAD or data[0] != 0:
        raise DamagedMessage("it is no CDR")
    return data
