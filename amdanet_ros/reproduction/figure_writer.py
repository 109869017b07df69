"""A reproduced figure: a grid of test images, a caption, and numbers as JSON."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch
from torch import nn

from ..classes import ClassTable
from ..evaluation.confusion_matrix import ConfusionMatrix
from ..evaluation.exposure import exposed
from ..evaluation.protocols import plain, released
from ..evaluation.scoring import score_pairs
from ..inference.checkpoint_file import read_checkpoint
from ..training.config import ConfigError, TrainingConfig
from ..training.experiment import build_classes
from ..training.labelled_pair import (
    DataError,
    LabelledPair,
    LabelledPairs,
    thermal_values,
)
from ..visualization.colorize import colorize_labels
from ..visualization.image_grid import GridRow, image_grid
from ..visualization.legend import legend
from .figure_specs import FUSION, OVEREXPOSURE, FigureSpec
from .presets import SCENES, Experiment

SHOWN, SHOWN_EXPOSED = 4, 2
"""Number of test images in a figure; the overexposure figure shows each at every exposure."""

STOPS_SHOWN, STOPS_SCORED = (0, 2, 4), (0, 1, 2, 3, 4)
"""Overexposure in stops (2 ** stops times the light)."""

_WHITE = 250
_COLUMNS = {
    FUSION: ("RGB", "thermal", "fused", "fused, stretched", "ours"),
    OVEREXPOSURE: ("RGB", "thermal", "ground truth", "ours", "fused"),
}
_SEGMENTATION_COLUMNS = ("RGB", "thermal", "ground truth", "ours", "fused")


@dataclass(frozen=True, eq=False)
class Figure:
    """A figure, ready to be written.

    Attributes:
        name: of its files.
        image: height x width x 3 uint8 RGB.
        caption: what it shows.
        facts: plain values for the JSON file.
    """

    name: str
    image: np.ndarray
    caption: str
    facts: dict[str, Any]

    def write(self, folder: Path) -> list[Path]:
        """Write NAME.png, NAME.md and NAME.json; returns their paths.

        Raises:
            OSError: the folder cannot be written to.
        """
        folder.mkdir(parents=True, exist_ok=True)
        paths = [folder / f"{self.name}.{end}" for end in ("png", "md", "json")]
        _, encoded = cv2.imencode(".png", cv2.cvtColor(self.image, cv2.COLOR_RGB2BGR))
        paths[0].write_bytes(encoded.tobytes())
        paths[1].write_text(f"![{self.name}]({self.name}.png)\n\n{self.caption}\n")
        paths[2].write_text(json.dumps({"caption": self.caption, **self.facts}, indent=2) + "\n")
        return paths


class ExposedPairs:
    """A data source whose RGB images are overexposed.

    Args:
        pairs: the source.
        stops: of overexposure.
    """

    def __init__(self, pairs: LabelledPairs, stops: float) -> None:
        self._pairs, self._stops = pairs, stops

    def __len__(self) -> int:
        return len(self._pairs)

    def __getitem__(self, index: int) -> LabelledPair:
        pair = self._pairs[index]
        return pair._replace(rgb=exposed(pair.rgb, self._stops)) if self._stops else pair


def drawn_figure(
    spec: FigureSpec,
    experiment: Experiment,
    config: TrainingConfig,
    weights: str | Path,
    device: torch.device,
    images: Sequence[str] = (),
) -> Figure:
    """Draw a figure with one network.

    Args:
        spec: of the figure.
        experiment: whose test pairs are shown.
        config: of the experiment; its classes and, for scenes, its size count.
        weights: a checkpoint, or the name of a built-in one.
        device: to run the network on.
        images: names of the test images to show; empty: four evenly spread over the test list,
            or, for the figure of overexposure, the two with most white pixels.

    Raises:
        CheckpointError: weights that cannot be used.
        ConfigError: weights with another number of classes.
        DataError: a name that is not in the test list, or an image that cannot be read.
    """
    pairs = experiment.test_pairs(config)
    classes = build_classes(config)
    network = _network(weights, classes).to(device).eval()
    chosen = list(_named(pairs, images)) if images else _by_rule(pairs, spec.kind)
    stops = STOPS_SHOWN if spec.kind == OVEREXPOSURE else (0,)
    rows, facts, seen = [], [], np.zeros(256, np.int64)
    for index in chosen:
        for stop in stops:
            pair = ExposedPairs(pairs, stop)[index]
            labels, fused = _predicted(network, pair, experiment.window, device)
            seen += np.bincount(pair.labels.ravel(), minlength=256)
            seen += np.bincount(labels.ravel(), minlength=256)
            iou = _image_iou(pair.labels, labels, len(classes))
            title = f"{pair.name}{f', +{stop} stops' if stop else ''}: mIoU {100 * iou:.1f} %"
            rows.append(GridRow(title, _tiles(spec.kind, pair, labels, fused, classes)))
            facts.append({"image": pair.name, "stops": stop, "mIoU": round(100 * iou, 3)})
    grid = image_grid(_COLUMNS.get(spec.kind, _SEGMENTATION_COLUMNS), rows)
    shown = [i for i in range(len(classes)) if seen[i]]
    image = np.concatenate([grid, legend(classes, grid.shape[1], shown)], axis=0)
    values = {"figure": spec.name, "data_set": experiment.data_set, "weights": str(weights)}
    values["images"] = facts
    caption = _caption(spec, experiment, classes, bool(images))
    if spec.kind == OVEREXPOSURE:
        scores = {
            stop: 100
            * score_pairs(
                network, ExposedPairs(pairs, stop), classes.names, device, experiment.window
            )
            .total.scores()
            .mean_iou()
            for stop in STOPS_SCORED
        }
        values["mIoU_by_stops"] = {stop: round(score, 3) for stop, score in scores.items()}
        caption += f" mIoU over {len(pairs)} test pairs: " + ", ".join(
            f"{score:.1f} % at +{stop}" for stop, score in scores.items()
        )
        caption += " stops."
    return Figure(spec.name, image, caption, values)


def _caption(spec: FigureSpec, experiment: Experiment, classes: ClassTable, named: bool) -> str:
    data = "generated scenes" if experiment.data_set == SCENES else f"{classes.name}'s test list"
    what = {
        OVEREXPOSURE: "Failure under overexposure: test images as they are and exposed for 4 and "
        "16 times the light, from",
        FUSION: "Fused images, as the network gives them and stretched from minimum to maximum "
        "as the released scripts store them, from",
    }.get(spec.kind, "Segmentation and fused images from")
    rule = "evenly spread over the list"
    if spec.kind == OVEREXPOSURE:
        rule = "those with most white pixels"
    return (
        f"{what} {data} ({'named by the caller' if named else rule}). mIoU of a row is over the "
        "classes of that image. Our stand-in for the supplement's figure of that number: "
        "our network, our choice of images."
    )


def _tiles(
    kind: str, pair: LabelledPair, labels: np.ndarray, fused: np.ndarray, classes: ClassTable
) -> list[np.ndarray]:
    grey = np.rint(255 * thermal_values(pair.thermal)).astype(np.uint8)
    thermal = cv2.cvtColor(grey, cv2.COLOR_GRAY2RGB)
    ours = colorize_labels(labels, classes.palette)
    image = np.rint(255 * fused).astype(np.uint8)
    if kind == FUSION:
        low, high = float(fused.min()), float(fused.max())
        stretched = np.rint(255 * (fused - low) / max(high - low, 1e-6)).astype(np.uint8)
        return [pair.rgb, thermal, image, stretched, ours]
    truth = colorize_labels(pair.labels, classes.palette)
    return [pair.rgb, thermal, truth, ours, image]


def _network(weights: str | Path, classes: ClassTable) -> nn.Module:
    checkpoint, _ = read_checkpoint(weights)
    count = checkpoint.config.num_classes
    if count != len(classes):
        raise ConfigError(f"{weights} has {count} classes, {classes.name} has {len(classes)}")
    return checkpoint.build()


@torch.inference_mode()
def _predicted(
    network: nn.Module, pair: LabelledPair, window: tuple[int, int] | None, device: torch.device
) -> tuple[np.ndarray, np.ndarray]:
    """Return labels, H x W uint8, and the fused image, H x W x 3 float32 in [0, 1]."""
    rgb = torch.from_numpy(pair.rgb).to(device).permute(2, 0, 1)[None].float() / 255
    thermal = torch.from_numpy(thermal_values(pair.thermal)).to(device).expand(1, 3, -1, -1)
    if window is None:
        labels, fused = plain(network, rgb, thermal)
    else:
        labels, fused = released(network, rgb, thermal, window)
    return labels[0].byte().cpu().numpy(), fused[0].permute(1, 2, 0).cpu().numpy()


def _image_iou(truth: np.ndarray, labels: np.ndarray, classes: int) -> float:
    matrix = ConfusionMatrix(classes)
    matrix.add(truth, labels)
    return matrix.scores().mean_iou()


def _by_rule(pairs: LabelledPairs, kind: str) -> list[int]:
    if kind != OVEREXPOSURE:
        spread = np.linspace(0, len(pairs) - 1, min(SHOWN, len(pairs)))
        return [int(index) for index in spread.round()]
    white = [float((pairs[i].rgb >= _WHITE).any(axis=2).mean()) for i in range(len(pairs))]
    return [int(i) for i in np.argsort(white, kind="stable")[::-1][:SHOWN_EXPOSED]]


def _named(pairs: LabelledPairs, names: Sequence[str]) -> Iterator[int]:
    known = {pairs[index].name: index for index in range(len(pairs))}
    for name in names:
        if name not in known:
            raise DataError(
                f"--images: {name} is not among the {len(known)} test pairs, such as "
                f"{next(iter(known))}"
            )
        yield known[name]
