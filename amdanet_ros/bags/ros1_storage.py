"""ROS 1 bags: version 2.0, with and without an index, compressed with bz2 and lz4 or not.

rosbags has a reader too. It needs the index, unpacks without a bound, and one damaged record ends
it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from .chunked_storage import ChunkedStorage
from .chunks import ChunkPlace, Placed
from .decompression import MAX_CHUNK_BYTES, unbz2, unlz4
from .errors import BagError, DamagedMessage
from .ros1_records import (
    BAG_HEADER,
    CHUNK,
    CHUNK_INFO,
    CONNECTION,
    INDEX,
    MESSAGE,
    MOST_HEADER_BYTES,
    Known,
    Record,
    header_fields,
    number,
    records,
    text,
    time_ns,
)

_VERSION = b"#ROSBAG V2.0\n"
_MOST_INDEX_BYTES = 2**28
_MOST_CONNECTION_BYTES = 2**24


class Ros1Storage(ChunkedStorage[Known]):
    """A ``.bag`` file; see `Storage`. Its messages are serialised as in ROS 1.

    The index at the end is used where there is a whole one. Else (the recorder was killed, or the
    file is cut) the file is read through once, up to where it ends or is damaged.

    Raises:
        BagError: it is no bag of version 2.0, or encrypted.
        OSError: it cannot be read.
    """

    def _known(self) -> tuple[Known, Counter[int]]:
        version = self._read(0, len(_VERSION))
        if version != _VERSION:
            given = version[9:-1].decode("ascii", "replace").strip()
            raise BagError(
                f"{self._path} is a ROS 1 bag of version {given!r}, and 2.0 is read: rewrite it "
                f"with `rosbag filter {self._path} new.bag True`"
            )
        try:
            head = self._record(len(_VERSION))
            if head.opcode != BAG_HEADER:
                raise ValueError("it does not begin with its header")
            if text(head.fields, "encryptor"):
                raise BagError(
                    f"{self._path} is encrypted: decrypt it with `rosbag encrypt -p "
                    f"rosbag/NoEncryptor {self._path}`"
                )
        except ValueError as error:
            raise BagError(
                f"bag file {self._path} is damaged: {error}: copy it again, or try `rosbag "
                f"reindex {self._path}`"
            ) from error
        known = self._indexed(head)
        return (known, known.counts) if known else self._read_through(head.last)

    def _record(self, at: int) -> Record:
        """Return the record that begins at a place of the file; its data may be cut.

        Raises:
            ValueError: its header is damaged or cut.
        """
        size = int.from_bytes(self._read(at, 4), "little")
        if size > MOST_HEADER_BYTES:
            raise ValueError("a record has no header")
        block = self._read(at + 4, size + 4)
        if len(block) < size + 4:
            raise ValueError("a record is cut")
        first = at + size + 8
        return Record(
            header_fields(block[:size]), first, first + int.from_bytes(block[size:], "little")
        )

    def _indexed(self, head: Record) -> Known | None:
        """Return what the index says; None: there is none, or it is not whole."""
        known = Known()
        try:
            start = number(head.fields, "index_pos", 8)
            if not head.last <= start <= self._size or self._size - start > _MOST_INDEX_BYTES:
                return None
            data = self._read(start, self._size - start)
            for record in records(data):
                known.take(record, data[record.first : record.last])
            promised = [number(head.fields, f"{each}_count", 4) for each in ("conn", "chunk")]
        except ValueError:
            return None
        is_whole = [len(known.channels), len(known.chunks)] == promised
        is_inside = all(head.last <= each.offset < start for each in known.chunks)
        is_named = known.counts.keys() <= known.channels.keys()
        return known if is_whole and is_inside and is_named else None

    def _read_through(self, begin: int) -> tuple[Known, Counter[int]]:
        known, counts, at = Known(), Counter[int](), begin
        while at < self._size:
            try:
                record = self._record(at)
                if record.opcode in (CHUNK_INFO, BAG_HEADER):
                    break
                self._scan(known, counts, at, record)
            except ValueError:
                break
            at = record.last
        self.notes.insert(
            0,
            f"{self._path.name} has no whole index, it was not closed or is cut: what is whole of "
            f"its {self._size} bytes is read; `rosbag reindex` makes a whole file of it",
        )
        return known, self._with_topic(known, counts)

    def _scan(self, known: Known, counts: Counter[int], at: int, record: Record) -> None:
        """Take in a record of a file without an index; raises ValueError where it is damaged."""
        opcode, is_cut = record.opcode, record.last > self._size
        if opcode == CHUNK:
            self._scan_chunk(known, counts, at, record.last)
        elif is_cut:
            return
        elif opcode == MESSAGE:
            # Of a chunk that was not finished, the head does not say yet what it holds.
            channel, time = number(record.fields, "conn", 4), time_ns(record.fields, "time")
            self._loose.add(time, channel, record.first, record.last - record.first)
            counts[channel] += 1
        elif opcode == CONNECTION and record.last - record.first <= _MOST_CONNECTION_BYTES:
            known.take(record, self._read(record.first, record.last - record.first))
        elif opcode != INDEX:
            raise ValueError("a record is of no known kind")

    def _messages_in(self, data: bytes, known: Known | None) -> Iterator[Placed]:
        """Yield the messages of a chunk; ``known`` takes its connections."""
        for record in records(data):
            if record.opcode == MESSAGE:
                time, channel = time_ns(record.fields, "time"), number(record.fields, "conn", 4)
                yield Placed(time, channel, record.first, record.last)
            elif known is not None and record.opcode == CONNECTION:
                known.take(record, data[record.first : record.last])

    def unpacked(self, chunk: ChunkPlace, whole: bool) -> bytes | DamagedMessage:
        """Return the records of a chunk; see `ChunkFormat`."""
        try:
            head = self._record(chunk.offset)
            if head.opcode != CHUNK:
                return DamagedMessage("its chunk is not where the index says")
            size, packed_size = number(head.fields, "size", 4), head.last - head.first
            if whole and head.last > self._size:
                return DamagedMessage("its chunk is cut")
            if max(size, packed_size) > MAX_CHUNK_BYTES:
                return DamagedMessage("its chunk is too large")
            packed = self._read(head.first, packed_size)
            compression = text(head.fields, "compression")
            if compression == "bz2":
                data = unbz2(packed, size, whole)
            elif compression == "lz4":
                data = unlz4(packed, size, whole)
            elif compression == "none":
                data = packed
            else:
                return DamagedMessage(f"its compression {compression[:20]!r} is not known")
        except DamagedMessage as error:
            return error
        except ValueError:
            return DamagedMessage("its chunk is damaged")
        return data if not whole or len(data) == size else DamagedMessage("its chunk is cut")
