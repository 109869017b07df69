"""Values out of JSON and XML that may be anything, checked one by one."""

from __future__ import annotations

import json
import lzma
import math
import struct
import zipfile
import zlib
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np

from ..one_line import one_line
from ..regular_file import refusal
from .errors import AnnotationError

MOST_BYTES = 128 << 20
"""Each three of them, "[],", may become 64 bytes in memory."""
_LARGEST = 1e6
_MOST_SIDE = 32767
_MOST_PIXELS = 64_000_000


def read_text(path: Path, names: tuple[str, ...]) -> tuple[bytes, str]:
    """Return the bytes of a file of annotations, and what to call it.

    Args:
        path: the file; or a folder or .zip that holds exactly one file of these names.
        names: patterns of names, the first that is found counts.

    Raises:
        AnnotationError: it is not there, or too large.
    """
    label = one_line(path)
    if path.is_dir():
        for pattern in names:
            found = sorted(each for each in path.rglob(pattern) if each.is_file())
            if len(found) > 1:
                raise AnnotationError(f"{label} holds {len(found)} files {pattern}: name one")
            if found:
                return read_text(found[0], names)
        raise AnnotationError(f"{label} holds no {' or '.join(names)}: name the file")
    if not path.exists():
        raise AnnotationError(f"{label} is missing: name the file that was exported")
    if words := refusal(path, "the file that was exported"):
        raise AnnotationError(f"{label} {words}")
    if path.suffix.lower() == ".zip":
        return _unzipped(path, names)
    with path.open("rb") as file:
        data = file.read(MOST_BYTES + 1)
    return _bounded(data, label), label


def _unzipped(path: Path, names: tuple[str, ...]) -> tuple[bytes, str]:
    label = one_line(path)
    try:
        with zipfile.ZipFile(path) as archive:
            for pattern in names:
                found = [i for i in archive.infolist() if PurePosixPath(i.filename).match(pattern)]
                if len(found) > 1:
                    raise AnnotationError(f"{label} holds {len(found)} files {pattern}: unpack it")
                if found:
                    with archive.open(found[0]) as file:
                        data = file.read(MOST_BYTES + 1)
                    return _bounded(data, label), f"{label}, {one_line(found[0].filename)}"
    except (
        zipfile.BadZipFile, zipfile.LargeZipFile, zlib.error, lzma.LZMAError, EOFError,
        NotImplementedError, RuntimeError, OverflowError, struct.error,
    ) as error:  # fmt: skip
        raise AnnotationError(f"{label} cannot be unpacked: export it again") from error
    raise AnnotationError(f"{label} holds no {' or '.join(names)}: name the file")


def _bounded(data: bytes, label: str) -> bytes:
    if len(data) > MOST_BYTES:
        raise AnnotationError(
            f"{label} has more than {MOST_BYTES >> 20} MiB: export fewer images at a time"
        )
    return data


def parsed_json(data: bytes, where: str) -> Any:
    """Return what JSON text holds.

    Raises:
        AnnotationError: it is no JSON in UTF-8.
    """
    try:
        return json.loads(data.decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        raise AnnotationError(f"{where} is no JSON: {one_line(error, 100)}") from error


def member(value: Any, key: str, kind: type | tuple[type, ...], where: str) -> Any:
    """Return `value[key]` of a type.

    Raises:
        AnnotationError: there is none, or it is of another type.
    """
    if not isinstance(value, dict):
        raise AnnotationError(f"{where}: {_shown(value)} stands where {key} is expected")
    found = value.get(key)
    if not isinstance(found, kind) or (isinstance(found, bool) and kind is not bool):
        raise AnnotationError(f"{where}: {key} is {_shown(found)}")
    return found


def number(value: Any, what: str, where: str) -> float:
    """Return a finite number of at most a million.

    Raises:
        AnnotationError: it is none.
    """
    try:
        found = float(value) if isinstance(value, (int, float, str)) else math.nan
    except (ValueError, OverflowError):
        found = math.nan
    if isinstance(value, bool) or not abs(found) <= _LARGEST:
        raise AnnotationError(f"{where}: {what} is {_shown(value)}, and no number of pixels")
    return found


def side(value: Any, what: str, where: str) -> int:
    """Return the side of an image in pixels, a whole number.

    Raises:
        AnnotationError: it is none.
    """
    found = number(value, what, where)
    if found != int(found) or not 1 <= found <= _MOST_SIDE:
        raise AnnotationError(f"{where}: {what} is {_shown(value)}, and no side of an image")
    return int(found)


def sides(given: Any, names: tuple[str, str], where: str) -> tuple[int, int]:
    """Return (height, width) of an image or mask.

    Args:
        given: has them.
        names: of the height and the width there.
        where: for the message.

    Raises:
        AnnotationError: they are no sides, or of an image of more than 64 million pixels.
    """
    values = given if hasattr(given, "get") else {}
    height, width = (side(values.get(name), name, where) for name in names)
    if height * width > _MOST_PIXELS:
        raise AnnotationError(f"{where}: {width} x {height} pixels are more than 64 million")
    return height, width


def points(value: Any, where: str) -> np.ndarray:
    """Return the corners of a polygon, N x 2 float64 of x and y.

    Args:
        value: [[x, y], ...] or [x, y, x, y, ...].

    Raises:
        AnnotationError: no such list, or fewer than 3 corners.
    """
    flat = value
    if isinstance(value, list) and value and isinstance(value[0], list):
        if any(not isinstance(each, list) or len(each) < 2 for each in value):
            raise AnnotationError(f"{where}: a corner is not [x, y]")
        flat = [number for each in value for number in each[:2]]
    if not isinstance(flat, list) or len(flat) % 2 or len(flat) < 6:
        raise AnnotationError(f"{where}: {_shown(value)} is no polygon of 3 or more corners")
    return np.array([number(each, "a corner", where) for each in flat]).reshape(-1, 2)


def _shown(value: Any) -> str:
    return one_line(repr(value)[:200], 60)
