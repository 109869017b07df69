"""Fitting the reliabilities of adaptive weighting at the end of a training.

In training it is known which camera was damaged. Each damaged sample is computed twice, with the
damaged camera and with what replaces it; the evidence that gave the smaller loss is the target.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import replace
from itertools import chain

import torch
from torch import Tensor

from ..network import AMDANet, AMDANetOutput
from .batches import StepSampler, derived_seed, training_batches
from .config import ConfigError, TrainingConfig
from .known_weights import by_branch, evidence_against, given_evidence
from .labelled_pair import LabelledPairs
from .losses import AMDANetLoss
from .plan import Plan

TaskLoss = Callable[[Tensor, Tensor], Tensor]
"""Of logits 1 x K x H x W and labels 1 x H x W."""

_BATCH = 8
_ITERATIONS = 600
_RATE = 1e-3
_WEIGHT_DECAY = 0.1


class ReliabilityFit:
    """Fits the reliabilities on samples of the training; a ``FinishingStep``.

    One half of the `reliability_samples` is damaged as the last stretch of the plan says.

    Raises:
        ConfigError: no adaptive weighting, or no modality dropout.
    """

    completes_network = True

    def __init__(
        self, config: TrainingConfig, pairs: LabelledPairs, plan: Plan, loss: AMDANetLoss
    ) -> None:
        adaptive = config.network.get("adaptive_weighting")
        if not (adaptive and config.augmentation.modality_dropout):
            raise ConfigError(
                "reliability_samples needs network.adaptive_weighting: true and "
                "augmentation.modality_dropout above 0"
            )
        self.config, self.pairs, self.stretch, self.loss = config, pairs, plan.stretches[-1], loss

    def finish(self, network: AMDANet) -> None:
        """Fit the reliabilities; the rest of the network stays as it is."""
        seed = derived_seed(self.config.seed, 5)
        torch.manual_seed(seed)
        device = next(network.parameters()).device
        fit_reliabilities(network, self._batches(seed), device, self._task_loss)

    def _task_loss(self, logits: Tensor, labels: Tensor) -> Tensor:
        return self.loss(AMDANetOutput(logits, None), logits, logits, labels)["total"]

    def _batches(self, seed: int) -> Iterable[dict[str, Tensor]]:
        """Return batches: one half damaged, one half undamaged (to learn what is no damage)."""
        damaged = self.stretch.augmentation
        undamaged = replace(damaged, exposure=0.0, thermal_noise=0.0, modality_dropout=0.0)
        steps = math.ceil(self.config.reliability_samples / 2 / _BATCH)
        return chain.from_iterable(
            training_batches(
                self.pairs,
                replace(self.stretch, augmentation=augmentation).build_augmentation(),
                StepSampler(len(self.pairs), _BATCH, steps, seed),
                self.config.data.workers,
            )
            for augmentation in (damaged, undamaged)
        )


def reliability_loss(evidence: Tensor, wanted: Tensor) -> Tensor:
    """Return the mean squared distance of evidence, B, to a target, B, as a scalar.

    Evidence is positive for RGB; beyond a target other than 0 it costs nothing.
    """
    lacking = wanted - evidence
    enough = (wanted != 0) & (wanted.sign() * lacking < 0)
    return lacking.masked_fill(enough, 0.0).square().mean()


def fit_reliabilities(
    network: AMDANet,
    batches: Iterable[dict[str, Tensor]],
    device: torch.device,
    loss: TaskLoss,
) -> list[float]:
    """Fit the reliability of each stage again; nothing else of the network changes.

    For a sample with a lost or harmed camera the target is evidence against that camera if the
    loss is smaller with the stand-ins, else 0. The statistics of a stage are computed with the
    target weights in the stages before it.

    Args:
        network, device: with adaptive weighting.
        batches: as `training_batches` returns them, with "lost" if images may be damaged.

    Returns:
        The final `reliability_loss` of each stage.
    """
    stages = network.backbone.reliability
    seen: list[list[Tensor]] = [[] for _ in stages]
    wanted_so_far: list[Tensor] = []
    was_training = network.training
    network.eval()
    try:
        with torch.no_grad():
            for batch in batches:
                statistics, wanted = _both_ways(network, batch, device, loss)
                wanted_so_far.append(wanted)
                for stage, found in zip(seen, statistics, strict=True):
                    stage.append(found)
    finally:
        network.train(was_training)
    wanted = torch.cat(wanted_so_far)
    before, left = torch.zeros_like(wanted), []
    for index, stage in enumerate(stages):
        statistics = torch.cat(seen[index])
        stage.start_equal()
        was_trained = next(stage.parameters()).requires_grad
        stage.requires_grad_(True)
        optimizer = torch.optim.AdamW(stage.parameters(), _RATE, weight_decay=_WEIGHT_DECAY)
        target = by_branch(wanted, index)
        for _ in range(_ITERATIONS):
            optimizer.zero_grad(set_to_none=True)
            remaining = reliability_loss(stage.judge(statistics, before), target)
            remaining.backward()
            optimizer.step()
        stage.requires_grad_(was_trained)
        optimizer.zero_grad(set_to_none=True)
        left.append(remaining.item())
        # The next stage has the branches in swapped order.
        before = -stage.judge(statistics, before).detach()
    return left


def _both_ways(
    network: AMDANet, batch: dict[str, Tensor], device: torch.device, loss: TaskLoss
) -> tuple[list[Tensor], Tensor]:
    """Return the statistics of each stage at the target weights, and the target evidence, B."""
    rgb, labels = batch["rgb"].to(device), batch["labels"].to(device)
    thermal = batch["thermal"].to(device).expand_as(rgb)
    nothing = torch.zeros(len(rgb), device=device)
    against = evidence_against(batch["lost"].to(device)) if "lost" in batch else nothing
    ways = []
    for evidence in (nothing, against):
        with given_evidence(network, evidence) as found:
            logits = network(rgb, thermal, want_fused=False).logits
        losses = [loss(logits[i : i + 1], labels[i : i + 1]) for i in range(len(rgb))]
        ways.append((torch.stack(losses), [stage[0] for stage in found]))
        if not against.any():
            return ways[0][1], against
    (whole_loss, whole), (replaced_loss, replaced) = ways
    better = replaced_loss < whole_loss
    pairs = zip(whole, replaced, strict=True)
    statistics = [torch.where(better[:, None], there, here) for here, there in pairs]
    return statistics, torch.where(better, against, nothing)
