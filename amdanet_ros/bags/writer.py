"""Writing rosbag2 bags; with SQLite they stay readable up to the last commit after a crash."""

from __future__ import annotations

import contextlib
import shutil
import sqlite3
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import yaml
from rosbags.interfaces import (
    Connection,
    Qos,
    QosDurability,
    QosHistory,
    QosLiveliness,
    QosReliability,
    QosTime,
)
from rosbags.rosbag2 import StoragePlugin, Writer
from rosbags.rosbag2.errors import WriterError
from rosbags.rosbag2.metadata import dump_qos_v9

from .errors import BagError, BagWriteError
from .message_types import knows, typestore

STORAGES = {"sqlite3": StoragePlugin.SQLITE3, "mcap": StoragePlugin.MCAP}


def quality(reliable: bool, latched: bool = False, depth: int = 10) -> Qos:
    """Return an offered quality of service, as a bag stores it."""
    forever = QosTime(2147483647, 4294967295)
    return Qos(
        QosHistory.KEEP_LAST,
        depth,
        QosReliability.RELIABLE if reliable else QosReliability.BEST_EFFORT,
        QosDurability.TRANSIENT_LOCAL if latched else QosDurability.VOLATILE,
        forever,
        forever,
        QosLiveliness.AUTOMATIC,
        forever,
        False,
    )


class BagWriter:
    """A new bag, open for writing; use it as a context manager.

    Args:
        path: the bag's folder; it must not exist.
        storage: "mcap" (fast to read; complete only when closed) or "sqlite3" (readable up to
            the last ``commit``).

    Once the disk takes no more, nothing is written any more, and what was written before is closed.

    Raises:
        BagError: the folder exists or cannot be made, or no such storage.
    """

    def __init__(self, path: str | Path, storage: str = "mcap") -> None:
        if storage not in STORAGES:
            raise BagError(f"bag storage {storage!r}: choose one of {', '.join(STORAGES)}")
        self.path = Path(path)
        self._database: Any = None
        self._connections: dict[tuple[str, str], Connection] = {}
        if self.path.exists():
            raise BagError(f"bag {self.path} exists already: give another name, or remove it")
        try:
            self._writer = Writer(self.path, version=9, storage_plugin=STORAGES[storage])
            self._writer.open()
            if storage == "sqlite3":
                self._database = self._writer.storage.conn
                # Nothing reaches the file before its commit: a reader never finds part of a
                # message.
                self._database.execute("PRAGMA cache_spill = OFF")
                self.commit()
        except (WriterError, OSError, sqlite3.Error) as error:
            if not isinstance(error, (WriterError, FileExistsError)):  # of another's folder
                shutil.rmtree(self.path, ignore_errors=True)
            cause = error.__cause__ if isinstance(error, BagWriteError) else error
            reason = getattr(cause, "strerror", None) or cause
            raise BagError(f"bag {self.path} cannot be written: {reason}") from error

    @contextlib.contextmanager
    def _disk_errors(self) -> Iterator[None]:
        """Close the bag and raise BagWriteError where the disk takes no more."""
        try:
            yield
        except (OSError, sqlite3.Error) as error:
            with contextlib.suppress(OSError, sqlite3.Error):
                self._writer.abort()
            reason = getattr(error, "strerror", None) or error
            raise BagWriteError(
                f"bag {self.path} cannot be written any more: {reason}: what was written before "
                "can be read",
                getattr(error, "errno", None),
            ) from error

    def add_topic(self, topic: str, message_type: str, qos: Sequence[Qos] = ()) -> None:
        """Register a topic; ``write`` does so where it was not done.

        Raises:
            BagError: the type is not known, or (BagWriteError) the disk takes no more.
        """
        if (topic, message_type) in self._connections:
            return
        if not knows(message_type):
            raise BagError(
                f"topic {topic}: message type {message_type} is not known: install its package, "
                "or source the workspace that holds it"
            )
        self._check_open()
        with self._disk_errors():
            self._connections[topic, message_type] = self._writer.add_connection(
                topic, message_type, typestore=typestore(), offered_qos_profiles=list(qos)
            )

    def _check_open(self) -> None:
        if self._writer.storage is None:
            raise BagError(f"bag {self.path} is closed")

    def write(self, topic: str, message_type: str, stamp_ns: int, raw: bytes | memoryview) -> None:
        """Append a serialised message (CDR) with its stamp in nanoseconds.

        Raises:
            BagError: as ``add_topic``.
        """
        self.add_topic(topic, message_type)
        self._check_open()
        with self._disk_errors():
            self._writer.write(self._connections[topic, message_type], stamp_ns, raw)

    def write_message(self, topic: str, stamp_ns: int, message: Any) -> None:
        """Append a message made from ``message_types.typestore()``'s types."""
        message_type = message.__msgtype__
        self.write(topic, message_type, stamp_ns, typestore().serialize_cdr(message, message_type))

    def commit(self) -> None:
        """Make what was written so far readable after a crash.

        With SQLite only: MCAP writes its index at the end.

        Raises:
            BagWriteError: the disk takes no more.
        """
        if self._database is None or self._writer.storage is None:
            return
        writer = self._writer
        partial = writer.metapath.with_suffix(".yaml.partial")
        with self._disk_errors():
            self._database.commit()
            content = {"rosbag2_bagfile_information": self._metadata()}
            try:
                partial.write_text(yaml.safe_dump(content, sort_keys=False))
                partial.replace(writer.metapath)
            finally:
                partial.unlink(missing_ok=True)

    def _metadata(self) -> dict[str, Any]:
        """Return the content of metadata.yaml for the messages written so far."""
        writer = self._writer
        count = sum(writer.counts.values())
        file = writer.storage.path.name
        span = {
            "duration": {
                "nanoseconds": writer.max_timestamp - writer.min_timestamp if count else 0
            },
            "starting_time": {"nanoseconds_since_epoch": writer.min_timestamp if count else 0},
            "message_count": count,
        }
        topics = [
            {
                "topic_metadata": {
                    "name": connection.topic,
                    "type": connection.msgtype,
                    "serialization_format": connection.ext.serialization_format,
                    "offered_qos_profiles": dump_qos_v9(connection.ext.offered_qos_profiles),
                    "type_description_hash": connection.digest,
                },
                "message_count": writer.counts[connection.id],
            }
            for connection in writer.connections
        ]
        return {
            "version": 9,
            "storage_identifier": "sqlite3",
            "relative_file_paths": [file],
            **span,
            "topics_with_message_count": topics,
            "compression_format": "",
            "compression_mode": "",
            "files": [{"path": file, **span}],
            "custom_data": None,
            "ros_distro": "rosbags",
        }

    def close(self) -> None:
        """Finish the bag.

        Raises:
            BagWriteError: the disk takes no more.
        """
        if self._writer.storage is not None:
            with self._disk_errors():
                self._writer.close()

    def __enter__(self) -> BagWriter:
        return self

    def __exit__(self, kind: object, *_: object) -> None:
        # The bag is closed after an error too; an error while closing must not hide the first one.
        with contextlib.suppress(Exception) if kind else contextlib.nullcontext():
            self.close()
