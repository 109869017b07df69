"""The plan of a training: how many steps, and the batches of each."""

from __future__ import annotations

from dataclasses import dataclass, replace

from .augmentation import Augmentation
from .config import AugmentationConfig, ConfigError, TrainingConfig

_STRIDE = 32
"""Pixels a side of the image for one of the smallest features."""


@dataclass(frozen=True)
class Stretch:
    """Consecutive steps with the same kind of batch.

    Attributes:
        first, end: steps, the end not included.
        batch_size: pairs a step.
        first_position: number of samples of the run before the first step.
        augmentation: of its samples.
    """

    first: int
    end: int
    batch_size: int
    first_position: int
    augmentation: AugmentationConfig

    def position(self, step: int) -> int:
        """Return the number of samples of the run before a step of this stretch."""
        return self.first_position + (step - self.first) * self.batch_size

    def build_augmentation(self) -> Augmentation:
        """Return the random changes of this stretch.

        Raises:
            ConfigError: a value out of its range.
        """
        try:
            return Augmentation(self.augmentation)
        except ValueError as error:
            raise ConfigError(f"augmentation: {error}") from error


@dataclass(frozen=True)
class Plan:
    """The plan of a training.

    Attributes:
        steps: number of steps.
        warmup_steps: number of first steps in which the learning rate rises.
        stretches: one, or two with a `finish` section; together they cover all steps.
    """

    steps: int
    warmup_steps: int
    stretches: tuple[Stretch, ...]


def training_plan(config: TrainingConfig, pairs: int, world: int = 1) -> Plan:
    """Return the plan of a configuration for a number of training pairs and of processes.

    Raises:
        ConfigError: steps, warm-up, batch sizes or `finish` contradict each other.
    """
    plan = config.optimization
    if plan.steps:
        steps, warmup = plan.steps, plan.warmup_steps
    else:
        per_epoch = pairs / plan.batch_size
        steps, warmup = round(plan.epochs * per_epoch), round(plan.warmup_epochs * per_epoch)
    if steps < 1 or not 0 <= warmup < steps:
        raise ConfigError(f"optimization: {steps} steps with {warmup} of warm-up are not possible")
    finish = config.finish
    if not 0.0 <= finish.share < 1.0:
        raise ConfigError(f"finish.share is {finish.share}: it must be at least 0 and below 1")
    change = steps - int(finish.share * steps)
    stretches = [Stretch(0, change, plan.batch_size, 0, config.augmentation)]
    if change < steps:
        whole = replace(config.augmentation, crop=finish.crop, scales=(1.0,))
        seen = change * plan.batch_size
        stretches.append(Stretch(change, steps, finish.batch_size, seen, whole))
    parts = plan.accumulate * world
    for stretch in stretches:
        if stretch.batch_size < 1 or stretch.batch_size % parts:
            raise ConfigError(
                f"a batch of {stretch.batch_size} (optimization or finish) must be a multiple of "
                f"accumulate ({plan.accumulate}) times the number of processes ({world})"
            )
        # The smallest features are normalised over the batch: one value has no variance.
        height, width = (-(-side // _STRIDE) for side in stretch.augmentation.crop)
        if stretch.batch_size // parts * height * width < 2:
            raise ConfigError(
                f"batches of one crop of {' x '.join(map(str, stretch.augmentation.crop))} pixels "
                "cannot train (optimization or finish): raise batch_size to 2, or give a larger "
                "crop"
            )
    return Plan(steps, warmup, tuple(stretches))
