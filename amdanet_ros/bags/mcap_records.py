"""Records of MCAP files (mcap.dev/spec), read from bytes that may be damaged."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import NamedTuple

from .chunks import ChunkPlace
from .offered_qos import offered_qos
from .ros1_types import ros2_type
from .storage import Channel

HEADER, FOOTER, SCHEMA, CHANNEL, MESSAGE, CHUNK = 1, 2, 3, 4, 5, 6
CHUNK_INDEX, STATISTICS, SUMMARY_OFFSET, DATA_END = 8, 0x0B, 0x0E, 0x0F
RECORD_HEAD = 9
MESSAGE_HEAD = 22
_LAST_TIME = 2**63


class Fields:
    """Reads the fields of a record one after the other.

    Each method raises ValueError where the record is too short.
    """

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    def number(self, size: int) -> int:
        """Return an unsigned number of so many bytes."""
        return int.from_bytes(self.take(size), "little")

    def take(self, size: int) -> bytes:
        """Return so many bytes."""
        taken = self._data[self._at : self._at + size]
        if len(taken) < size:
            raise ValueError("a record is too short")
        self._at += size
        return taken

    def block(self) -> bytes:
        """Return bytes that their length precedes."""
        return self.take(self.number(4))

    def text(self) -> str:
        """Return a text; what is not UTF-8 is replaced."""
        return self.block().decode("utf-8", "replace")

    @property
    def at(self) -> int:
        """How many bytes have been read."""
        return self._at


class ChunkHead(NamedTuple):
    """The fields of a chunk before its records, and their place in the chunk's record."""

    size: int
    crc: int
    compression: str
    packed_size: int
    at: int


class Records:
    """The records of a summary, of a chunk, or of a file, as far as they are known.

    Attributes:
        channels: topics by their number.
        chunks: places of chunks.
        counts: messages of each channel, as the statistics have it; None: no statistics.
    """

    def __init__(self) -> None:
        self.channels: dict[int, Channel] = {}
        self.chunks: list[ChunkPlace] = []
        self.counts: dict[int, int] | None = None
        self._types: dict[int, str] = {}

    def take(self, opcode: int, content: bytes) -> None:
        """Take a record in; those that say nothing about messages are left out.

        Raises:
            ValueError: it is damaged.
        """
        fields = Fields(content)
        if opcode == SCHEMA:
            number = fields.number(2)
            self._types[number] = fields.text()
        elif opcode == CHANNEL:
            number, schema = fields.number(2), fields.number(2)
            topic, encoding = fields.text(), fields.text()
            details = pairs(fields.block())
            qos = offered_qos(details.get("offered_qos_profiles", ""))
            kind = self._types.get(schema, "")
            if encoding == "ros1":
                kind = ros2_type(kind)
            self.channels[number] = Channel(topic, kind, encoding, qos, details.get("md5sum", ""))
        elif opcode == CHUNK_INDEX:
            self.chunks.append(_chunk_place(fields))
        elif opcode == STATISTICS:
            fields.take(42)
            counts = Fields(fields.block())
            self.counts = {}
            while counts.at < len(content) - 46:
                number = counts.number(2)
                self.counts[number] = counts.number(8)


def _chunk_place(fields: Fields) -> ChunkPlace:
    start, stop, offset, size = (fields.number(8) for _ in range(4))
    places = sorted((place, number) for number, place in struct.iter_unpack("<HQ", fields.block()))
    # Each index record holds 16 bytes a message, after 15 of its own.
    ends = [place for place, _ in places[1:]] + [offset + size + fields.number(8)]
    counts = {
        number: max(0, end - place - 15) // 16
        for (place, number), end in zip(places, ends, strict=True)
    }
    if start > stop or stop >= _LAST_TIME:
        raise ValueError("a chunk has no time")
    return ChunkPlace(offset, size, start, stop, counts)


def pairs(block: bytes) -> dict[str, str]:
    """Return a map of texts."""
    fields, found = Fields(block), {}
    while fields.at < len(block):
        key = fields.text()
        found[key] = fields.text()
    return found


def chunk_head(content: bytes) -> ChunkHead:
    """Return the head of a chunk's record, of which the beginning is enough.

    Raises:
        ValueError: it is damaged.
    """
    fields = Fields(content)
    fields.take(16)
    size, crc, compression = fields.number(8), fields.number(4), fields.text()
    return ChunkHead(size, crc, compression, fields.number(8), fields.at)


def records(data: bytes) -> Iterator[tuple[int, int, int]]:
    """Yield opcode, start and end of the content of each record that is whole.

    Raises:
        ValueError: the last record is not.
    """
    at = 0
    while at < len(data):
        head = data[at : at + RECORD_HEAD]
        start = at + RECORD_HEAD
        if len(head) < RECORD_HEAD or head[0] == 0:
            raise ValueError("a record is damaged")
        end = start + int.from_bytes(head[1:], "little")
        if end > len(data):
            raise ValueError("a record ends too early")
        yield head[0], start, end
        at = end


def message_head(data: bytes, start: int, end: int) -> tuple[int, int]:
    """Return channel and time of the message whose record's content lies there.

    Raises:
        ValueError: it is damaged.
    """
    if end - start < MESSAGE_HEAD:
        raise ValueError("a message is too short")
    channel, _, time = struct.unpack_from("<HIQ", data, start)
    if time >= _LAST_TIME:
        raise ValueError("a message has no time")
    return channel, time
