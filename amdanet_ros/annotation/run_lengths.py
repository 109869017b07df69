"""Masks as run lengths: CVAT's, COCO's (plain and compressed), and Label Studio's brush."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np

from .errors import AnnotationError

_LARGEST_RUN = 2**31
_BRUSH_SIZES = (3, 4, 8, 16)
_MOST_PIXELS = 64_000_000


def runs_of(mask: np.ndarray) -> list[int]:
    """Return the lengths of a flat bool mask's runs, those of False first (perhaps 0)."""
    flat = np.concatenate([[False], mask.reshape(-1)])
    edges = np.flatnonzero(flat[1:] != flat[:-1])
    return np.diff(np.concatenate([[0], edges, [mask.size]])).astype(int).tolist()


def mask_of_runs(runs: Sequence[Any], count: int, where: str) -> np.ndarray:
    """Return a flat bool mask of runs, those of False first.

    Args:
        runs: lengths, whole numbers.
        count: of pixels.
        where: for messages.

    Raises:
        AnnotationError: lengths that are none, or that do not add up.
    """
    whole = all(type(each) is int and 0 <= each < _LARGEST_RUN for each in runs)
    if not whole or sum(runs) != count:
        raise AnnotationError(f"{where}: a mask's run lengths do not fill its {count} pixels")
    return np.repeat(np.arange(len(runs)) % 2 == 1, runs)


def coco_counts(text: str, where: str) -> list[int]:
    """Return the run lengths of COCO's compressed string (cocoapi, maskApi.c, rleFrString).

    Raises:
        AnnotationError: it is cut off or holds other letters.
    """
    counts: list[int] = []
    value, shift = 0, 0
    for letter in text:
        code = ord(letter) - 48
        if not 0 <= code < 64 or shift > 60:
            raise AnnotationError(f"{where}: a compressed mask is damaged: export it again")
        value |= (code & 0x1F) << shift
        shift += 5
        if code & 0x20:
            continue
        if code & 0x10:
            value -= 1 << shift
        counts.append(value + (counts[-2] if len(counts) > 2 else 0))
        value, shift = 0, 0
    if shift:
        raise AnnotationError(f"{where}: a compressed mask is cut off: export it again")
    return counts


def coco_text(counts: Sequence[int]) -> str:
    """Return run lengths as COCO's compressed string (cocoapi, maskApi.c, rleToString)."""
    letters = []
    for position, count in enumerate(counts):
        value = count - counts[position - 2] if position > 2 else count
        more = True
        while more:
            code = value & 0x1F
            value >>= 5
            more = value != -1 if code & 0x10 else value != 0
            letters.append(chr(48 + (code | 0x20 if more else code)))
    return "".join(letters)


def brush_mask(data: Any, size: tuple[int, int], where: str) -> np.ndarray:
    """Return the mask of Label Studio's brush (rle-pack of the pixels R, G, B, A), H x W bool.

    Args:
        data: bytes as a list of numbers.
        size: (H, W).
        where: for messages.

    Raises:
        AnnotationError: no such data, or of another size.
    """
    damaged = AnnotationError(f"{where}: a brush mask is damaged or has another size")
    try:
        bits = "".join(f"{byte:08b}" for byte in bytes(data))
    except (ValueError, TypeError):
        raise damaged from None
    pixels = size[0] * size[1]
    if len(bits) < 53 or pixels > _MOST_PIXELS or int(bits[:32], 2) != 4 * pixels:
        raise damaged
    word = int(bits[32:37], 2) + 1
    sizes = [int(bits[at : at + 4], 2) + 1 for at in range(37, 53, 4)]
    if word != 8:
        raise damaged
    values, at, found = np.zeros(4 * pixels, np.uint8), 53, 0
    try:
        while found < len(values):
            bits_of_length = sizes[int(bits[at + 1 : at + 3], 2)]
            length = int(bits[at + 3 : at + 3 + bits_of_length], 2) + 1
            repeated = bits[at] == "1"
            at += 3 + bits_of_length
            words = 1 if repeated else length
            chunk = bits[at : at + 8 * words]
            if len(chunk) < 8 * words or found + length > len(values):
                raise damaged
            raw = int(chunk, 2).to_bytes(words, "big")
            values[found : found + length] = np.frombuffer(raw, np.uint8)
            at, found = at + 8 * words, found + length
    except (ValueError, IndexError):
        raise damaged from None
    return values[3::4].reshape(size) > 127


def brush_data(mask: np.ndarray) -> list[int]:
    """Return a mask, H x W bool, as Label Studio's brush: white, opaque where it is True."""
    values = np.repeat(mask.reshape(-1).astype(np.uint8) * 255, 4)
    bits = [f"{values.size:032b}", f"{7:05b}", *(f"{size - 1:04b}" for size in _BRUSH_SIZES)]
    edges = np.flatnonzero(values[1:] != values[:-1]) + 1
    for start, end in pairwise([0, *edges.tolist(), values.size]):
        value = f"{int(values[start]):08b}"
        while start < end:
            length = min(end - start, 1 << _BRUSH_SIZES[-1])
            kind = next(i for i, size in enumerate(_BRUSH_SIZES) if length <= 1 << size)
            bits.append(f"1{kind:02b}{length - 1:0{_BRUSH_SIZES[kind]}b}{value}")
            start += length
    text = "".join(bits)
    text += "0" * (-len(text) % 8)
    return list(int(text, 2).to_bytes(len(text) // 8, "big"))
