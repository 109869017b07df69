"""What is wrong with an input, an option or a disk, as the command's error."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

from .disk_words import disk_words
from .errors import CommandError


@contextlib.contextmanager
def mistakes_as_command_errors(output: Path, goes_on: bool = True) -> Iterator[None]:
    """Turn what can be wrong with an input, an option or a disk into a CommandError.

    Args:
        output: named where an error of the disk names no file.
        goes_on: whether the same command continues the work after a full disk.
    """
    from ..bags.errors import BagError
    from ..fuse.image_folders import ImageFolderError
    from ..inference import InferenceError
    from ..output_place import OutputPlaceError

    try:
        yield
    except OSError as error:
        raise CommandError(disk_words(error, output, goes_on)) from error
    except (
        BagError, ImageFolderError, InferenceError, OutputPlaceError, ValueError
    ) as error:  # fmt: skip
        raise CommandError(str(error)) from error
