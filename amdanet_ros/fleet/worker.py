"""What a worker does with a unit, in whatever process it lives."""

from __future__ import annotations

import socket
import time
from pathlib import Path
from typing import Any

from ..one_line import one_line
from .claim import claim
from .out_disk import lasting_words, out_disk_words
from .unit import Processor, Result, State, Unit, UnitError

_LONGEST = 500


def work_on(processor: Processor, unit: Unit, claims: Path) -> Result:
    """Make the output of a unit unless it is there or another worker is at it.

    Args:
        processor: makes it.
        unit: of the fleet.
        claims: folder of the claims.
    """
    begun = time.monotonic()

    def result(state: State, values: dict[str, Any] | None = None, error: str = "") -> Result:
        seconds = round(time.monotonic() - begun, 3)
        words = one_line(error, _LONGEST)
        return Result(unit, state, values or {}, words, seconds, socket.gethostname())

    # One guard: whatever a bag does to the code, the other bags go on, and the driver hears why.
    try:
        with claim(claims, unit.name) as is_free:
            if not is_free:
                return result(State.BUSY)
            there = processor.finished(unit, thorough=True)
            if there is not None:
                return result(State.FINISHED, there)
            return result(State.DONE, processor.process(unit))
    except Exception as error:
        if no_place := out_disk_words(error, claims):
            return result(State.NO_PLACE, error=no_place)
        lasting = "" if isinstance(error, UnitError) else lasting_words(error)
        state = State.FAILED if lasting or isinstance(error, UnitError) else State.ERROR
        return result(state, error=lasting or str(error) or type(error).__name__)
