"""Which pairs form a batch. Only seed and step decide: it is the same after a resume."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import DataLoader, Dataset, Sampler

from .augmentation import Augmentation
from .labelled_pair import LabelledPairs
from .object_pasting import ObjectPasting


def derived_seed(*numbers: int) -> int:
    """Return one seed from several numbers (seed of the run, step, rank ...)."""
    return int(np.random.SeedSequence(numbers).generate_state(1, np.uint64)[0] >> 1)


class StepSampler(Sampler):
    """Batches of (position, index), from any step on; each epoch is a new permutation.

    The processes share the batch of a step: process r takes every world-th sample. Positions
    count the samples of the whole run.

    Args:
        pairs, steps: number of pairs and of batches.
        batch_size: of the whole step, over all processes.
        seed, first_position: of the run, and of the first step's first sample.
        rank, world: of this process, and the number of all.
    """

    def __init__(
        self,
        pairs: int,
        batch_size: int,
        steps: int,
        seed: int,
        first_position: int = 0,
        rank: int = 0,
        world: int = 1,
    ) -> None:
        if pairs < 1:
            raise ValueError("there are no pairs to train on")
        if batch_size % world:
            raise ValueError(f"a batch of {batch_size} cannot be shared by {world} processes")
        self.pairs, self.batch_size, self.steps, self.seed = pairs, batch_size, steps, seed
        self.first_position, self.rank, self.world = first_position, rank, world
        self._epoch, self._order = -1, np.empty(0, np.int64)

    def __len__(self) -> int:
        return self.steps

    def __iter__(self) -> Iterator[list[tuple[int, int]]]:
        for step in range(self.steps):
            first = self.first_position + step * self.batch_size
            positions = range(first, first + self.batch_size)
            yield [(p, self._index(p)) for p in positions[self.rank :: self.world]]

    def _index(self, position: int) -> int:
        epoch, place = divmod(position, self.pairs)
        if epoch != self._epoch:
            random = np.random.default_rng([self.seed, epoch, 1])
            self._epoch, self._order = epoch, self._epoch_order(random)
        return int(self._order[place])

    def _epoch_order(self, random: np.random.Generator) -> np.ndarray:
        return random.permutation(self.pairs)


class WeightedStepSampler(StepSampler):
    """Like `StepSampler`, but an epoch draws each pair as often as its weight says.

    An epoch is as long as there are pairs. Its draw is systematic: a pair comes as often as its
    expected number says, rounded up or down.

    Args:
        weights: of the pairs, positive, relative to each other.
        batch_size, steps, seed, first_position, rank, world: see `StepSampler`.
    """

    def __init__(
        self,
        weights: np.ndarray,
        batch_size: int,
        steps: int,
        seed: int,
        first_position: int = 0,
        rank: int = 0,
        world: int = 1,
    ) -> None:
        super().__init__(len(weights), batch_size, steps, seed, first_position, rank, world)
        self._ends = np.cumsum(np.asarray(weights, np.float64) / np.sum(weights))

    def _epoch_order(self, random: np.random.Generator) -> np.ndarray:
        marks = (np.arange(self.pairs) + random.random()) / self.pairs
        drawn = np.searchsorted(self._ends, marks, side="right")
        return random.permutation(np.minimum(drawn, self.pairs - 1))


class AugmentedPairs(Dataset):
    """Augmented samples by (position, index); the position decides the augmentation."""

    def __init__(
        self,
        pairs: LabelledPairs,
        augmentation: Augmentation,
        seed: int,
        pasting: ObjectPasting | None = None,
    ) -> None:
        self.pairs, self.augmentation, self.seed = pairs, augmentation, seed
        self.pasting = pasting

    def __len__(self) -> int:
        return len(self.pairs)

    def __getitem__(self, key: tuple[int, int]) -> dict[str, Tensor]:
        position, index = key
        if self.pasting is None:
            pair = self.pairs[index]
        else:
            pair = self.pasting(index, derived_seed(self.seed, position, 5))
        return self.augmentation(pair, derived_seed(self.seed, position, 2))


def training_batches(
    pairs: LabelledPairs,
    augmentation: Augmentation,
    sampler: StepSampler,
    workers: int = 0,
    pasting: ObjectPasting | None = None,
) -> DataLoader:
    """Return a loader of batches: "rgb", "thermal", "labels", "valid", stacked."""
    return DataLoader(
        AugmentedPairs(pairs, augmentation, sampler.seed, pasting),
        batch_sampler=sampler,
        num_workers=workers,
        worker_init_fn=_one_thread,
        persistent_workers=False,
        prefetch_factor=4 if workers else None,
        pin_memory=torch.cuda.is_available(),
    )


def _one_thread(_: int) -> None:
    torch.set_num_threads(1)
