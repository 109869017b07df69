"""Where workers live: what the driver needs of a pool of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from ..programs.errors import ProgramError
from .unit import Result, Unit


class PoolError(ProgramError):
    """Workers cannot be started; one line says why."""


@dataclass(frozen=True)
class Ended:
    """A worker is through with a unit.

    Attributes:
        unit: that it had.
        result: None: the worker died of it.
        death: how it died.
    """

    unit: Unit
    result: Result | None
    death: str = ""


class Pool(Protocol):
    """Workers, each with one unit at a time.

    Attributes:
        size: number of workers.
        free: how many have nothing to do.
    """

    size: int
    free: int

    def start(self, unit: Unit) -> None:
        """Give a unit to a free worker; one that has died is replaced first."""

    def wait(self, seconds: float) -> list[Ended]:
        """Return what has ended, after that time at the latest.

        Raises:
            PoolError: a worker ended while it started.
        """

    def close(self) -> None:
        """End all workers; what they have begun is kept in their journals."""
