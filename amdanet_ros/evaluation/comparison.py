"""Whether a new network is better than an old one, on the same pairs."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import nn

from ..classes import UNLABELED
from .object_scores import predict
from .scoring import Pair

RESAMPLES = 2000
FEWEST_PAIRS = 5
"""With fewer, every resample is nearly the sample: an interval would say nothing."""


class PairCounts:
    """Pixels of each class, pair by pair, of one network.

    Args:
        classes: the network's names, by its indices.
        wanted: names of the K classes that are scored.
    """

    def __init__(self, classes: Sequence[str], wanted: Sequence[str]) -> None:
        self._index = np.full(256, len(wanted), np.int64)
        for index, name in enumerate(classes):
            if name in wanted:
                self._index[index] = list(wanted).index(name)
        self._rows: list[np.ndarray] = []

    def add(self, truth: np.ndarray, predicted: np.ndarray) -> None:
        """Count one pair.

        Args:
            truth: H x W: row of a wanted class, from K on any other class, 255 = not known.
            predicted: H x W uint8, the network's class indices.
        """
        known = truth != UNLABELED
        count = int(self._index[UNLABELED])
        true, found = np.minimum(truth[known], count), self._index[predicted[known]]
        cells = np.bincount(true * (count + 1) + found, minlength=(count + 1) ** 2)
        table = cells.reshape(count + 1, count + 1)
        hit = np.diagonal(table)[:count]
        rows, columns = table.sum(axis=1)[:count], table.sum(axis=0)[:count]
        self._rows.append(np.stack([hit, rows + columns - hit, rows]))

    def array(self) -> np.ndarray:
        """Return N x 3 x K: pixels of the intersection, of the union, of the truth."""
        return np.stack(self._rows).astype(np.float64)


@dataclass(frozen=True, eq=False)
class Comparison:
    """Two networks on N pairs.

    Attributes:
        names: K classes that are scored.
        old, new: IoU of each class over all pairs, NaN where it does not occur.
        difference: of the mean IoU, new minus old.
        interval: where 95 % of the differences of resampled pairs lie.
        pairs: N.
    """

    names: tuple[str, ...]
    old: np.ndarray
    new: np.ndarray
    difference: float
    interval: tuple[float, float]
    pairs: int

    @property
    def verdict(self) -> str:
        """Whether the new one is "better", "worse" or "not told apart"."""
        low, high = self.interval
        if self.pairs < FEWEST_PAIRS or not (low > 0 or high < 0):
            return "not told apart"
        return "better" if low > 0 else "worse"

    def sentence(self) -> str:
        """Return the verdict with its numbers, in points (percent) of mean IoU."""
        low, high = self.interval
        numbers = (
            f"mean IoU {100 * self.difference:+.1f} points, 95 % interval {100 * low:+.1f} to "
            f"{100 * high:+.1f}, {self.pairs} pairs"
        )
        if self.verdict != "not told apart":
            return f"the new one is {self.verdict}: {numbers}"
        why = f": at least {FEWEST_PAIRS} pairs are needed" if self.pairs < FEWEST_PAIRS else ""
        return f"the two are not told apart: {numbers}{why}"

    def as_table(self) -> str:
        """Return lines of text: IoU of each class in percent, then the sentence."""
        lines = [f"{'class':<18}{'old':>8}{'new':>8}{'change':>8}"]
        rows = [*zip(self.names, self.old, self.new, strict=True)]
        rows.append(("mean", np.nanmean(self.old), np.nanmean(self.new)))
        for name, old, new in rows:
            cells = (_percent(old), _percent(new), _percent(new - old, "+"))
            lines.append(f"{name:<18}" + "".join(f"{cell:>8}" for cell in cells))
        return "\n".join([*lines, self.sentence()])

    def as_json(self, facts: dict[str, Any]) -> str:
        """Return facts and scores as JSON; a class that does not occur is null."""
        classes = {
            name: {"old": _number(old), "new": _number(new)}
            for name, old, new in zip(self.names, self.old, self.new, strict=True)
        }
        content = {
            **facts,
            "verdict": self.verdict,
            "difference": _number(self.difference),
            "interval": [_number(each) for each in self.interval],
            "pairs": self.pairs,
            "classes": classes,
        }
        return json.dumps(content, indent=2)


def pair_means(counts: np.ndarray) -> np.ndarray:
    """Return each pair's mean IoU over the classes that its labels hold, N; NaN for none.

    Args:
        counts: N x 3 x K, see `PairCounts.array`.
    """
    held = counts[:, 2] > 0
    shares = np.divide(counts[:, 0], counts[:, 1], out=np.zeros_like(counts[:, 0]), where=held)
    sums, numbers = shares.sum(axis=1), held.sum(axis=1)
    return np.where(numbers > 0, sums / np.maximum(numbers, 1), np.nan)


def compared(old: np.ndarray, new: np.ndarray, names: Sequence[str], seed: int = 0) -> Comparison:
    """Compare two networks' counts of the same pairs.

    Pairs are drawn anew with replacement, the same for both; the interval holds the middle 95 % of
    the differences of mean IoU (percentile bootstrap, Efron 1979). The mean goes over the classes
    that the labels hold.

    Args:
        old, new: N x 3 x K, see `PairCounts.array`.
        names: K classes.
        seed: of the drawing.

    Raises:
        ValueError: no label is of one of the classes.
    """
    present = old[:, 2].sum(axis=0) > 0
    if not present.any():
        raise ValueError("no label is of a class that is compared: nothing can be said")
    count = len(old)
    draws = np.random.default_rng(seed).multinomial(count, np.full(count, 1 / count), RESAMPLES)
    weights = np.concatenate([np.ones((1, count)), draws])
    ious = [_ious(counts[:, :2, :], weights) for counts in (old, new)]
    for each in ious:
        each[:, ~present] = np.nan
    # A class that a resample does not hold counts for neither.
    held = np.einsum("bn,nk->bk", weights, old[:, 2]) > 0
    means = [_mean(each, held) for each in ious]
    differences = means[1] - means[0]
    low, high = np.percentile(differences[1:], (2.5, 97.5))
    return Comparison(
        tuple(names),
        ious[0][0],
        ious[1][0],
        float(differences[0]),
        (float(low), float(high)),
        count,
    )


def _ious(counts: np.ndarray, weights: np.ndarray) -> np.ndarray:
    hit, union = (weights @ counts[:, i] for i in range(2))
    with np.errstate(invalid="ignore", divide="ignore"):
        return hit / union


def _mean(ious: np.ndarray, held: np.ndarray) -> np.ndarray:
    counted = held & ~np.isnan(ious)
    return np.where(counted, ious, 0.0).sum(axis=1) / np.maximum(counted.sum(axis=1), 1)


@torch.inference_mode()
def count_pairs(
    networks: Sequence[tuple[nn.Module, PairCounts]],
    pairs: Iterable[Pair],
    rows: np.ndarray,
    device: torch.device,
) -> None:
    """Run networks in evaluation mode on the same pairs and count.

    Args:
        networks: each with its counts, which are added to.
        pairs: labelled.
        rows: 256 values: of each label, what `PairCounts.add` takes.
        device: of the networks.
    """
    for pair in pairs:
        truth = rows[pair.labels]
        for network, counts in networks:
            counts.add(truth, predict(network, pair, device))


def label_rows(classes: Sequence[str], wanted: Sequence[str], none_of: bool) -> np.ndarray:
    """Return 256 values: for each label the row of its class in `wanted`, K for another class.

    Args:
        classes: of the labels, by index.
        wanted: the classes that are scored.
        none_of: whether label 254 says "none of the wanted"; else it is not known.
    """
    rows = np.full(256, UNLABELED, np.int64)
    for index, name in enumerate(classes):
        rows[index] = list(wanted).index(name) if name in wanted else len(wanted)
    if none_of:
        rows[UNLABELED - 1] = len(wanted)
    return rows


def _percent(value: float, sign: str = "") -> str:
    return "-" if np.isnan(value) else f"{100 * value:{sign}.1f}"


def _number(value: float) -> float | None:
    return None if np.isnan(value) else round(float(value), 6)
