"""The unit of work: one input, and the name of its output."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Any, Protocol

from ..programs.errors import ProgramError


@dataclass(frozen=True)
class Unit:
    """One input.

    Attributes:
        input: path.
        name: of the output, relative to the fleet's folder; unique in a fleet.
        size: bytes of the input; the largest are worked on first.
        thermal: path of the thermal images where they are an input of their own, as a video.
    """

    input: str
    name: str
    size: int = 0
    thermal: str | None = None


class UnitError(ProgramError):
    """The input or its output is at fault: another try would end the same way."""


class Processor(Protocol):
    """Makes the output of a unit; it can be pickled, and is copied into each worker."""

    def finished(self, unit: Unit, thorough: bool) -> dict[str, Any] | None:
        """Return the values of a whole output of this very input and these options, or None.

        Args:
            unit: whose output.
            thorough: the input may be read; else only looked at, in less than a millisecond.
        """

    def process(self, unit: Unit) -> dict[str, Any]:
        """Make the output, whole or not at all, and go on where an earlier try was ended.

        Returns:
            Its values, as JSON takes them; "pairs" among them.

        Raises:
            UnitError: it is no use to try again.
            Exception: it may be of use.
        """


class State(str, Enum):
    """What became of a unit."""

    DONE = "done"
    FAILED = "failed"
    FINISHED = "finished"
    """It was done before, by another call or another driver."""
    BUSY = "busy"
    """Another worker has it at the moment."""
    NO_PLACE = "no place"
    """The disk of the outputs takes no more: the unit is not at fault."""
    ERROR = "error"
    """It failed, and another try may succeed."""


@dataclass(frozen=True)
class Result:
    """What a worker says of a unit.

    Attributes:
        unit: that it worked on.
        state: what became of it.
        values: of the processor; empty unless it is done or finished.
        error: one line; empty unless it failed.
        seconds: that it took.
        host: of the worker.
        tries: how often it was begun.
    """

    unit: Unit
    state: State
    values: dict[str, Any]
    error: str = ""
    seconds: float = 0.0
    host: str = ""
    tries: int = 1
