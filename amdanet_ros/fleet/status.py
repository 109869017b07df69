"""How far a fleet is: read from its folder at any time, by anybody."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..fuse.journal_folder import kept_pairs
from ..one_line import one_line
from .claim import claimed, is_locked
from .folder import claims_of, inputs_word, read_plans
from .results import read_results

_MOST_ROWS = 50


@dataclass(frozen=True)
class FleetStatus:
    """Counts of bags, and what has failed.

    Attributes:
        rows: of the results, by the name of the output.
        waiting: outputs that were taken on, are not written now and have no row yet.
        running: outputs that workers write now, with the pairs that each has kept so far.
        drivers: that live, as "host, process".
        word: what the inputs are called.
    """

    rows: dict[str, dict[str, Any]]
    waiting: int
    running: dict[str, int]
    drivers: tuple[str, ...]
    word: str = "bags"

    @classmethod
    def of(cls, out: Path) -> FleetStatus:
        """Return that of a fleet's folder; raises OSError where it cannot be read."""
        rows = read_results(out)
        plans = read_plans(out)
        names = {name for plan in plans.values() for name in plan["units"]}
        drivers = tuple(
            f"{plan.get('host')}, process {plan.get('pid')}"
            for name, plan in plans.items()
            if is_locked(out / name)
        )
        running = running_pairs(out, sorted(names))
        waiting = {name for name in names if name not in running and name not in rows}
        return cls(rows, len(waiting), running, drivers, inputs_word(out))

    @property
    def failed(self) -> list[dict[str, Any]]:
        """Rows of what has failed, by name."""
        return [row for _, row in sorted(self.rows.items()) if row["state"] == "failed"]

    @property
    def done(self) -> list[dict[str, Any]]:
        """Rows of what is done, by name."""
        return [row for _, row in sorted(self.rows.items()) if row["state"] == "done"]

    def lines(self) -> list[str]:
        """Return all in words, a table of what has failed among them."""
        done, failed = self.done, self.failed
        pairs = sum(row["pairs"] for row in done)
        seconds = sum(row["seconds"] for row in done)
        drivers = "; ".join(self.drivers) or "none"
        return [
            f"done     {len(done)} {self.word}, {pairs} pairs, {seconds:.1f} s of work",
            f"failed   {len(failed)}",
            f"running  {len(self.running)}",
            *self._running_lines(),
            f"waiting  {self.waiting}",
            f"drivers  {drivers}",
            *table(failed),
        ]

    def _running_lines(self) -> list[str]:
        shown = sorted(self.running.items())[:_MOST_ROWS]
        more = len(self.running) - len(shown)
        lines = [f"         {one_line(name, 60)}: {pairs} pairs so far" for name, pairs in shown]
        return [*lines, f"         and {more} more"] if more else lines


def running_pairs(out: Path, names: Iterable[str]) -> dict[str, int]:
    """Return the outputs that workers write now, with the pairs that each has kept so far.

    Args:
        out: of the fleet.
        names: of outputs that may be among them.
    """
    return {name: kept_pairs(out / name) for name in claimed(claims_of(out), names)}


def table(failed: Sequence[dict[str, Any]]) -> list[str]:
    """Return a table of rows that have failed: input, tries and why."""
    if not failed:
        return []
    shown = failed[:_MOST_ROWS]
    width = min(60, max(len(one_line(row["input"], 60)) for row in shown))
    lines = [f"{'failed'.ljust(width)}  tries  why"]
    for row in shown:
        name = one_line(row["input"], 60).ljust(width)
        lines.append(f"{name}  {row.get('tries', 1):5d}  {one_line(row['error'], 500)}")
    if len(failed) > len(shown):
        lines.append(f"and {len(failed) - len(shown)} more: see the results")
    return lines
