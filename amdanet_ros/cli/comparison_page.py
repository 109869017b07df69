"""The report of a comparison: verdict, IoU of each class, the pairs that changed most."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from ..report.elements import bar, facts, heading, lines, number, paragraph, table, text
from ..report.images import slider, sliders
from ..report.page import page
from ..visualization import colorize_thermal, overlay

if TYPE_CHECKING:
    from ..evaluation.comparison import Comparison

_SHOWN = 4
_NO_LABEL = 255


class ComparedPair(NamedTuple):
    """A pair to show.

    Attributes:
        name: for people.
        old, new: mean IoU of the pair's classes, 0 to 1.
        rgb: H x W x 3 uint8.
        thermal: h x w.
        classes: the maps "old", "new" and "true", H x W uint8 of the labels' indices, 255 for a
            class that the labels do not have.
    """

    name: str
    old: float
    new: float
    rgb: np.ndarray
    thermal: np.ndarray
    classes: Mapping[str, np.ndarray]


def most_changed(differences: Sequence[float]) -> tuple[list[int], list[int]]:
    """Return the numbers of the pairs that lost most, and of those that won most.

    Args:
        differences: of each pair's mean IoU, new minus old; NaN where nothing is known.
    """
    ranked = sorted(
        (i for i, each in enumerate(differences) if math.isfinite(each)),
        key=lambda i: differences[i],
    )
    lost = [i for i in ranked if differences[i] < 0]
    won = [i for i in reversed(ranked) if differences[i] > 0]
    return lost[:_SHOWN], won[:_SHOWN]


def in_the_labels_indices(
    predicted: np.ndarray, classes: Sequence[str], names: Sequence[str]
) -> np.ndarray:
    """Return a network's map in the indices of the labels' table.

    Args:
        predicted: H x W uint8, indices of the network's classes.
        classes: the network's names, by index.
        names: of the labels' classes.

    Returns:
        H x W uint8; 255 where the labels have no class of that name.
    """
    indices = np.full(256, _NO_LABEL, np.uint8)
    for index, name in enumerate(classes):
        if name in names:
            indices[index] = list(names).index(name)
    return indices[predicted]


def comparison_page(
    found: Comparison,
    known: Mapping[str, object],
    palette: np.ndarray,
    lost: Iterable[ComparedPair],
    won: Iterable[ComparedPair],
) -> str:
    """Return the report as HTML.

    Args:
        found: the scores.
        known: facts to show, by name; "remarks" is a list of sentences.
        palette: K x 3 uint8 of the labels' classes.
        lost, won: pairs to show.
    """
    rows = [*zip(found.names, found.old, found.new, strict=True)]
    rows.append(("mean", np.nanmean(found.old), np.nanmean(found.new)))
    return page(
        "amdanet evaluate: old and new",
        [
            facts({name: value for name, value in known.items() if name != "remarks"}),
            heading("Verdict"),
            paragraph(found.sentence()),
            lines(known.get("remarks", ()), "Nothing to remark."),
            heading("IoU"),
            table(
                ("class", "old", "", "new", "", "change"),
                [_row(*row) for row in rows],
                "None.",
            ),
            heading("Pairs that lost most"),
            _pairs(lost, palette),
            heading("Pairs that won most"),
            _pairs(won, palette),
        ],
        moves=True,
    )


def _row(name: str, old: float, new: float) -> list[str]:
    cells = [text(name)]
    for value in (old, new):
        cells += [number(_percent(value)), bar(0.0 if math.isnan(value) else value)]
    return [*cells, number(_percent(new - old, "+"))]


def _percent(value: float, sign: str = "") -> str:
    return "-" if math.isnan(value) else f"{100 * value:{sign}.1f} %"


def _pairs(pairs: Iterable[ComparedPair], palette: np.ndarray) -> str:
    made = [_slider(pair, palette) for pair in pairs]
    return sliders(made) if made else paragraph("None.")


def _slider(pair: ComparedPair, palette: np.ndarray) -> str:
    maps = {
        name: overlay(pair.rgb, np.where(m < len(palette), m, _NO_LABEL).astype(np.uint8), palette)
        for name, m in pair.classes.items()
    }
    images = {"RGB": pair.rgb, "thermal": colorize_thermal(pair.thermal), **maps}
    said = f"{pair.name}: mIoU {_percent(pair.old)}, then {_percent(pair.new)}"
    return slider(said, images, ("old", "new"))
