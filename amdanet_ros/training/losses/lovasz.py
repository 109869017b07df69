"""Lovasz-softmax: a loss that approximates 1 - IoU of each class, by kornia."""

from __future__ import annotations

from collections.abc import Callable
from importlib.metadata import PackageNotFoundError, version

import torch
from torch import Tensor

from ...classes import UNLABELED


def lovasz_loss(logits: Tensor, labels: Tensor) -> Tensor:
    """Return the Lovasz extension of 1 - IoU, averaged over the classes that occur.

    Berman, Triki and Blaschko, The Lovasz-Softmax Loss, CVPR 2018, Section 2. One IoU over the
    labelled pixels of the whole batch, like the score; classes without a label in the batch are
    left out, as in the authors' code.

    Args:
        logits: B x K x H x W float, K at least 2.
        labels: B x H x W integer class index, 255 = no label.

    Returns:
        A scalar in 0..1; 0 for a batch without any label.

    Raises:
        ImportError: see `import_lovasz_softmax`.
    """
    lovasz_softmax = import_lovasz_softmax()
    labelled = labels != UNLABELED
    if not labelled.any():
        return logits.sum() * 0.0
    # All labelled pixels as one image of height 1, because kornia averages over images.
    scores = logits.permute(1, 0, 2, 3)[:, labelled]
    index = labels[labelled].long()
    present = torch.bincount(index, minlength=logits.shape[1]).clamp(max=1).to(logits.dtype)
    # kornia divides by K, not by the sum of the weights.
    weight = present * (logits.shape[1] / present.sum())
    return lovasz_softmax(scores[None, :, None], index[None, None], weight)


def import_lovasz_softmax() -> Callable[..., Tensor]:
    """Return kornia's function; kornia is imported only here, since few trainings use it.

    Raises:
        ImportError: kornia is not installed, or is older than 0.9 (it misreads the labels).
    """
    needed = "loss.lovasz needs kornia of at least 0.9 (Python 3.11): pip install 'kornia>=0.9'"
    try:
        found = version("kornia")
    except PackageNotFoundError as error:
        raise ImportError(needed) from error
    if tuple(int(part) for part in found.split(".")[:2]) < (0, 9):
        raise ImportError(f"{needed}; {found} is installed")
    from kornia.losses import lovasz_softmax_loss

    return lovasz_softmax_loss
