"""The loss of one batch: from tensors of the host to the terms to differentiate."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext

import torch
from torch import Tensor, nn

from ..network import AMDANet
from ..network.modality_stand_in import images_to_fuse
from .augmentation import surviving_images
from .config import PRECISIONS, ConfigError, TrainingConfig
from .known_weights import given_evidence, known_evidence
from .losses import AMDANetLoss


def wants_fused(config: TrainingConfig) -> bool:
    """Return whether a term of the loss depends on the fused image.

    L_fus does, and L_cr, which a network in evaluation mode (`trainable`) does not have.
    """
    loss = config.loss
    return bool(loss.alpha2) or bool(loss.alpha3 and not config.trainable)


class BatchLoss:
    """Runs the network, `distributed`, on a batch and compares what it gives with the labels.

    Where the reliabilities are fitted at the end (`reliability_samples`), `network` weighs the
    cameras by what was damaged, until then.

    Raises:
        ConfigError: an unknown precision.
    """

    def __init__(
        self, config: TrainingConfig, loss: AMDANetLoss, network: AMDANet, distributed: nn.Module
    ) -> None:
        self.precision = config.optimization.precision
        if self.precision not in PRECISIONS:
            raise ConfigError(
                f"optimization.precision {self.precision!r}: choose one of {', '.join(PRECISIONS)}"
            )
        self.loss, self.network, self.distributed = loss, network, distributed
        self.want_fused = wants_fused(config)
        self.known_weights = bool(config.reliability_samples)
        self.device = next(network.parameters()).device

    def __call__(self, batch: dict[str, Tensor]) -> dict[str, Tensor]:
        """Return the terms of the loss of a batch of `training_batches`, see ``AMDANetLoss``."""
        rgb = batch["rgb"].to(self.device, memory_format=torch.channels_last, non_blocking=True)
        thermal = batch["thermal"].to(self.device, non_blocking=True).expand(-1, 3, -1, -1)
        thermal = thermal.contiguous(memory_format=torch.channels_last)
        labels, valid = (batch[k].to(self.device, non_blocking=True) for k in ("labels", "valid"))
        lost = batch["lost"].to(self.device) if "lost" in batch else None
        known = self.known_weights
        weights = given_evidence(self.network, known_evidence(lost)) if known else nullcontext()
        with self._precision(), weights:
            output = self.distributed(rgb, thermal, self.want_fused)
        output = type(output)(*(None if value is None else value.float() for value in output))
        rgb, thermal = surviving_images(rgb, thermal, lost)
        if known:
            rgb, thermal = images_to_fuse(rgb, thermal, output.reliability[:, 0].detach())
        return self.loss(output, rgb, thermal, labels, valid)

    def _precision(self) -> AbstractContextManager:
        on_cuda = self.device.type == "cuda"
        fast = on_cuda and torch.cuda.is_bf16_supported(including_emulation=False)
        if self.precision == "bf16" or (self.precision == "auto" and fast):
            return torch.autocast(self.device.type, torch.bfloat16)
        return nullcontext()
