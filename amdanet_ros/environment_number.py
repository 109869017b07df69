"""Whole numbers in environment variables, as torchrun and Slurm set them."""

from __future__ import annotations

import os

from .one_line import one_line

_MOST_DIGITS = 9


def environment_number(name: str, least: int = 0) -> int | None:
    """Return the number of a variable; None: it is not set, or empty.

    Raises:
        ValueError: it is no whole number, or less than the least; the message names it.
    """
    text = os.environ.get(name, "").strip()
    if not text:
        return None
    is_number = text.isascii() and text.isdecimal() and len(text) <= _MOST_DIGITS
    if not is_number or int(text) < least:
        raise ValueError(f"{name} is {one_line(repr(text), 60)} in the environment")
    return int(text)
