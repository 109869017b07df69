"""What a bag promised and did not give."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from ..one_line import one_line


@dataclass(frozen=True)
class ReadReport:
    """What is missing of a bag, and what was left out while it was read.

    Attributes:
        notes: sentences about its files.
        missing: for each topic of which the files hold less than metadata.yaml promises: the
            number of messages promised, and of those that are there.
        skipped: how many messages were left out, by topic and reason; the topic is empty where it
            is not known.
    """

    notes: tuple[str, ...] = ()
    missing: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    skipped: Mapping[tuple[str, str], int] = field(default_factory=dict)

    def sentences(self) -> tuple[str, ...]:
        """Return one line for each thing that is missing; none where nothing is."""
        lines = list(self.notes)
        for topic, (promised, held) in sorted(self.missing.items()):
            lines.append(
                f"{promised - held} of {promised} messages of {topic} are missing: metadata.yaml "
                f"promises them, the files hold {held}"
            )
        for (topic, reason), count in sorted(self.skipped.items()):
            of = f" of {topic}" if topic else ""
            what = "1 message" if count == 1 else f"{count} messages"
            lines.append(f"{what}{of} left out as damaged: {reason}")
        return tuple(map(one_line, lines))
