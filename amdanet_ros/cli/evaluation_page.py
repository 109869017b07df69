"""The report of `amdanet evaluate`: scores, confusion, the worst and the best pairs."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from ..report.elements import bar, facts, heading, number, paragraph, table, text
from ..report.images import slider, sliders
from ..report.page import page
from ..visualization import colorize_thermal, overlay

if TYPE_CHECKING:
    from ..classes import ClassTable
    from ..evaluation.report import EvaluationReport

_SHOWN = 4
_NO_LABEL = 255


class ScoredPair(NamedTuple):
    """A pair to show.

    Attributes:
        name: for people.
        score: mean IoU of its classes, 0 to 1.
        rgb: H x W x 3 uint8.
        thermal: h x w.
        fused: H x W x 3 uint8.
        labels: H x W, the true ones.
        predicted: H x W, the network's.
    """

    name: str
    score: float
    rgb: np.ndarray
    thermal: np.ndarray
    fused: np.ndarray
    labels: np.ndarray
    predicted: np.ndarray


def worst_and_best(scores: Sequence[float]) -> tuple[list[int], list[int]]:
    """Return the numbers of the worst pairs, worst first, and of the best of the others."""
    ranked = sorted(
        (i for i, score in enumerate(scores) if math.isfinite(score)), key=lambda i: scores[i]
    )
    worst = ranked[:_SHOWN]
    return worst, ranked[len(worst) :][::-1][:_SHOWN]


def evaluation_page(
    report: EvaluationReport,
    classes: ClassTable,
    worst: Iterable[ScoredPair],
    best: Iterable[ScoredPair],
) -> str:
    """Return the report as HTML."""
    values = report.as_dict()
    names = ("mIoU", "mean_accuracy", "mean_precision")
    parts = [
        facts({name: value for name, value in report.facts.items() if value != ""}),
        heading("Scores"),
        table(
            ("class", "IoU", "", "accuracy", "precision"),
            [
                *(
                    _row(name, scores["IoU"], scores["accuracy"], scores["precision"])
                    for name, scores in values["classes"].items()
                ),
                _row("mean", *(values[name] for name in names)),
            ],
            "None.",
        ),
        heading("Conditions"),
        table(
            ("condition", "mIoU"),
            ((text(name), number(_percent(v))) for name, v in values["conditions"].items()),
            "The data set names none.",
        ),
        heading("Confusion: of each true class (row), what was predicted"),
        _confusion(report),
        heading("Worst pairs"),
        _pairs(worst, classes),
        heading("Best pairs"),
        _pairs(best, classes),
    ]
    if values["fusion"]:
        rows = ((text(k), number(f"{v:.3f}" if v is not None else "-"))
                for k, v in values["fusion"].items())  # fmt: skip
        parts += [heading("Fused images"), table(("metric", "mean"), rows, "None.")]
    return page("amdanet evaluate", parts, moves=True)


def _row(name: str, iou: float | None, *others: float | None) -> list[str]:
    numbers = [number(_percent(value)) for value in others]
    return [text(name), number(_percent(iou)), bar(iou or 0.0), *numbers]


def _percent(value: float | None) -> str:
    return "-" if value is None else f"{100 * value:.1f} %"


def _confusion(report: EvaluationReport) -> str:
    counts = report.total.counts
    sums = counts.sum(1, keepdims=True)
    rows = (
        [
            text(name),
            *(number(f"{100 * n / total:.1f} %" if n else "") for n in line),
        ]
        for name, line, (total,) in zip(report.classes, counts.tolist(), sums.tolist(), strict=True)
        if total
    )
    return table(("", *report.classes), rows, "No pixel is labelled.")


def _pairs(pairs: Iterable[ScoredPair], classes: ClassTable) -> str:
    made = [_slider(pair, classes) for pair in pairs]
    return sliders(made) if made else paragraph("None.")


def _slider(pair: ScoredPair, classes: ClassTable) -> str:
    grey = colorize_thermal(pair.thermal)
    labels = np.where(pair.labels < len(classes), pair.labels, _NO_LABEL).astype(np.uint8)
    images = {
        "RGB": pair.rgb,
        "thermal": grey,
        "fused": pair.fused,
        "predicted": overlay(pair.fused, pair.predicted, classes.palette),
        "true": overlay(pair.fused, labels, classes.palette),
    }
    return slider(f"{pair.name}: mIoU {100 * pair.score:.1f} %", images, ("true", "predicted"))
