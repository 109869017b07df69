"""Validation during a training: scores on the validation pairs, logged with images."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from torch import nn

from ..classes import ClassTable
from ..evaluation.object_scores import score_objects
from ..evaluation.scoring import score_pairs
from ..inference.checkpoint_file import class_metadata
from ..network import AMDANet
from ..network.checkpoint import save_checkpoint
from .labelled_pair import LabelledPairs
from .training_log import TrainingLog
from .validation_sheet import validation_sheet


class Validation:
    """Scores networks on the validation pairs, logs that with images, and keeps weights.

    With `none_of`, the class indices that label 254 excludes, only these classes are scored.
    """

    def __init__(
        self,
        pairs: LabelledPairs,
        classes: ClassTable,
        device: torch.device,
        log: TrainingLog,
        none_of: Sequence[int] = (),
    ) -> None:
        self.pairs, self.classes, self.device, self.log = pairs, classes, device, log
        self.none_of = tuple(none_of)

    def score(self, network: nn.Module, step: int) -> float:
        """Log mIoU, IoU by class and mIoU by condition; return the mIoU, 0..1."""
        if self.none_of:
            return self._score_objects(network, step)
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

    def _score_objects(self, network: nn.Module, step: int) -> float:
        """Log the objects' scores by condition; return the mean of the conditions' mean IoU."""
        scores = score_objects(network, self.pairs, self.none_of, self.device)
        by_condition = {
            condition: objects.as_dict(self.classes.names) for condition, objects in scores.items()
        }
        iou = float(np.nanmean([objects.mean_iou() for objects in scores.values()]))
        self.log.write(step, "validation", {"mIoU": iou, "objects": by_condition})
        return iou

    def keep(self, path: Path, network: AMDANet, step: int, iou: float) -> None:
        """Write the weights with classes, step and score; the file is replaced when complete."""
        save_checkpoint(
            path,
            network,
            classes=self.classes.names,
            palette=self.classes.palette,
            metadata={
                "step": str(step),
                "validation_mIoU": f"{iou:.4f}",
                **class_metadata(self.classes),
            },
        )
