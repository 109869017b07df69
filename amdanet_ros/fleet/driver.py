"""The driver: gives units to workers until each is done or has failed for good."""

from __future__ import annotations

import time
from collections import Counter, deque
from collections.abc import Iterable, Iterator
from dataclasses import replace

from .pool import Ended, Pool
from .unit import Result, State, Unit

MOST_TRIES = 3
_TICK_S = 0.5
_BUSY_S = 0.5
"""Seconds until a unit that another driver's worker has is asked for again."""


class Driver:
    """One call's work.

    Args:
        units: that are to be done; the largest is begun first, so that none is left over at the
            end while all other workers wait.
        pool: of the workers; it is closed by who made it.

    Attributes:
        no_place: why the outputs' disk takes no more, or "": no unit is begun after that.
    """

    def __init__(self, units: Iterable[Unit], pool: Pool) -> None:
        self._waiting = deque(sorted(units, key=lambda each: (-each.size, each.name)))
        self._pool = pool
        self.no_place = ""
        self._running = 0
        self._tries: Counter[str] = Counter()
        self._busy: deque[tuple[float, Unit]] = deque()

    def results(self) -> Iterator[list[Result]]:
        """Yield what has become of units, as they come; an empty list where nothing has in a while.

        Each unit comes once, as done, finished or failed, unless there is no place for outputs.

        Raises:
            PoolError: workers cannot be started.
        """
        while self._waiting or self._busy or self._running:
            now = time.monotonic()
            while self._busy and self._busy[0][0] <= now:
                self._waiting.append(self._busy.popleft()[1])
            while self._waiting and self._pool.free:
                self._pool.start(self._waiting.popleft())
                self._running += 1
            if not self._running:
                # All that is left is in the hands of others.
                time.sleep(min(_BUSY_S, max(0.0, self._busy[0][0] - now)))
            ended = self._pool.wait(_TICK_S) if self._running else []
            self._running -= len(ended)
            yield [result for each in ended for result in self._judged(each)]

    def _judged(self, ended: Ended) -> Iterator[Result]:
        unit, result = ended.unit, ended.result
        if result is None:
            result = Result(unit, State.ERROR, {}, f"its worker died: {ended.death}")
        if result.state is State.NO_PLACE:
            self.no_place = self.no_place or result.error
        if self.no_place:
            self._waiting.clear()
            self._busy.clear()
            if result.state in (State.NO_PLACE, State.BUSY, State.ERROR):
                return
        if result.state is State.BUSY:
            self._busy.append((time.monotonic() + _BUSY_S, unit))
            return
        self._tries[unit.name] += 1
        tries = self._tries[unit.name]
        if result.state is State.ERROR and tries < MOST_TRIES:
            # Last, so that a unit that kills workers does not hold up the others.
            self._waiting.append(unit)
            return
        if result.state is State.ERROR:
            error = f"{result.error} (tried {tries} times)"
            result = replace(result, state=State.FAILED, error=error)
        yield replace(result, tries=tries)
