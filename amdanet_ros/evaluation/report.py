"""The result of an evaluation as text, JSON and CSV."""

from __future__ import annotations

import csv
import io
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import zip_longest
from typing import Any

import numpy as np

from .confusion_matrix import ConfusionMatrix

_RARE = "guardrail"
"""A class of MFNet in four test images only, and mislabelled in others; scores without it too."""


@dataclass
class EvaluationReport:
    """The result of an evaluation.

    Attributes:
        classes: K names.
        matrices: confusion matrices by condition ("" if the data set names none).
        fusion: mean of each fusion metric over the images; empty if none was wanted.
        facts: checkpoint, data and protocol of the evaluation.
        pair_scores: mean IoU of each pair over the classes in it, in the order of the pairs; NaN
            where nothing is labelled.
    """

    classes: Sequence[str]
    matrices: Mapping[str, ConfusionMatrix]
    fusion: Mapping[str, float] = field(default_factory=dict)
    facts: Mapping[str, Any] = field(default_factory=dict)
    pair_scores: Sequence[float] = ()

    @property
    def total(self) -> ConfusionMatrix:
        """The confusion matrix over all conditions."""
        total = ConfusionMatrix(len(self.classes))
        for matrix in self.matrices.values():
            total.counts += matrix.counts
        return total

    def as_dict(self) -> dict[str, Any]:
        """Return plain values; NaN (a class that occurs nowhere) becomes None."""
        scores = self.total.scores()
        means = {
            "mIoU": scores.mean_iou(),
            "mean_accuracy": scores.mean_accuracy(),
            "mean_precision": scores.mean_precision(),
        }
        if _RARE in self.classes:
            means[f"mIoU_without_{_RARE}"] = scores.mean_iou({self.classes.index(_RARE)})
        return {
            **self.facts,
            **{name: _number(value) for name, value in means.items()},
            "classes": {
                name: {
                    "IoU": _number(scores.iou[i]),
                    "accuracy": _number(scores.accuracy[i]),
                    "precision": _number(scores.precision[i]),
                }
                for i, name in enumerate(self.classes)
            },
            "conditions": {
                name: _number(matrix.scores().mean_iou())
                for name, matrix in sorted(self.matrices.items())
                if name
            },
            "fusion": {name: _number(value) for name, value in self.fusion.items()},
            "confusion_matrix": np.asarray(self.total.counts).tolist(),
        }

    def as_json(self) -> str:
        """Return the report as JSON."""
        return json.dumps(self.as_dict(), indent=2)

    def as_csv(self) -> str:
        """Return CSV with one line for each score: kind, name, score, value."""
        values = self.as_dict()
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(("kind", "name", "score", "value"))
        for name, value in values.items():
            if name.startswith(("mIoU", "mean_")):
                writer.writerow(("all", "all", name, value))
        for name, scores in values["classes"].items():
            for score, value in scores.items():
                writer.writerow(("class", name, score, value))
        for name, value in values["conditions"].items():
            writer.writerow(("condition", name, "mIoU", value))
        for name, value in values["fusion"].items():
            writer.writerow(("fusion", "all", name, value))
        return text.getvalue()

    def as_table(self) -> str:
        """Return lines of text for a terminal, scores in percent."""
        values = self.as_dict()
        lines = [f"{'class':<18}{'IoU':>8}{'accuracy':>10}{'precision':>11}"]
        for name, scores in values["classes"].items():
            iou, accuracy, precision = (_percent(value) for value in scores.values())
            lines.append(f"{name:<18}{iou:>8}{accuracy:>10}{precision:>11}")
        lines.append(
            f"{'mean':<18}{_percent(values['mIoU']):>8}{_percent(values['mean_accuracy']):>10}"
            f"{_percent(values['mean_precision']):>11}"
        )
        without = f"mIoU_without_{_RARE}"
        if without in values:
            lines.append(f"{'without ' + _RARE:<18}{_percent(values[without]):>8}")
        for name, value in values["conditions"].items():
            lines.append(f"{'mIoU, ' + name:<18}{_percent(value):>8}")
        if values["fusion"]:
            numbers = (f"{k} {_decimals(v)}" for k, v in values["fusion"].items())
            lines.append("fused images: " + ", ".join(numbers))
        return "\n".join(lines)


def merged_reports(reports: Sequence[EvaluationReport]) -> EvaluationReport:
    """Merge reports of different parts of one data set."""
    first = reports[0]
    matrices: dict[str, ConfusionMatrix] = {}
    for report in reports:
        for condition, matrix in report.matrices.items():
            total = matrices.setdefault(condition, ConfusionMatrix(len(first.classes)))
            total.counts += matrix.counts
    pairs = [int(report.facts["pairs"]) for report in reports]
    names = {name for report in reports for name in report.fusion}
    fusion = {
        name: sum(r.fusion.get(name, 0.0) * n for r, n in zip(reports, pairs, strict=True))
        / sum(pairs)
        for name in sorted(names)
    }
    # Each process has every so-many-th pair.
    rounds = zip_longest(*(report.pair_scores for report in reports))
    scores = [score for row in rounds for score in row if score is not None]
    facts = {**first.facts, "pairs": sum(pairs)}
    return EvaluationReport(first.classes, matrices, fusion, facts, scores)


def _decimals(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"


def _number(value: float) -> float | None:
    return None if math.isnan(value) else round(float(value), 6)


def _percent(value: float | None) -> str:
    return "-" if value is None else f"{100 * value:.1f}"
