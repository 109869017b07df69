"""Texts from outside, made fit for one line of a log or of a status."""

from __future__ import annotations

import re


def one_line(text: object, most: int = 300) -> str:
    """Return a text without control characters, and cut in its middle where it is long.

    Names, encodings and error texts that arrive in messages and files may hold line ends, which
    would forge lines of the log, escape sequences of terminals, or megabytes.

    Args:
        text: turned into a string where it is none.
        most: characters that the result may have.
    """
    whole = str(text)
    line = "".join(map(_shown, _cut(whole, most, len(whole))))
    return _cut(line, most, len(whole))


def without_numbers(text: str) -> str:
    """Return a text by which causes are told apart: those that differ in numbers alone are one."""
    return re.sub(r"\d+", "#", text)


def _shown(character: str) -> str:
    if character.isprintable():
        return character
    return character.encode("unicode_escape").decode("ascii")


def _cut(text: str, most: int, length: int) -> str:
    """Return the beginning and the end of a text: sentences end with what is to be done."""
    if len(text) <= most:
        return text
    gap = f" ... ({length} characters) ... "
    kept = max(0, most - len(gap))
    end = kept // 3
    return (text[: kept - end] + gap + text[len(text) - end :])[:most]
