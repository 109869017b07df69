"""The training loop. It can be killed at any time and resumed with bit-identical results."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterable
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
import yaml
from torch import Tensor
from tqdm import tqdm

from ..disk_room import check_room
from ..inference.finite_output import NonFiniteOutputError
from ..network import AMDANet
from ..one_line import one_line
from ..whole_file import write_whole
from .batch_loss import BatchLoss, wants_fused
from .batches import (
    StepSampler,
    WeightedStepSampler,
    derived_seed,
    training_batches,
)
from .beginning import INHERITED, Beginning, network_of
from .beginning import KEY as BEGAN
from .config import TrainingConfig
from .deciding_values import differing_keys
from .experiment import (
    build_classes,
    build_loss,
    build_network,
    none_of,
    object_pasting,
    sampling_weights,
)
from .finishing_steps import finishing_steps
from .labelled_pair import LabelledPairs
from .optimization import MovingAverage, adamw, freeze_all_but, learning_rate_factor
from .plan import Stretch, training_plan
from .processes import Processes
from .saved_state import (
    SavedStateError,
    load_state,
    restore_optimizer,
    restoring,
    save_state,
)
from .training_log import TrainingLog
from .validation import Validation

LAST, BEST = "last.pt", "best.safetensors"


@dataclass(frozen=True)
class TrainingResult:
    """How a training ended.

    Attributes:
        step: optimiser steps done.
        best_step: of the best validation.
        best_iou: its mIoU, 0..1.
        finished: False if it was stopped before its last step.
    """

    step: int
    best_step: int
    best_iou: float
    finished: bool


class Trainer:
    """Trains one network as a configuration says, in a folder of its own.

    The folder holds `config.yaml`, `last.pt` (everything that a resume needs), `best.safetensors`
    (the weights of the best validation) and `log.jsonl`. Every random number of a step is derived
    from the run's seed and the step, so a resumed training equals an uninterrupted one.

    Args:
        config, processes: of the training.
        folder: of the run; made if missing.
        train, validation: pairs to train on, and pairs to choose the best weights on.
        resume: continue from `last.pt`; the configuration must be that of the start.

    Raises:
        ConfigError: a configuration that cannot work.
        OSError: the folder's disk does not take the saved states.
        SavedStateError: nothing to resume, the state of another configuration, or, without
            `resume`, a folder that holds a training.
    """

    def __init__(
        self,
        config: TrainingConfig,
        folder: Path,
        train: LabelledPairs,
        validation: LabelledPairs,
        processes: Processes,
        resume: bool = False,
    ) -> None:
        self.config, self.folder, self.processes = config, Path(folder), processes
        self.train_pairs, self.weights = train, sampling_weights(config, train)
        saved = load_state(self.folder / LAST) if resume else None
        network = build_network(config) if saved is None else self._network_of(saved)
        self.network = network.to(processes.device, memory_format=torch.channels_last)
        freeze_all_but(self.network, config.trainable)
        self.loss = build_loss(config)
        self.plan = training_plan(config, len(train), processes.world)
        self.finishing = finishing_steps(config, train, self.plan, self.loss)
        self.distributed = processes.distribute(self.network, some_unused=not wants_fused(config))
        self.batch_loss = BatchLoss(config, self.loss, self.network, self.distributed)
        plan = config.optimization
        self.optimizer = adamw(self.network, plan.learning_rate, plan.weight_decay)
        self.average = MovingAverage(self.network, plan.ema_decay) if plan.ema_decay else None
        self.step, self.best_step, self.best_iou = 0, 0, -1.0
        if processes.first:
            self._check_room()
        self.folder.mkdir(parents=True, exist_ok=True)
        if not resume and (self.folder / LAST).exists():
            raise SavedStateError(
                f"{self.folder} holds a training already ({LAST}): resume it (--resume) or "
                "name another folder"
            )
        if processes.first:
            for left in self.folder.glob("*.partial"):  # of a process killed while it wrote
                left.unlink()
        self.began = Beginning.of(config, self.network.config, train, validation)
        if saved is not None:
            self._resume(saved)
        if processes.first and (saved is None or BEGAN not in saved):
            write_whole(self.folder / "config.yaml", yaml.safe_dump(config.as_dict()))
        self.log = self.validation = None
        if processes.first:
            self.log = TrainingLog(self.folder, self.step, config.tensorboard)
            self.validation = Validation(
                validation, build_classes(config), processes.device, self.log, none_of(config)
            )

    def _check_room(self) -> None:
        """Refuse a disk that does not take the saved states, before the first step."""
        weights = _bytes(self.network.state_dict().values())
        trained = _bytes(each for each in self.network.parameters() if each.requires_grad)
        # The optimiser keeps two numbers of each weight; BEST and the average one more each.
        size = 2 * weights + 2 * trained + (weights if self.average else 0)
        try:
            check_room(self.folder, size)
        except OSError as error:
            raise OSError(
                f"{self.folder} cannot take the saved states of this training, {size / 1e6:.0f} MB "
                f"({(error.strerror or str(error)).lower()}): free some space, or name another "
                "folder"
            ) from error

    def run(
        self,
        stop_at: int | None = None,
        on_step: Callable[[int, dict[str, float]], None] | None = None,
    ) -> TrainingResult:
        """Train up to the last step.

        Args:
            stop_at: stop (and save) after this step instead; the plan stays the same.
            on_step: called after each step with its number and the loss terms.
        """
        if self.config.threads:
            torch.set_num_threads(self.config.threads)
        end = self.plan.steps if stop_at is None else min(stop_at, self.plan.steps)
        progress = tqdm(
            total=self.plan.steps,
            initial=self.step,
            desc="training",
            unit="step",
            disable=not self.processes.first,
        )
        self.distributed.train(not self.config.trainable)
        with progress:
            for stretch in self.plan.stretches:
                for batch in self._batches(stretch, min(end, stretch.end)):
                    started = time.monotonic()
                    terms = self._train_step(batch)
                    self.step += 1
                    progress.update()
                    progress.set_postfix(loss=f"{terms['total']:.3f}", mIoU=f"{self.best_iou:.3f}")
                    if self.log and (self.step % self.config.log_every == 0 or self.step == end):
                        rate = self.optimizer.param_groups[0]["lr"]  # of the step that was done
                        extra = {"rate": rate, "seconds": time.monotonic() - started}
                        self.log.write(self.step, "train", {**terms, **extra})
                    if on_step is not None:
                        on_step(self.step, terms)
                    finished = self.step == self.plan.steps
                    if finished:
                        self._finish()
                    if self.step % self.config.validate_every == 0 or finished:
                        self._validate()
                    if self.step % self.config.save_every == 0 or self.step == end:
                        self._save()
        if self.log:
            self.log.close()
        return TrainingResult(
            self.step, self.best_step, self.best_iou, self.step == self.plan.steps
        )

    def _finish(self) -> None:
        """Run the finishing steps on the final weights (the averaged ones, if there are any)."""
        if self.finishing and self.average is not None:
            self.network.load_state_dict(self.average.state)
        for step in self.finishing:
            step.finish(self.network)
        if self.finishing and self.average is not None:
            self.average = MovingAverage(self.network, self.average.decay)

    def _batches(self, stretch: Stretch, end: int) -> Iterable[dict[str, Tensor]]:
        """Return the batches of a stretch from the present step on."""
        if self.step >= end:
            return ()
        kind, pairs = StepSampler, len(self.train_pairs)
        if self.weights is not None:
            kind, pairs = WeightedStepSampler, self.weights
        sampler = kind(
            pairs,
            stretch.batch_size,
            end - self.step,
            self.config.seed,
            stretch.position(self.step),
            self.processes.rank,
            self.processes.world,
        )
        return training_batches(
            self.train_pairs,
            stretch.build_augmentation(),
            sampler,
            self.config.data.workers,
            object_pasting(self.config, self.train_pairs),
        )

    def _train_step(self, batch: dict[str, Tensor]) -> dict[str, float]:
        plan = self.config.optimization
        rate = learning_rate_factor(self.step, self.plan.steps, self.plan.warmup_steps, plan.power)
        for group in self.optimizer.param_groups:
            group["lr"] = plan.learning_rate * rate
        sums: dict[str, Tensor] = {}
        for part in range(plan.accumulate):
            share = {name: value[part :: plan.accumulate] for name, value in batch.items()}
            # The samples of this part are every (world * accumulate)th of the step from `place`
            # on: the same as those of one process that accumulates more parts.
            place = self.processes.rank + self.processes.world * part
            torch.manual_seed(derived_seed(self.config.seed, self.step, place, 4))
            last = part == plan.accumulate - 1
            waiting = (
                nullcontext() if last or self.processes.world == 1 else self.distributed.no_sync()
            )
            with waiting:
                terms = self.batch_loss(share)
                (terms["total"] / plan.accumulate).backward()
            for name, value in terms.items():
                sums[name] = sums.get(name, 0.0) + value.detach() / plan.accumulate
        if plan.clip_norm:
            torch.nn.utils.clip_grad_norm_(self.network.parameters(), plan.clip_norm)
        self.optimizer.step()
        self.optimizer.zero_grad(set_to_none=True)
        if self.average is not None:
            self.average.update(self.network)
        means = self.processes.mean(sums)
        if not math.isfinite(means["total"]):
            raise self._diverged(f"the loss is {means['total']}")
        return means

    def _diverged(self, what: str) -> FloatingPointError:
        return FloatingPointError(
            f"{what} at step {self.step}: lower optimization.learning_rate or set "
            "optimization.clip_norm; the last saved state is intact"
        )

    def _validate(self) -> None:
        """Score the weights (averaged ones, if there are any) and keep them if they are best."""
        if self.processes.first:
            kept = None
            if self.average is not None:
                kept = {k: v.detach().clone() for k, v in self.network.state_dict().items()}
                self.network.load_state_dict(self.average.state)
            try:
                iou = self.validation.score(self.network, self.step)
            except NonFiniteOutputError as error:
                raise self._diverged("the network gives numbers that are not finite") from error
            finished = self.step == self.plan.steps
            complete = finished or not any(step.completes_network for step in self.finishing)
            if complete and iou > self.best_iou:
                self.best_iou, self.best_step = iou, self.step
                self.validation.keep(self.folder / BEST, self.network, self.step, iou)
            if kept is not None:
                self.network.load_state_dict(kept)
        self.processes.wait()

    def _save(self) -> None:
        if not self.processes.first:
            return
        save_state(
            self.folder / LAST,
            {
                "step": self.step,
                "best_step": self.best_step,
                "best_iou": self.best_iou,
                "network": self.network.state_dict(),
                "optimizer": self.optimizer.state_dict(),
                "average": self.average.state_dict() if self.average else None,
                "config": self.config.as_dict(),
                BEGAN: self.began.as_dict(),
            },
        )

    def _network_of(self, state: dict[str, Any]) -> AMDANet:
        """Return the network of a saved training; its weights are not set."""
        path = self.folder / LAST
        with restoring(path):
            changed = differing_keys(state["config"], self.config.as_dict())
            if BEGAN not in state and f"network.{INHERITED}" in changed:
                changed.remove(f"network.{INHERITED}")  # see ``network_of``
            if changed:
                raise SavedStateError(
                    f"{path} was trained with another configuration "
                    f"({one_line(', '.join(changed), 300)}): resume with the run's own "
                    "config.yaml, or start in a new folder"
                )
            return AMDANet(**network_of(path, state, self.config, self.folder / BEST))

    def _resume(self, state: dict[str, Any]) -> None:
        path = self.folder / LAST
        with restoring(path):
            self.began.check_resumes(path, state, self.config)
            self.step, self.best_step = int(state["step"]), int(state["best_step"])
            self.best_iou = float(state["best_iou"])
            if not 0 <= self.step <= self.plan.steps:
                raise ValueError(f"step {self.step} of {self.plan.steps}")
            self.network.load_state_dict(state["network"])
            restore_optimizer(self.optimizer, state["optimizer"])
            if self.average is not None:
                self.average.load_state_dict(state["average"])


def _bytes(tensors: Iterable[Tensor]) -> int:
    return sum(each.numel() * each.element_size() for each in tensors)
