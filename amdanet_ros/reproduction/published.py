"""The numbers of Tables 1 to 6 in the paper's supplement (AMDANet, ICCV 2025)."""

from __future__ import annotations

from dataclasses import dataclass

DATA_SETS = ("mfnet", "fmb", "pst900")
"""Names of the published data sets' class tables, in the order of the supplement's Tables 1-4."""


@dataclass(frozen=True)
class PublishedScore:
    """A published score of one row on one data set.

    Attributes:
        miou: mean IoU, in percent.
        map: the supplement's mAP, in percent; None if it reports none. The released code computes
            no average precision; by its size it is a mean class accuracy or precision.
    """

    miou: float
    map: float | None = None


def _three(mfnet: float, fmb: float, pst900: float) -> dict[str, PublishedScore]:
    values = (mfnet, fmb, pst900)
    return {name: PublishedScore(v) for name, v in zip(DATA_SETS, values, strict=True)}


PUBLISHED: dict[str, dict[str, dict[str, PublishedScore]]] = {
    "tab1": {
        "0.3": _three(58.7, 59.5, 80.9),
        "0.5": _three(60.2, 62.6, 86.5),
        "0.7": _three(61.6, 63.5, 88.1),
        "1": _three(62.1, 64.8, 88.5),
    },
    "tab2": {
        "0.3": _three(60.5, 61.8, 85.4),
        "0.5": _three(62.1, 64.8, 88.5),
        "0.6": _three(61.8, 63.6, 88.2),
        "0.7": _three(61.3, 63.3, 87.6),
    },
    "tab3": {
        "0.3": _three(59.4, 61.2, 86.7),
        "0.5": _three(62.1, 64.8, 88.5),
        "0.6": _three(61.2, 64.2, 88.3),
        "0.7": _three(60.7, 61.3, 84.6),
    },
    "tab4": {
        "0.2": _three(60.3, 61.3, 85.4),
        "0.4": _three(62.1, 64.8, 88.5),
        "0.6": _three(60.7, 63.5, 87.2),
        "0.8": _three(60.4, 62.6, 86.3),
    },
    "tab5": {
        "without local": {"mfnet": PublishedScore(59.2, 73.9)},
        "without global": {"mfnet": PublishedScore(58.5, 71.7)},
        "without SFE": {"mfnet": PublishedScore(61.2, 75.8)},
        "full": {"mfnet": PublishedScore(62.1, 77.1)},
    },
    "tab6": {
        "CBAM": {"fmb": PublishedScore(63.3, 74.8), "mfnet": PublishedScore(60.8, 73.1)},
        "DANet": {"fmb": PublishedScore(63.6, 75.2), "mfnet": PublishedScore(60.5, 74.3)},
        "AMDANet": {"fmb": PublishedScore(64.8, 77.1), "mfnet": PublishedScore(62.1, 77.4)},
    },
}
"""Scores by table, row and data set."""
