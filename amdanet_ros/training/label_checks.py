"""What labels a data set holds, checked before a training that they would spoil."""

from __future__ import annotations

from collections.abc import Iterable, Sequence, Set

from ..classes import UNLABELED
from .labelled_pair import DataError

_SHOWN = 5


def check_labels_present(present: Iterable[Set[int]], where: str) -> None:
    """Refuse labels that say nothing about the pixels.

    Args:
        present: the label values of each pair, or of each list.
        where: of what, for the message: a folder and a list.

    Raises:
        DataError: all pixels are without a label; or the labels are 0 and 255 alone, which are
            two-valued masks as image programs write them, and 255 means no label.
    """
    values = set().union(*present)
    if not values or values == {UNLABELED}:
        raise DataError(
            f"{where}: no pixel has a label, all label images are {UNLABELED} (no label): give "
            "labels with class indices 0, 1, ..."
        )
    if values == {0, UNLABELED}:
        raise DataError(
            f"{where}: the label images hold 0 and {UNLABELED} alone, and {UNLABELED} means no "
            f"label, so that class 0 alone would count: in masks of two values write class "
            f"index 1 instead of {UNLABELED}"
        )


def doubtful_labels(names: Sequence[str], where: str) -> str:
    """Return a sentence about single label images that say little among others that say more.

    They may be right: class 0 and pixels that nobody labelled. They may be masks of two values,
    as image programs write them, or images that nobody has labelled yet.

    Args:
        names: of the pairs; at least one.
        where: their folder.
    """
    count = "1 label image holds" if len(names) == 1 else f"{len(names)} label images hold"
    more = ", ..." if len(names) > _SHOWN else ""
    return (
        f"{where}: {count} {UNLABELED} (no label) and at most class 0 beside it: "
        f"{', '.join(names[:_SHOWN])}{more}: if these are masks of two values, write class index 1 "
        f"instead of {UNLABELED}"
    )
