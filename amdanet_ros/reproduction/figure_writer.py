"""The supplement's figures and our versions: a grid of test images, a caption, numbers as JSON.

Figure 1 is a failure case under overexposure; Figures 2 to 7 compare segmentations and fused
images. We do not know which of them shows which data set: our Figures 2 to 4 show the segmentation
and 5 to 7 the fusion of one data set each. The supplement's other methods are left out.
"""

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
from ..evaluation.scoring import predicted, score_pairs
from ..inference.checkpoint_file import read_checkpoint
from ..training.config import ConfigError, TrainingConfig
from ..training.experiment import build_classes
from ..training.labelled_pair import DataError, LabelledPair, LabelledPairs, thermal_values
from ..visualization.colorize import colorize_labels
from ..visualization.image_grid import GridRow, image_grid
from ..visualization.legend import legend
from .presets import SCENES, Experiment

OVEREXPOSURE, SEGMENTATION, FUSION = "overexposure", "segmentation", "fusion"


@dataclass(frozen=True)
class FigureSpec:
    """A figure of the supplement.

    Attributes:
        name: "fig1" to "fig7".
        kind: "overexposure", "segmentation" or "fusion".
        data_sets: that it shows.
    """

    name: str
    kind: str
    data_sets: tuple[str, ...]


FIGURES = {
    spec.name: spec
    for spec in (
        FigureSpec("fig1", OVEREXPOSURE, ("mfnet",)),
        FigureSpec("fig2", SEGMENTATION, ("mfnet",)),
        FigureSpec("fig3", SEGMENTATION, ("fmb",)),
        FigureSpec("fig4", SEGMENTATION, ("pst900",)),
        FigureSpec("fig5", FUSION, ("mfnet",)),
        FigureSpec("fig6", FUSION, ("fmb",)),
        FigureSpec("fig7", FUSION, ("pst900",)),
    )
}
"""The figures by name."""

SHOWN, SHOWN_EXPOSED = 4, 2
"""Number of test images in a figure; the overexposure figure shows each at every exposure."""

STOPS_SHOWN, STOPS_SCORED = (0, 2, 4), (0, 1, 2, 3, 4)
"""Overexposure in stops (2 ** stops times the light)."""

_WHITE = 250


@dataclass(frozen=True, eq=False)
class Figure:
    """A figure, ready to be written.

    Attributes:
        name: of its files.
        image: height x width x 3 uint8 RGB.
        caption: in words.
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


def drawn_figure(
    spec: FigureSpec,
    experiment: Experiment,
    config: TrainingConfig,
    weights: str | Path,
    device: torch.device,
    images: Sequence[str] = (),
) -> Figure:
    """Draw a figure of the experiment's test pairs with one network.

    Args:
        spec, experiment, device: what is drawn, and where the network runs.
        config: of the experiment; its classes and, for scenes, its size count.
        weights: a checkpoint, or the name of a built-in one.
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
    rows, facts, seen = [], [], set()
    for index in chosen:
        for stop in stops:
            pair = _exposed(pairs[index], stop)
            labels, fused = predicted(network, pair, device, experiment.window)
            seen.update(np.unique(pair.labels), np.unique(labels))
            matrix = ConfusionMatrix(len(classes))
            matrix.add(pair.labels, labels)
            iou = 100 * matrix.scores().mean_iou()
            title = f"{pair.name}{f', +{stop} stops' if stop else ''}: mIoU {iou:.1f} %"
            tiles = _tiles(spec.kind, pair, labels, fused, classes)
            rows.append(GridRow(title, list(tiles.values())))
            facts.append({"image": pair.name, "stops": stop, "mIoU": round(iou, 3)})
    grid = image_grid(list(tiles), rows)
    shown = [i for i in range(len(classes)) if i in seen]
    image = np.concatenate([grid, legend(classes, grid.shape[1], shown)], axis=0)
    values = {"figure": spec.name, "data_set": experiment.data_set, "weights": str(weights)}
    values["images"] = facts
    caption = _caption(spec, experiment, classes, bool(images))
    if spec.kind == OVEREXPOSURE:
        scores = {}
        for stop in STOPS_SCORED:
            overexposed = (_exposed(pair, stop) for pair in pairs)
            report = score_pairs(network, overexposed, classes.names, device, experiment.window)
            scores[stop] = 100 * report.total.scores().mean_iou()
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
    exposure = spec.kind == OVEREXPOSURE
    rule = "those with most white pixels" if exposure else "evenly spread over the list"
    return (
        f"{what} {data} ({'named by the caller' if named else rule}). mIoU of a row is over the "
        "classes of that image. Our stand-in for the supplement's figure of that number: "
        "our network, our choice of images."
    )


def _exposed(pair: LabelledPair, stops: float) -> LabelledPair:
    return pair._replace(rgb=exposed(pair.rgb, stops)) if stops else pair


def _tiles(
    kind: str, pair: LabelledPair, labels: np.ndarray, fused: np.ndarray, classes: ClassTable
) -> dict[str, np.ndarray]:
    """Return the images of a row, H x W x 3 uint8, by the headings of their columns."""
    grey = np.rint(255 * thermal_values(pair.thermal)).astype(np.uint8)
    inputs = {"RGB": pair.rgb, "thermal": cv2.cvtColor(grey, cv2.COLOR_GRAY2RGB)}
    ours = colorize_labels(labels, classes.palette)
    image = np.rint(255 * fused).astype(np.uint8)
    if kind == FUSION:
        low, high = float(fused.min()), float(fused.max())
        stretched = np.rint(255 * (fused - low) / max(high - low, 1e-6)).astype(np.uint8)
        return {**inputs, "fused": image, "fused, stretched": stretched, "ours": ours}
    truth = colorize_labels(pair.labels, classes.palette)
    return {**inputs, "ground truth": truth, "ours": ours, "fused": image}


def _network(weights: str | Path, classes: ClassTable) -> nn.Module:
    checkpoint, _ = read_checkpoint(weights)
    count = checkpoint.config.num_classes
    if count != len(classes):
        raise ConfigError(f"{weights} has {count} classes, {classes.name} has {len(classes)}")
    return checkpoint.build()


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
                f"image {name} is not among the {len(known)} test pairs, such as "
                f"{next(iter(known))}"
            )
        yield known[name]
