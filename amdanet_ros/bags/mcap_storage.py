"""Storage files of the mcap plugin, with and without an index, closed properly or not."""

from __future__ import annotations

import zlib
from collections import Counter
from collections.abc import Iterator

from .bag_files import MCAP_MAGIC
from .chunked_storage import ChunkedStorage
from .chunks import ChunkPlace, Placed
from .decompression import MAX_CHUNK_BYTES, unlz4, unzstd
from .errors import BagError, DamagedMessage
from .mcap_records import (
    CHANNEL,
    CHUNK,
    DATA_END,
    FOOTER,
    HEADER,
    MESSAGE,
    MESSAGE_HEAD,
    RECORD_HEAD,
    SCHEMA,
    SUMMARY_OFFSET,
    Fields,
    Records,
    chunk_head,
    message_head,
    records,
)

_FOOTER_BYTES = 37
_MOST_SUMMARY_BYTES = 2**28
_MOST_RECORD_BYTES = 2**24
_CHUNK_HEAD_BYTES = 100


class McapStorage(ChunkedStorage[Records]):
    """An ``.mcap`` file; see `Storage`.

    The summary at the end is used where there is a whole one that knows all messages. Else the file
    is read through once, up to where it ends or is damaged, and the order is made by sorting what
    was found. Chunks are unpacked one after the other; those whose times overlap again where they
    do not fit into 256 MiB.

    Raises:
        BagError: it is no bag.
        OSError: it cannot be read.
    """

    def _known(self) -> tuple[Records, Counter[int]]:
        begin = self._begin()
        known = self._summary(begin)
        return (known, Counter(known.counts)) if known else self._read_through(begin)

    def _begin(self) -> int:
        """Return where the first record after the header begins."""
        head = self._read(len(MCAP_MAGIC), RECORD_HEAD)
        size = int.from_bytes(head[1:], "little")
        if head[:1] != bytes([HEADER]) or size > _MOST_RECORD_BYTES:
            raise BagError(f"bag file {self._path} is damaged: it has no MCAP header")
        try:
            profile = Fields(self._read(len(MCAP_MAGIC) + RECORD_HEAD, size)).text()
        except ValueError as error:
            raise BagError(f"bag file {self._path} is damaged: {error}") from error
        if profile not in ("ros2", "ros1", ""):
            raise BagError(
                f"bag file {self._path} is an MCAP file of {profile[:40]!r}, not of ROS: convert "
                "it to ROS 2 first"
            )
        return len(MCAP_MAGIC) + RECORD_HEAD + size

    def _summary(self, begin: int) -> Records | None:
        """Return what the summary says; None: there is none, or it does not know all messages."""
        place = self._size - _FOOTER_BYTES
        footer = self._read(max(place, 0), _FOOTER_BYTES)
        if place < begin or footer[29:] != MCAP_MAGIC or footer[0] != FOOTER:
            return None
        start = int.from_bytes(footer[9:17], "little")
        if not begin <= start < place or place - start > _MOST_SUMMARY_BYTES:
            return None
        data = self._read(start, place - start)
        known = Records()
        try:
            for opcode, first, last in records(data):
                if opcode == SUMMARY_OFFSET:
                    break
                known.take(opcode, data[first:last])
        except (ValueError, OverflowError):
            return None
        if known.counts is None:
            return None
        indexed: Counter[int] = Counter()
        for chunk in known.chunks:
            indexed.update(chunk.counts)
        counts = {number: count for number, count in known.counts.items() if count}
        # Messages outside of chunks have no index.
        return known if dict(indexed) == counts and counts.keys() <= known.channels.keys() else None

    def _read_through(self, begin: int) -> tuple[Records, Counter[int]]:
        known = Records()
        counts: Counter[int] = Counter()
        at = begin
        closed = False
        while at < self._size:
            head = self._read(at, RECORD_HEAD)
            size = int.from_bytes(head[1:], "little")
            start, end = at + RECORD_HEAD, at + RECORD_HEAD + size
            opcode = head[0]
            closed = closed or opcode in (DATA_END, FOOTER)
            if closed or len(head) < RECORD_HEAD or opcode == 0:
                break
            if opcode == CHUNK:
                self._scan_chunk(known, counts, at, end)
            if end > self._size:
                break
            self._scan_record(known, counts, opcode, start, size)
            at = end
        if not closed and at < self._size:
            self.notes.append(
                f"{self._path.name} was not closed or is cut: what is whole of its {self._size} "
                "bytes is read; `mcap recover` makes a whole file of it"
            )
        elif not closed:
            self.notes.append(f"{self._path.name} was not closed: all that it holds is read")
        return known, self._with_topic(known, counts)

    def _scan_record(
        self, known: Records, counts: Counter[int], opcode: int, start: int, size: int
    ) -> None:
        try:
            if opcode == MESSAGE:
                channel, time = message_head(self._read(start, MESSAGE_HEAD), 0, size)
                self._loose.add(time, channel, start + MESSAGE_HEAD, size - MESSAGE_HEAD)
                counts[channel] += 1
            elif opcode in (SCHEMA, CHANNEL) and size <= _MOST_RECORD_BYTES:
                known.take(opcode, self._read(start, size))
        except (ValueError, OverflowError):
            self._note_damage(start)

    def _messages_in(self, data: bytes, known: Records | None) -> Iterator[Placed]:
        """Yield the messages of a chunk; ``known`` takes its other records."""
        for opcode, first, last in records(data):
            if opcode == MESSAGE:
                channel, time = message_head(data, first, last)
                yield Placed(time, channel, first + MESSAGE_HEAD, last)
            elif known is not None:
                known.take(opcode, data[first:last])

    def unpacked(self, chunk: ChunkPlace, whole: bool) -> bytes | DamagedMessage:
        """Return the records of a chunk; see `ChunkFormat`."""
        start, size = chunk.offset + RECORD_HEAD, chunk.size - RECORD_HEAD
        try:
            head = chunk_head(self._read(start, min(size, _CHUNK_HEAD_BYTES)))
            packed_size = min(head.packed_size, size - head.at)
            if whole and packed_size < head.packed_size:
                return DamagedMessage("its chunk is cut")
            if head.size > MAX_CHUNK_BYTES or packed_size > MAX_CHUNK_BYTES:
                return DamagedMessage("its chunk is too large")
            packed = self._read(start + head.at, packed_size)
            if head.compression == "zstd":
                data = unzstd(packed, head.size, whole)
            elif head.compression == "lz4":
                data = unlz4(packed, head.size, whole)
            elif head.compression in ("", "none"):
                data = packed
            else:
                return DamagedMessage(f"its compression {head.compression[:20]!r} is not known")
        except DamagedMessage as error:
            return error
        except (ValueError, OverflowError):
            return DamagedMessage("its chunk is damaged")
        if len(data) == head.size and head.crc and zlib.crc32(data) != head.crc:
            return DamagedMessage("the checksum of its chunk does not fit")
        return data if not whole or len(data) == head.size else DamagedMessage("its chunk is cut")
