"""rosbags' writer, with LibYAML for its texts: ruamel takes a tenth of a second for each bag."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import yaml
from rosbags.interfaces import (
    Connection,
    ConnectionExtRosbag2,
    MessageDefinition,
    MessageDefinitionFormat,
    Qos,
)
from rosbags.rosbag2 import Writer
from rosbags.rosbag2.metadata import dump_qos_v9

from .message_types import typestore

VERSION = 9
_SafeDumper: Any = getattr(yaml, "CSafeDumper", yaml.SafeDumper)


class _Dumper(_SafeDumper):
    def ignore_aliases(self, data: Any) -> bool:
        """Whether a part that comes twice is written twice: always."""
        return True


class Rosbag2Writer(Writer):
    """Writes version 9 without compression; the content is that of rosbags' own methods."""

    def connect(self, topic: str, message_type: str, qos: Sequence[Qos]) -> Connection:
        """Register a topic that is not known yet; ``add_connection`` does the same.

        Args:
            topic: its name.
            message_type: a type that ``message_types.typestore()`` knows.
            qos: offered.

        Raises:
            OSError, sqlite3.Error: the disk takes no more.
        """
        definition, _ = typestore().generate_msgdef(message_type, ros_version=2)
        connection = Connection(
            id=len(self.connections) + 1,
            topic=topic,
            msgtype=message_type,
            msgdef=MessageDefinition(MessageDefinitionFormat.MSG, definition),
            digest=typestore().hash_rihs01(message_type),
            msgcount=0,
            ext=ConnectionExtRosbag2("cdr", list(qos)),
            owner=self,
        )
        if message_type not in self.added_types:
            self.storage.add_msgtype(connection)
            self.added_types.add(message_type)
        self.storage.add_connection(connection, _text(dump_qos_v9(list(qos))).strip())
        self.connections.append(connection)
        self.counts[connection.id] = 0
        return connection

    def close(self) -> None:
        """Finish the bag.

        Raises:
            OSError, sqlite3.Error: the disk takes no more.
        """
        content = self._content()
        self.storage.close(VERSION, _text(content).strip())
        self.storage = None
        self._put_metadata(content)

    def put_metadata(self) -> None:
        """Write metadata.yaml for the messages written so far.

        Raises:
            OSError: the disk takes no more.
        """
        self._put_metadata(self._content())

    def _put_metadata(self, content: dict[str, Any]) -> None:
        partial = self.metapath.with_suffix(".yaml.partial")
        try:
            partial.write_text(_text({"rosbag2_bagfile_information": content}), "utf8")
            partial.replace(self.metapath)
        finally:
            partial.unlink(missing_ok=True)

    def _content(self) -> dict[str, Any]:
        count, file = sum(self.counts.values()), self.storage.path.name
        span = {
            "duration": {"nanoseconds": max(0, self.max_timestamp - self.min_timestamp)},
            "starting_time": {"nanoseconds_since_epoch": self.min_timestamp},
            "message_count": count,
        }
        topics = [
            {
                "topic_metadata": {
                    "name": each.topic,
                    "type": each.msgtype,
                    "serialization_format": each.ext.serialization_format,
                    "offered_qos_profiles": dump_qos_v9(each.ext.offered_qos_profiles),
                    "type_description_hash": each.digest,
                },
                "message_count": self.counts[each.id],
            }
            for each in self.connections
        ]
        return {
            "version": VERSION,
            "storage_identifier": self.storage_plugin.name.lower(),
            "relative_file_paths": [file],
            **span,
            "topics_with_message_count": topics,
            "compression_format": "",
            "compression_mode": "",
            "files": [{"path": file, **span}],
            "custom_data": None,
            "ros_distro": "rosbags",
        }


def _text(content: Any) -> str:
    return yaml.dump(content, Dumper=_Dumper, sort_keys=False, allow_unicode=True)
