"""What an output tells about itself: what it was made of, and what is known of it."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

from .made_of import MadeOf
from .video_output import read_video_record, write_video_record
from .written_files import read_record, write_record


class OutputRecord(NamedTuple):
    """Kept in each output: in the file ``.amdanet_fuse.json`` of a folder, at a video's end.

    Attributes:
        made_of: fingerprints of options and input.
        outcome: see ``FuseOutcome.values``.
    """

    made_of: MadeOf
    outcome: dict[str, Any]

    def keep(self, output: Path, kind: str) -> None:
        """Write it into an output that has not its name yet.

        Args:
            output: that is whole otherwise.
            kind: "bag", "images" or "video".
        """
        record = {"made_of": self.made_of.values(), "outcome": self.outcome}
        if kind == "video":
            write_video_record(output, record)
        else:
            write_record(output, record)

    @classmethod
    def of(
        cls, output: Path, kind: str, whole: bool = True, edited: bool = False
    ) -> OutputRecord | None:
        """Return that of an output; None: it has none.

        Args:
            output: path.
            kind: "bag", "images" or "video".
            whole: None too where a file of the output is missing or its size has changed.
            edited: of a folder: whether sizes may have changed all the same.
        """
        is_video = kind == "video"
        found = read_video_record(output) if is_video else read_record(output, whole, edited)
        made_of = MadeOf.of_values((found or {}).get("made_of"))
        outcome = (found or {}).get("outcome")
        return cls(made_of, outcome) if made_of and isinstance(outcome, dict) else None
