"""What an output was made of: fingerprints of its options and of its input."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

_PIECE = 1 << 22


@dataclass(frozen=True)
class MadeOf:
    """Equal for outputs that hold the same.

    Attributes:
        options: fingerprint of all that the result depends on beside the input.
        content: of the input's names and bytes; "": it changed while it was read.
        seen: of the names, sizes and times of the input's files: as long as it is the same, the
            content need not be read again.
    """

    options: str
    content: str
    seen: str

    def values(self) -> dict[str, str]:
        """Return all as JSON takes it."""
        return asdict(self)

    @classmethod
    def of_values(cls, values: Any) -> MadeOf | None:
        """Return what ``values`` gave; None: it is something else."""
        try:
            found = cls(**values)
        except TypeError:
            return None
        return found if all(isinstance(each, str) for each in asdict(found).values()) else None


def options_fingerprint(options: Mapping[str, Any]) -> str:
    """Return the fingerprint of options that JSON takes, or that turn into strings."""
    text = json.dumps(options, sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()


def seen_fingerprint(inputs: Iterable[Path]) -> str:
    """Return the fingerprint of the names, sizes and times of files, without reading them.

    Args:
        inputs: files, and folders with all that is in them.

    Raises:
        OSError: they cannot be looked at.
    """
    digest = hashlib.sha256()
    for name, file in _files(inputs):
        state = file.stat()
        digest.update(_words(name, state.st_size, state.st_mtime_ns))
    return digest.hexdigest()


def content_fingerprint(inputs: Iterable[Path]) -> str:
    """Return the fingerprint of the names and bytes of files; they may lie elsewhere meanwhile.

    Raises:
        OSError: they cannot be read.
    """
    digest = hashlib.sha256()
    for name, file in _files(inputs):
        digest.update(_words(name, file.stat().st_size))
        with file.open("rb") as opened:
            while piece := opened.read(_PIECE):
                digest.update(piece)
    return digest.hexdigest()


def file_fingerprint(file: Path) -> str:
    """Return the fingerprint of one file's bytes, whatever its name.

    Raises:
        OSError: it cannot be read.
    """
    digest = hashlib.sha256()
    with file.open("rb") as opened:
        while piece := opened.read(_PIECE):
            digest.update(piece)
    return digest.hexdigest()


def _files(inputs: Iterable[Path]) -> Iterator[tuple[str, Path]]:
    """Yield all regular files with their names in their input, always in the same order."""
    for number, given in enumerate(inputs):
        if not given.is_dir():
            yield f"{number}", given
            continue
        for folder, folders, names in os.walk(given):
            folders.sort()
            for name in sorted(names):
                file = Path(folder, name)
                if file.is_file():
                    yield f"{number}/{file.relative_to(given)}", file


def _words(*parts: object) -> bytes:
    return ("\0".join(map(str, parts)) + "\n").encode(errors="surrogateescape")
