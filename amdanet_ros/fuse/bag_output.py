"""A bag with all that the node publishes for the same pairs."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from ..bags.message_types import RosbagsTypes, typestore
from ..bags.reader import BagReader
from ..bags.writer import BagWriter, quality
from ..messages import OUTPUTS, Messages
from ..pipeline.fusion import Fusion
from .source import SourcePair
from .written_files import mark


class BagOutput:
    """A bag with the node's topics; messages are recorded at the time of their pair.

    What the node publishes once and for who joins late is written when it changes.

    Args:
        path: of the new bag.
        storage: "mcap" or "sqlite3".
    """

    def __init__(self, path: Path, storage: str = "mcap") -> None:
        self._path = path
        path.parent.mkdir(parents=True, exist_ok=True)
        self._bag = BagWriter(path, storage)
        self._messages = Messages(RosbagsTypes())
        self._latched: dict[str, bytes] = {}
        self._written: Counter[str] = Counter()

    def put(self, pair: SourcePair, fusion: Fusion) -> None:
        """Append the messages that the node would publish for this pair."""
        for output in OUTPUTS:
            message = self._messages.of(output, fusion)
            if message is None:
                continue
            raw = bytes(typestore().serialize_cdr(message, output.type))
            if output.latched and self._latched.get(output.topic) == raw:
                continue
            if output.latched:
                self._latched[output.topic] = raw
            topic = f"/{output.topic}"
            offered = quality(True, output.latched, depth=1 if output.latched else 10)
            self._bag.add_topic(topic, output.type, [offered])
            self._bag.write(topic, output.type, pair.recorded_ns, raw)
            self._written[topic] += 1

    def close(self) -> None:
        """Finish the bag, read its index back, and mark it as written by this command.

        Raises:
            OSError: it does not hold what was put.
            BagError: it cannot be read.
        """
        self._bag.close()
        with BagReader(self._path) as bag:
            found = {name: topic.count for name, topic in bag.topics.items()}
        if found != self._written:
            raise OSError(
                f"the bag holds {sum(found.values())} of {self._written.total()} messages when it "
                "is read back: is the disk full?"
            )
        mark(self._path)
