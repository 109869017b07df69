"""What a training does at which step: how many steps, in which stretches, on which batches."""

from __future__ import annotations

from dataclasses import dataclass, replace

from .augmentation import Augmentation
from .config import AugmentationConfig, ConfigError, TrainingConfig


@dataclass(frozen=True)
class Stretch:
    """Steps in a row with one kind of batch.

    Attributes:
        first, end: steps, the end not included.
        batch_size: pairs a step.
        first_position: number of samples that the run has seen before.
        augmentation: of its samples.
    """

    first: int
    end: int
    batch_size: int
    first_position: int
    augmentation: AugmentationConfig

    def position(self, step: int) -> int:
        """Number of samples that the run has seen before a step of this stretch."""
        return self.first_position + (step - self.first) * self.batch_size

    def build_augmentation(self) -> Augmentation:
        """Return the chain of random changes.

        Raises:
            ConfigError: a value out of its range.
        """
        try:
            return Augmentation(self.augmentation)
        except ValueError as error:
            raise ConfigError(f"augmentation: {error}") from error


@dataclass(frozen=True)
class Plan:
    """The course of a training.

    Attributes:
        steps: all of them.
        warmup_steps: over which the learning rate rises.
        stretches: one, or two with a finish; together all steps.
    """

    steps: int
    warmup_steps: int
    stretches: tuple[Stretch, ...]


def training_plan(config: TrainingConfig, pairs: int, world: int = 1) -> Plan:
    """Return the plan of a configuration.

    Args:
        config: of the training.
        pairs: number of training pairs.
        world: number of processes.

    Raises:
        ConfigError: steps, warm-up, batch sizes or finish do not fit together.
    """
    plan = config.optimization
    if plan.steps:
        steps, warmup = plan.steps, plan.warmup_steps
    else:
        per_epoch = pairs / plan.batch_size
        steps, warmup = round(plan.epochs * per_epoch), round(plan.warmup_epochs * per_epoch)
    if steps < 1 or not 0 <= warmup < steps:
        raise ConfigError(f"optimization: {steps} steps with {warmup} of warm-up cannot be done")
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
    return Plan(steps, warmup, tuple(stretches))
