"""Weights of the cameras that are known in training, because the damage is known.

The stand-ins of adaptive weighting are trained at these weights: they must work before the
reliabilities, which decide where they are used, can be fitted (see ``reliability_fit``).
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial

import torch
from torch import Tensor

from ..network import AMDANet
from ..network.modality_reliability import DEAD_ZONE, ModalityReliability
from .lost_cameras import Lost

SURE = 8.0
"""Evidence at which the weaker camera keeps 0.5 % of its own features (see ``weights_of``)."""


@contextmanager
def given_evidence(network: AMDANet, evidence: Tensor) -> Iterator[list[list[Tensor]]]:
    """Let each stage weigh the cameras by evidence B, positive for RGB, within a `with`.

    It counts for every batch that is run within the `with`.

    Yields:
        For each stage, the statistics of the batches that were run, B x 4C each.
    """
    stages = network.backbone.reliability
    seen: list[list[Tensor]] = [[] for _ in stages]

    def hook(index: int, module: ModalityReliability, inputs: tuple, _output: Tensor) -> Tensor:
        seen[index].append(module.statistics(*inputs[:2]).detach())
        return by_branch(evidence, index)

    hooks = [stage.register_forward_hook(partial(hook, i)) for i, stage in enumerate(stages)]
    try:
        yield seen
    finally:
        for hook in hooks:
            hook.remove()


def evidence_against(lost: Tensor) -> Tensor:
    """Values of "lost", B, to the evidence that replaces the lost or harmed camera, B.

    Positive (for RGB) if thermal is damaged; 0 if neither camera is, or both are.
    """
    evidence = torch.zeros(len(lost), device=lost.device)
    evidence[(lost == Lost.RGB) | (lost == Lost.RGB_HARMED)] = -SURE
    evidence[(lost == Lost.THERMAL) | (lost == Lost.THERMAL_HARMED)] = SURE
    return evidence


def known_evidence(lost: Tensor) -> Tensor:
    """Return the evidence B to train the stand-ins at, from the codes of ``ModalityDropout``, B.

    A lost camera is replaced whole. One that is only harmed keeps a random share, mostly small.
    Draws from torch's global generator.
    """
    evidence = evidence_against(lost)
    kept = torch.rand(len(lost), device=lost.device).pow(4).clamp(0.005, 0.995)
    partly = evidence.sign() * (DEAD_ZONE - torch.logit(0.5 * kept))
    return torch.where((lost == Lost.RGB_HARMED) | (lost == Lost.THERMAL_HARMED), partly, evidence)


def by_branch(evidence: Tensor, index: int) -> Tensor:
    """Evidence B by camera to evidence by branch at stage ``index``, or back.

    The branches change places at every stage, so the sign changes at every second one.
    """
    return -evidence if index % 2 else evidence
