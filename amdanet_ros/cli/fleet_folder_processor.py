"""A folder of results for each of many inputs: whole or not at all, and known again."""

from __future__ import annotations

import os
import shutil
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol

from ..fleet.unit import Unit, UnitError
from .fleet_outputs import (
    MOST_NOTES,
    inputs_of,
    is_stale,
    known_values,
    mistakes_as_unit_errors,
)
from .said import keep_said

_MOST_SAID = 2
"""Sentences beside an error."""
_KIND = "images"
"""Of the outputs, as `amdanet fuse` knows them: a folder of files."""


class FolderTask(Protocol):
    """What is made of each input; it can be pickled.

    Attributes:
        options: all that the results depend on beside the input, as JSON takes them.
        device: parameter of the network: where it computes.
        files: that are read beside the inputs.
    """

    options: dict[str, Any]
    device: str
    files: Sequence[Path]

    def make(self, unit: Unit, folder: Path, place: Path) -> dict[str, Any]:
        """Write the results of an input.

        Args:
            unit: the input.
            folder: empty.
            place: absolute path that the folder will have.

        Returns:
            Values for the unit's row, "pairs" among them.

        Raises:
            as ``mistakes_as_unit_errors``.
        """


class FolderProcessor:
    """Does a task with each unit; an interrupted unit is begun anew.

    Args:
        task: what is done.
        out: the fleet's folder.
        overwrite: whether outputs of other options are replaced.

    Attributes:
        options, device: of the task.
    """

    def __init__(self, task: FolderTask, out: Path, overwrite: bool) -> None:
        from ..fuse.made_of import options_fingerprint

        self._task, self._overwrite = task, overwrite
        self._out = Path(os.path.abspath(out))
        self.options, self.device = task.options, task.device
        self._fingerprint = options_fingerprint(task.options)

    def finished(self, unit: Unit, thorough: bool) -> dict[str, Any] | None:
        """Return the values of a whole output of this very input and these options, or None."""
        output = self._out / unit.name
        inputs = inputs_of(unit)
        # First labels are there to be corrected, parameters to be completed.
        return known_values(output, _KIND, self._fingerprint, inputs, thorough, edited=True)

    def process(self, unit: Unit) -> dict[str, Any]:
        """Make the output; errors as of ``mistakes_as_unit_errors``."""
        from tqdm import tqdm

        # tqdm's own lock is one between processes: a worker that is ended would leave it behind.
        tqdm.set_lock(threading.RLock())
        with keep_said() as said:
            try:
                with mistakes_as_unit_errors():
                    values = self._made(unit)
            except UnitError as error:
                # It may refer to what was said before.
                raise UnitError("; ".join([str(error), *said[:_MOST_SAID]])) from error
        return {**values, **({"notes": said[:MOST_NOTES]} if said else {})}

    def _made(self, unit: Unit) -> dict[str, Any]:
        from ..fuse.journal_folder import journal_folder
        from ..fuse.made_of import MadeOf, content_fingerprint, seen_fingerprint
        from ..fuse.output_record import OutputRecord
        from ..fuse.place import OutputPlace
        from ..fuse.written_files import mark

        inputs, output = inputs_of(unit), self._out / unit.name
        overwrite = self._overwrite or is_stale(output, _KIND, self._fingerprint)
        place = OutputPlace.of(output, _KIND, overwrite, [*inputs, *self._task.files])
        begun = journal_folder(place.path)
        # Of a worker that was killed: nobody else writes here while this one holds the claim.
        shutil.rmtree(begun, ignore_errors=True)
        part = begun / "part"
        part.mkdir(parents=True)
        try:
            present = [each for each in inputs if each.exists()]
            seen = seen_fingerprint(present)
            values = self._task.make(unit, part, place.path)
            mark(part)
            # What was changed while it was read is never taken for what is there then.
            content = content_fingerprint(inputs) if seen_fingerprint(inputs) == seen else ""
            OutputRecord(MadeOf(self._fingerprint, content, seen), values).keep(part, _KIND)
            place.publish(part, begun / "aside")
        finally:
            shutil.rmtree(begun, ignore_errors=True)
        return values
