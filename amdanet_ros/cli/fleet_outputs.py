"""What the tasks of a fleet share: outputs that are known again, and errors that are told apart."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from ..fleet.unit import Unit, UnitError

MOST_NOTES = 5
"""Sentences about a unit that its row keeps."""


def inputs_of(unit: Unit) -> list[Path]:
    """Return the files and folders of a unit."""
    return [Path(each) for each in (unit.input, unit.thermal) if each]


def known_values(
    output: Path,
    kind: str,
    options: str,
    inputs: Sequence[Path],
    thorough: bool,
    edited: bool = False,
) -> dict[str, Any] | None:
    """Return the values of a whole output of these options and this content, or None.

    Args:
        output: path.
        kind: "bag", "images" or "video".
        options: fingerprint.
        inputs: files and folders.
        thorough: their content is read where sizes or times have changed.
        edited: whether people may have edited the output's files meanwhile.

    Raises:
        OSError: an input cannot be read.
    """
    from ..fuse.made_of import content_fingerprint, seen_fingerprint
    from ..fuse.output_record import OutputRecord

    if not (output.exists() and all(each.exists() for each in inputs)):
        return None
    record = OutputRecord.of(output, kind, edited=edited)
    if record is None or record.made_of.options != options:
        return None
    if record.made_of.seen == seen_fingerprint(inputs):
        return record.outcome
    # Copied or touched: is it the same all the same?
    is_same = thorough and record.made_of.content == content_fingerprint(inputs)
    return record.outcome if is_same else None


def is_stale(output: Path, kind: str, options: str) -> bool:
    """Whether an output is of these options, but of another content, or not whole any more."""
    from ..fuse.output_record import OutputRecord

    record = OutputRecord.of(output, kind, whole=False)
    return record is not None and record.made_of.options == options


@contextmanager
def mistakes_as_unit_errors() -> Iterator[None]:
    """Tell what is wrong with a unit from what may be better at another try.

    Raises:
        UnitError: the input cannot be used, or something else has the output's name.
        InferenceError, OSError, MemoryError: of the machine.
    """
    from ..bags.errors import BagError
    from ..fuse.image_folders import ImageFolderError
    from ..inference import InferenceError
    from ..programs.errors import ProgramError

    try:
        yield
    except (OSError, InferenceError):
        raise
    except (BagError, ImageFolderError, ProgramError, ValueError) as error:
        raise UnitError(str(error).replace("--output", "OUT")) from error
