"""How adaptive weighting is trained: the stand-ins at known weights, then what gives the weights.

In training it is known which camera was damaged. So the stand-ins learn at the weights that call
for them, and the reliabilities are fitted at the end: on each damaged sample both ways are tried,
with the damaged camera and with what stands in for it, and the task's loss says which is wanted.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from itertools import chain

import torch
from torch import Tensor

from ..network import AMDANet
from ..network.modality_reliability import DEAD_ZONE
from .augmentation import RGB_HARMED, THERMAL_HARMED
from .batches import StepSampler, training_batches
from .labelled_pair import LabelledPairs
from .losses.reliability import evidence_against, reliability_loss
from .plan import Stretch

_BATCH = 8
_ITERATIONS = 600
_RATE = 1e-3
_WEIGHT_DECAY = 0.1


@contextmanager
def given_evidence(network: AMDANet, evidence: Tensor) -> Iterator[list[list[Tensor]]]:
    """While it lasts, each stage weighs as the evidence says, whatever its reliability says.

    Args:
        network: with adaptive weighting.
        evidence: B, positive for RGB, of the batch that is to come.

    Yields:
        For each stage, the statistics of the batches that came.
    """
    stages = network.backbone.reliability
    seen: list[list[Tensor]] = [[] for _ in stages]

    def hook_of(index: int):
        def hook(module, inputs, _output):
            seen[index].append(module.statistics(*inputs[:2]).detach())
            return _by_branch(evidence, index)

        return hook

    hooks = [stage.register_forward_hook(hook_of(i)) for i, stage in enumerate(stages)]
    try:
        yield seen
    finally:
        for hook in hooks:
            hook.remove()


def known_evidence(lost: Tensor) -> Tensor:
    """Evidence B at which the stand-ins learn, from the codes of ``ModalityDropout``, B.

    A lost camera is replaced; one that is only harmed keeps a random share, mostly a small one.
    Draws from torch's global generator.
    """
    evidence = evidence_against(lost)
    kept = torch.rand(len(lost), device=lost.device).pow(4).clamp(0.005, 0.995)
    partly = evidence.sign() * (DEAD_ZONE - torch.logit(0.5 * kept))
    return torch.where((lost == RGB_HARMED) | (lost == THERMAL_HARMED), partly, evidence)


def fitting_batches(
    pairs: LabelledPairs, damaging: Stretch, samples: int, seed: int, workers: int
) -> Iterable[dict[str, Tensor]]:
    """Return the batches to fit the reliabilities on: one half damaged, the other one not.

    Undamaged pairs are where a false alarm costs most.

    Args:
        pairs: of the training.
        damaging: the stretch of the training whose damage is done.
        samples: of both halves together.
        seed: decides which pairs, and the damage.
        workers: processes that load.
    """
    whole = replace(damaging.augmentation, exposure=0.0, thermal_noise=0.0, modality_dropout=0.0)
    steps = math.ceil(samples / 2 / _BATCH)
    return chain.from_iterable(
        training_batches(
            pairs,
            stretch.build_augmentation(),
            StepSampler(len(pairs), _BATCH, steps, seed),
            workers,
        )
        for stretch in (damaging, replace(damaging, augmentation=whole))
    )


def fit_reliabilities(
    network: AMDANet,
    batches: Iterable[dict[str, Tensor]],
    device: torch.device,
    loss: Callable[[Tensor, Tensor], Tensor],
) -> list[float]:
    """Fit each stage's reliability, the rest of the network as it is.

    Where a camera is lost or harmed, evidence against it is wanted if the loss is less with what
    stands in for it. Each stage's statistics are those behind stages that weigh as is wanted.

    Args:
        network: with adaptive weighting; its reliabilities begin anew.
        batches: of "rgb", "thermal", "labels" and, where something may be lost, "lost", as
            `training_batches` gives them.
        device: of the network.
        loss: of logits 1 x K x H x W and labels 1 x H x W: the task's.

    Returns:
        The `reliability_loss` that is left at each stage.
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
        target = _by_branch(wanted, index)
        for _ in range(_ITERATIONS):
            optimizer.zero_grad(set_to_none=True)
            remaining = reliability_loss(stage.judge(statistics, before), target)
            remaining.backward()
            optimizer.step()
        stage.requires_grad_(was_trained)
        optimizer.zero_grad(set_to_none=True)
        left.append(remaining.item())
        # On to the next stage, where the branches have traded places.
        before = -stage.judge(statistics, before).detach()
    return left


def _both_ways(
    network: AMDANet,
    batch: dict[str, Tensor],
    device: torch.device,
    loss: Callable[[Tensor, Tensor], Tensor],
) -> tuple[list[Tensor], Tensor]:
    """Return each stage's statistics at the weights that are wanted, and the evidence wanted."""
    rgb, labels = batch["rgb"].to(device), batch["labels"].to(device)
    thermal = batch["thermal"].to(device).expand_as(rgb)
    against = torch.zeros(len(rgb), device=device)
    if "lost" in batch:
        against = evidence_against(batch["lost"].to(device))
    ways = []
    for evidence in (torch.zeros_like(against), against):
        with given_evidence(network, evidence) as found:
            logits = network(rgb, thermal, want_fused=False).logits
        losses = [loss(logits[i : i + 1], labels[i : i + 1]) for i in range(len(rgb))]
        ways.append((torch.stack(losses), [stage[0] for stage in found]))
        if not against.any():
            return ways[0][1], against
    (whole_loss, whole), (replaced_loss, replaced) = ways
    better = replaced_loss < whole_loss
    statistics = [
        torch.where(better[:, None], there, here)
        for here, there in zip(whole, replaced, strict=True)
    ]
    return statistics, torch.where(better, against, torch.zeros_like(against))


def _by_branch(evidence: Tensor, index: int) -> Tensor:
    """B by camera to by branch at a stage, or back: branches trade places at every stage."""
    return -evidence if index % 2 else evidence
