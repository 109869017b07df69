"""Several lists of pairs trained on together, and how often each pair is drawn."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from .config import ConfigError, ListConfig
from .image_folder import ImageFolder
from .labelled_pair import LabelledPair

LEAST_PIXELS = 40
"""An image shows a class where at least so many of its pixels are labelled so."""


class MixedPairs:
    """The pairs of several lists, one list after the other.

    Args:
        lists: what each list is.
        folders: the pairs of each.
    """

    def __init__(self, lists: Sequence[ListConfig], folders: Sequence[ImageFolder]) -> None:
        self.lists, self.folders = list(lists), list(folders)
        self._ends = np.cumsum([len(folder) for folder in folders])

    def __len__(self) -> int:
        return int(self._ends[-1])

    def __getitem__(self, index: int) -> LabelledPair:
        if not 0 <= index < len(self):
            raise IndexError(index)
        place, within = self._place(index)
        return self.folders[place][within]._replace(lost=self.lists[place].lost)

    def group(self, index: int) -> str:
        """Return what tells pairs apart that differ in list or condition."""
        place, within = self._place(index)
        return f"{place} {self.folders[place].condition(within)}"

    def weights(self, classes: Sequence[str], rare: Mapping[str, float]) -> np.ndarray:
        """Return how often each pair is drawn, relative to the others; one float64 each.

        Within a list a pair weighs as much as its rarity; the lists then get their shares.

        Args:
            classes, rare: see `rarity`.

        Raises:
            ConfigError: see `rarity`.
        """
        drawn = np.split(self.rarity(classes, rare), self._ends[:-1])
        return np.concatenate(
            [
                wanted.share * part / part.sum()
                for wanted, part in zip(self.lists, drawn, strict=True)
            ]
        )

    def rarity(self, classes: Sequence[str], rare: Mapping[str, float]) -> np.ndarray:
        """Return the largest factor of a class that a pair shows, one float64 each; 1 for none.

        Args:
            classes: K names.
            rare: factors by class name, above 0.

        Raises:
            ConfigError: a factor for an unknown class, or one of 0 or less.
        """
        for name, factor in rare.items():
            if name not in classes or factor <= 0:
                raise ConfigError(
                    f"data.rare: {name}: {factor}: a class of {', '.join(classes)} and a factor "
                    "above 0 are needed"
                )
        factors = {list(classes).index(name): factor for name, factor in rare.items()}
        return np.array(
            [
                _factor(folder.labels(i), factors)
                for folder in self.folders
                for i in range(len(folder))
            ]
        )

    def _place(self, index: int) -> tuple[int, int]:
        """Return which list an index belongs to, and its place there."""
        place = int(np.searchsorted(self._ends, index, side="right"))
        return place, index - (0 if place == 0 else int(self._ends[place - 1]))


def _factor(labels: np.ndarray, factors: Mapping[int, float]) -> float:
    counts = np.bincount(labels.reshape(-1), minlength=256)
    shown = [factor for index, factor in factors.items() if counts[index] >= LEAST_PIXELS]
    return max(shown, default=1.0)
