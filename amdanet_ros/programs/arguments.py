"""Arguments of the command line, whose mistakes are one line."""

from __future__ import annotations

import argparse
import difflib
import math
from collections.abc import Callable, Sequence
from typing import NoReturn

from ..one_line import one_line
from . import exit_status
from .errors import ProgramError


class OneLineParser(argparse.ArgumentParser):
    """Says a mistake in one line instead of the whole use."""

    def parse_known_args(
        self, args: Sequence[str] | None = None, namespace: argparse.Namespace | None = None
    ) -> tuple[argparse.Namespace, list[str]]:
        """Parse; a command refuses itself what it does not know: its own help shows the use."""
        parsed, unknown = super().parse_known_args(args, namespace)
        if unknown:
            self.error(f"unrecognized arguments: {' '.join(unknown)}{self._meant(unknown)}")
        return parsed, unknown

    def _meant(self, unknown: Sequence[str]) -> str:
        """Return which options may be meant."""
        options = [word.partition("=")[0] for word in unknown if word.startswith("--")]
        known = [each for each in self._option_string_actions if each.startswith("--")]
        near = [difflib.get_close_matches(each[:60], known, 1) for each in options[:3]]
        found = ", ".join(dict.fromkeys(each[0] for each in near if each))
        return f" (did you mean {found}?)" if found else ""

    def error(self, message: str) -> NoReturn:
        """Print the line and exit with status 2."""
        words = " ".join(message.split())
        self.exit(exit_status.MISTAKE, f"{self.prog}: {words}; {self.prog} --help shows the use\n")


def number(
    option: str, kind: type[int] | type[float], low: float, high: float
) -> Callable[[str], float]:
    """Return the ``type`` of an option that is a number in a range.

    Args:
        option: as the message names it.
        kind: int or float.
        low: least allowed value.
        high: largest allowed value; infinite: any, infinity too.

    Returns:
        A function of the option's text; it raises ``ProgramError`` for anything else.
    """

    def parse(text: str) -> float:
        what = "a whole number" if kind is int else "a number"
        limit = f"from {low:.10g}" + (f" to {high:.10g}" if math.isfinite(high) else "")
        try:
            value = kind(text)
        except (ValueError, OverflowError):
            value = math.nan
        if not low <= value <= high:  # NaN is refused, too
            raise ProgramError(f"{option} is {one_line(text, 60)}: it must be {what} {limit}")
        return value

    parse.__name__ = "number"
    return parse
