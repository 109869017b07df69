"""One call's share of a fleet: what is left to do, the work, and the rows about it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from .driver import Driver
from .folder import FleetFolder, FleetFolderError, inputs_word
from .pool import Pool
from .results import ResultsFile, read_results
from .unit import Processor, Result, State, Unit


class FleetRun:
    """The units of one driver; first ``work`` where there are some left, then ``finish``.

    Args:
        units: all that this call is asked for.
        processor: of the workers.
        folder: of the fleet.
        file: of this driver's results.

    Attributes:
        units, folder, file: as given.
        before: results of the outputs that are there already.
        left: the other units.

    Raises:
        OSError: the folder cannot be written.
    """

    def __init__(
        self, units: Sequence[Unit], processor: Processor, folder: FleetFolder, file: ResultsFile
    ) -> None:
        self.units, self.folder, self.file = units, folder, file
        folder.keep_plan(file.path, units)
        looked = ((unit, values_there(processor, unit)) for unit in units)
        there = {unit: values for unit, values in looked if values is not None}
        self.before = [Result(unit, State.FINISHED, values) for unit, values in there.items()]
        self.left = [unit for unit in units if unit not in there]
        self._others: list[Result] = []
        # A driver that was killed may have left no row of what its workers did.
        self._add_missing(self.before)

    def _add_missing(self, results: Iterable[Result]) -> None:
        """Write the rows of outputs that no driver has said to be done."""
        rows = read_results(self.folder.path)
        self.file.add(r for r in results if rows.get(r.unit.name, {}).get("state") != "done")

    def work(self, pool: Pool) -> Iterator[list[Result]]:
        """Work on what is left; yield what has ended, as it comes, after its rows are written.

        Args:
            pool: of workers; it is closed by who made it.

        Raises:
            PoolError: workers cannot be started.
            FleetFolderError: the folder was removed meanwhile, or its disk takes no more outputs;
                what had been begun has ended by then.
            OSError: the results cannot be written.
        """
        driver, open_units = Driver(self.left, pool), len(self.left)
        for ended in driver.results():
            open_units -= len(ended)
            self.folder.check_there()
            self.file.add(each for each in ended if each.state is not State.FINISHED)
            self._others += [each for each in ended if each.state is State.FINISHED]
            yield ended
        if driver.no_place:
            raise FleetFolderError(
                f"{self.folder.path} cannot be written: {driver.no_place}: {open_units} of "
                f"{len(self.units)} {inputs_word(self.folder.path)} are left: make room (or let it "
                "be written) and run the same command again: it goes on where it stopped"
            )

    def finish(self) -> list[dict[str, Any]]:
        """Return the rows of all units of this call, by name."""
        # The driver whose worker did these writes their rows, unless it was killed.
        self._add_missing(self._others)
        rows = read_results(self.folder.path)
        return [rows[unit.name] for unit in self.units if unit.name in rows]


def values_there(processor: Processor, unit: Unit) -> dict[str, Any] | None:
    """Return the values of an output that is there already, or None."""
    try:
        return processor.finished(unit, thorough=False)
    except OSError:
        # A worker says what is wrong with it, among the results.
        return None
