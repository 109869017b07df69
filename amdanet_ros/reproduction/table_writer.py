"""A reproduced table: our scores and the published ones, as Markdown, JSON and CSV."""

from __future__ import annotations

import csv
import io
import json
import statistics
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ..classes import class_table
from .table_specs import TableSpec, Variant

SCORES = ("mIoU", "mean_accuracy", "mean_precision")
_HEADINGS = {"mIoU": "mIoU", "mean_accuracy": "mean acc.", "mean_precision": "mean prec."}


@dataclass
class ReproducedTable:
    """Scores of a table's rows.

    Attributes:
        spec, data_sets: the table, and our data sets in order.
        facts: of the reproduction (preset, overrides, test pairs), for the JSON file.
        notes: printed below the table, after its own notes.
        scores: by (row, data set, seed), what `EvaluationReport.as_dict` returns (0..1) and
            "run", the folder's name.
    """

    spec: TableSpec
    data_sets: tuple[str, ...]
    facts: Mapping[str, Any] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    scores: dict[tuple[str, str, int], Mapping[str, Any]] = field(default_factory=dict)

    def values(self, row: str, data_set: str, score: str) -> dict[int, float]:
        """Return a score in percent by seed; seeds that could not be scored are left out."""
        return {
            seed: 100.0 * found[score]
            for (r, d, seed), found in sorted(self.scores.items())
            if (r, d) == (row, data_set) and found.get(score) is not None
        }

    def as_dict(self) -> dict[str, Any]:
        """Return plain values, scores in percent."""
        return {
            "table": self.spec.name,
            "title": self.spec.title,
            **self.facts,
            "notes": [*self.notes, *self.spec.notes],
            "rows": [
                {
                    "row": variant.row,
                    "changes": list(variant.changes),
                    "ours": {name: self._ours(variant.row, name) for name in self.data_sets},
                    "published": {
                        name: {"mIoU": score.miou, "mAP": score.map}
                        for name, score in variant.published.items()
                    },
                }
                for variant in self.spec.variants
            ],
        }

    def as_json(self) -> str:
        """Return the table as JSON."""
        return json.dumps(self.as_dict(), indent=2) + "\n"

    def as_csv(self) -> str:
        """Return CSV with a line for each number, in percent."""
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(("table", "row", "data_set", "source", "seed", "score", "value"))
        for row in self.as_dict()["rows"]:
            head = (self.spec.name, row["row"])
            for name, ours in row["ours"].items():
                for score in SCORES:
                    for seed, value in ours[score]["by_seed"].items():
                        writer.writerow((*head, name, "ours", seed, score, value))
                    for kind in ("mean", "deviation"):
                        if ours[score][kind] is not None:
                            writer.writerow((*head, name, "ours", kind, score, ours[score][kind]))
            for name, published in row["published"].items():
                for score, value in published.items():
                    if value is not None:
                        writer.writerow((*head, name, "published", "", score, value))
        return text.getvalue()

    def as_markdown(self) -> str:
        """Return Markdown: the table in percent, then the notes."""
        rows = [self._cells(variant) for variant in self.spec.variants]
        lines = [
            f"# {self.spec.name.replace('tab', 'Table ')}: {self.spec.title}",
            "",
            "| " + " | ".join(rows[0]) + " |",
            "|---" * len(rows[0]) + "|",
        ]
        lines += ["| " + " | ".join(cells.values()) + " |" for cells in rows]
        lines += ["", self._reading(), ""]
        lines += [f"- {note}" for note in (*self.notes, *self.spec.notes)]
        return "\n".join(lines) + "\n"

    def _cells(self, variant: Variant) -> dict[str, str]:
        """Return the cells of a row by the heading of their column."""
        cells = {self.spec.heading: variant.row}
        published = self.spec.data_sets
        shown = SCORES if self.spec.with_map else SCORES[:1]
        for name in (*self.data_sets, *(p for p in published if p not in self.data_sets)):
            title = class_table(name).name if name in published else name
            if name in self.data_sets:
                for score in shown:
                    spread = _spread(self.values(variant.row, name, score))
                    numbers = [f"{value:.1f}" for value in spread if value is not None]
                    cells[f"{title} {_HEADINGS[score]}"] = " ± ".join(numbers) or "-"
            if name in published:
                score = variant.published.get(name)
                cells[f"{title} mIoU published"] = f"{score.miou:.1f}" if score else "-"
                if self.spec.with_map:
                    cells[f"{title} mAP published"] = f"{score.map:.1f}" if score else "-"
        return cells

    def _ours(self, row: str, data_set: str) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for score in (*SCORES, "mIoU_without_guardrail"):
            values = self.values(row, data_set, score)
            if not values and score not in SCORES:
                continue
            mean, deviation = _spread(values)
            found[score] = {
                "by_seed": {seed: _rounded(value) for seed, value in values.items()},
                "mean": _rounded(mean),
                "deviation": _rounded(deviation),
            }
        found["runs"] = {
            seed: scores.get("run")
            for (r, d, seed), scores in sorted(self.scores.items())
            if (r, d) == (row, data_set)
        }
        return found

    def _reading(self) -> str:
        """Return a note that compares the rows' differences with the spread over the seeds."""
        seeds = sorted({seed for _, _, seed in self.scores})
        text = f"All numbers in %. Ours over {len(seeds)} seed(s): {', '.join(map(str, seeds))}"
        if len(seeds) < 2:
            return text + "; one seed has no spread, so differences of rows cannot be judged."
        text += "; mean ± standard deviation over the seeds."
        for name in self.data_sets:
            rows = [self.values(v.row, name, "mIoU") for v in self.spec.variants]
            spreads = [_spread(values) for values in rows]
            means = [mean for mean, _ in spreads if mean is not None]
            deviations = [d for _, d in spreads if d is not None]
            if means and deviations:
                text += (
                    f" On {name} the rows' mean mIoU differ by up to {max(means) - min(means):.1f} "
                    f"points, and the largest deviation of one row is {max(deviations):.1f}."
                )
        return text


def _spread(values: Mapping[int, float]) -> tuple[float | None, float | None]:
    """Return (mean, sample standard deviation); None where there are too few values."""
    numbers = list(values.values())
    if not numbers:
        return None, None
    return statistics.fmean(numbers), statistics.stdev(numbers) if len(numbers) > 1 else None


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 3)
