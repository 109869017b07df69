"""Validation during a training: scores on the validation pairs, logged with images."""

from __future__ import annotations

from pathlib import Path

import torch
from torch import nn

from ..classes import ClassTable
from ..evaluation.scoring import score_pairs
from ..network import AMDANet
from ..network.checkpoint import save_checkpoint
from .labelled_pair import LabelledPairs
from .training_log import TrainingLog
from .validation_sheet import validation_sheet


class Validation:
    """Scores networks on the validation pairs, logs that with images, and keeps weights."""

    def __init__(
        self, pairs: LabelledPairs, classes: ClassTable, device: torch.device, log: TrainingLog
    ) -> None:
        self.pairs, self.classes, self.device, self.log = pairs, classes, device, log

    def score(self, network: nn.Module, step: int) -> float:
        """Log mIoU, IoU by class and mIoU by condition; return the mIoU, 0..1."""
        report = score_pairs(network, self.pairs, self.classes.names, self.device)
        scores = report.total.scores()
        iou = scores.mean_iou()
        per_class = dict(zip(self.classes.names, scores.iou.tolist(), strict=True))
        conditions = {k: m.scores().mean_iou() for k, m in report.matrices.items() if k}
        self.log.write(
            step, "validation", {"mIoU": iou, "iou": per_class, "conditions": conditions}
        )
        if self.log.shows_images:
            sheet = validation_sheet(network, self.pairs, self.classes, self.device)
            self.log.image(step, "validation", sheet)
        return iou

    def keep(self, path: Path, network: AMDANet, step: int, iou: float) -> None:
        """Write the weights with classes, step and score; the file is replaced when complete."""
        save_checkpoint(
            path,
            network,
            classes=self.classes.names,
            palette=self.classes.palette,
            metadata={"step": str(step), "validation_mIoU": f"{iou:.4f}"},
        )
