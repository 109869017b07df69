"""Records of ROS 1 bags (wiki.ros.org/Bags/Format/2.0), read from bytes that may be damaged."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from .chunks import ChunkPlace
from .ros1_types import ros2_type
from .storage import Channel
from .writer import quality

MESSAGE, BAG_HEADER, INDEX, CHUNK, CHUNK_INFO, CONNECTION = 2, 3, 4, 5, 6, 7
MOST_HEADER_BYTES = 2**20
_LAST_SECONDS = 2**32


class Record(NamedTuple):
    """A record: the fields of its header, and where its data begin and end."""

    fields: Mapping[str, bytes]
    first: int
    last: int

    @property
    def opcode(self) -> int:
        """What it is."""
        return number(self.fields, "op", 1)


def header_fields(block: bytes) -> dict[str, bytes]:
    """Return the fields of a header.

    Raises:
        ValueError: it is damaged.
    """
    found, at = {}, 0
    while at < len(block):
        size = int.from_bytes(block[at : at + 4], "little")
        field = block[at + 4 : at + 4 + size]
        name, equals, value = field.partition(b"=")
        if len(field) < size or not equals:
            raise ValueError("a field of a record is damaged")
        found[name.decode("ascii", "replace")] = value
        at += 4 + size
    return found


def number(fields: Mapping[str, bytes], name: str, size: int) -> int:
    """Return an unsigned number of so many bytes; raises ValueError where it is not there."""
    value = fields.get(name, b"")
    if len(value) != size:
        raise ValueError(f"a record has no {name}")
    return int.from_bytes(value, "little")


def time_ns(fields: Mapping[str, bytes], name: str) -> int:
    """Return a time in nanoseconds; raises ValueError where it is not there."""
    nanoseconds, seconds = divmod(number(fields, name, 8), _LAST_SECONDS)
    return seconds * 1_000_000_000 + nanoseconds


def text(fields: Mapping[str, bytes], name: str) -> str:
    """Return a text, empty where it is not there; what is not UTF-8 is replaced."""
    return fields.get(name, b"").decode("utf-8", "replace")


def records(data: bytes) -> Iterator[Record]:
    """Yield each record that is whole.

    Raises:
        ValueError: the last one is not.
    """
    at = 0
    while at < len(data):
        header = at + 4
        size_at = header + int.from_bytes(data[at:header], "little")
        first = size_at + 4
        last = first + int.from_bytes(data[size_at:first], "little")
        if first > len(data) or last > len(data):
            raise ValueError("a record ends too early")
        yield Record(header_fields(data[header:size_at]), first, last)
        at = last


class Known:
    """What connection and chunk info records say.

    Attributes:
        channels: topics by the number of their connection.
        chunks: places of chunks.
    """

    def __init__(self) -> None:
        self.channels: dict[int, Channel] = {}
        self.chunks: list[ChunkPlace] = []

    @property
    def counts(self) -> Counter[int]:
        """Messages of each connection in all chunks."""
        counts = Counter[int]()
        for chunk in self.chunks:
            counts.update(chunk.counts)
        return counts

    def take(self, record: Record, data: bytes) -> None:
        """Take a record and its data in; raises ValueError where it is damaged."""
        if record.opcode == CONNECTION:
            connection = header_fields(data)
            named = text(record.fields, "topic") or text(connection, "topic")
            # ROS 2 knows no names without a slash, and no empty parts.
            topic = "/" + "/".join(filter(None, named.split("/")))
            self.channels[number(record.fields, "conn", 4)] = Channel(
                topic,
                ros2_type(text(connection, "type")),
                "ros1",
                (quality(True, latched=text(connection, "latching") == "1"),),
                text(connection, "md5sum"),
            )
        elif record.opcode == CHUNK_INFO:
            self.chunks.append(_chunk_place(record.fields, data))


def _chunk_place(fields: Mapping[str, bytes], data: bytes) -> ChunkPlace:
    if number(fields, "ver", 4) != 1 or len(data) != 8 * number(fields, "count", 4):
        raise ValueError("what is said of a chunk is damaged")
    counts = {
        int.from_bytes(data[at : at + 4], "little"): int.from_bytes(data[at + 4 : at + 8], "little")
        for at in range(0, len(data), 8)
    }
    start, stop = time_ns(fields, "start_time"), time_ns(fields, "end_time")
    if start > stop:
        raise ValueError("a chunk has no time")
    return ChunkPlace(number(fields, "chunk_pos", 8), 0, start, stop, counts)
