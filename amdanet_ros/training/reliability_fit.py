"""How adaptive weighting is trained: the network with the right weights, then what gives them.

In training it is known which camera was lost. So the network learns at weights that are about
right from the first step on, and the reliabilities are fitted at the end, to the network as it
came out. Trained together both ways failed: at the network's rate the reliabilities hardly moved,
faster they swung and took the network along.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager

import torch
from torch import Tensor

from amdanet_ros.network import AMDANet
from amdanet_ros.training.losses.reliability import modality_worth, reliability_loss

_ITERATIONS = 300
_RATE = 1e-3
_WEIGHT_DECAY = 0.1
_UNEVENNESS = 0.4
"""Standard deviation of the log ratio of the weights that whole pairs get while statistics are
collected: later stages must not amplify the small errors of earlier ones."""


@contextmanager
def right_weights(network: AMDANet, lost: Tensor) -> Iterator[list[list[Tensor]]]:
    """While it lasts, each stage weighs about as it should, whatever its reliability says.

    Draws from torch's global generator.

    Args:
        network: with adaptive weighting.
        lost: B of the codes of ``ModalityDropout``, of the batch that is to come.

    Yields:
        For each stage, the statistics of the batches that came.
    """
    stages = network.backbone.reliability
    seen: list[list[Tensor]] = [[] for _ in stages]

    def hook_of(index: int):
        def hook(module, inputs, _output):
            seen[index].append(module.statistics(*inputs).detach())
            return _by_branch(_about_right(lost), index)

        return hook

    hooks = [stage.register_forward_hook(hook_of(i)) for i, stage in enumerate(stages)]
    try:
        yield seen
    finally:
        for hook in hooks:
            hook.remove()


def fit_reliabilities(
    network: AMDANet, batches: Iterable[dict[str, Tensor]], device: torch.device
) -> list[float]:
    """Fit each stage's reliability to what was lost, the rest of the network as it is.

    Each stage's statistics are those behind stages that weigh about rightly already. Draws from
    torch's global generator.

    Args:
        network: with adaptive weighting; its reliabilities begin anew.
        batches: of "rgb", "thermal" and "lost", as `training_batches` gives them.
        device: of the network.

    Returns:
        The `reliability_loss` that is left at each stage.
    """
    stages = network.backbone.reliability
    seen: list[list[Tensor]] = [[] for _ in stages]
    codes: list[Tensor] = []
    was_training = network.training
    network.eval()
    try:
        with torch.no_grad():
            for batch in batches:
                codes.append(batch["lost"].to(device))
                rgb = batch["rgb"].to(device)
                with right_weights(network, codes[-1]) as found:
                    network.backbone(rgb, batch["thermal"].to(device).expand_as(rgb))
                for stage, statistics in zip(seen, found, strict=True):
                    stage += statistics
    finally:
        network.train(was_training)
    lost, left = torch.cat(codes), []
    for index, stage in enumerate(stages):
        statistics = torch.cat(seen[index])
        stage.start_equal()
        optimizer = torch.optim.AdamW(stage.parameters(), _RATE, weight_decay=_WEIGHT_DECAY)
        for _ in range(_ITERATIONS):
            optimizer.zero_grad(set_to_none=True)
            weights = _by_branch(stage.judge(statistics), index)
            loss = reliability_loss(weights[:, None], lost)
            loss.backward()
            optimizer.step()
        left.append(loss.item())
    return left


def _about_right(lost: Tensor) -> Tensor:
    """B x 2: weights of the cameras near what they should be."""
    worth = modality_worth(lost)
    rgb = torch.sigmoid(
        torch.logit(worth[:, 0]) + _UNEVENNESS * torch.randn(len(lost), device=lost.device)
    )
    return 2.0 * torch.stack([rgb, 1.0 - rgb], dim=1)


def _by_branch(pairs: Tensor, index: int) -> Tensor:
    """B x 2 by camera to by branch at a stage, or back: branches trade places at every stage."""
    return pairs.flip(1) if index % 2 else pairs
