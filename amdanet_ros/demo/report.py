"""The demo's report: scores against the exact labels, a contact sheet and two summaries."""

from __future__ import annotations

import json
import math
from collections import defaultdict
from dataclasses import asdict
from pathlib import Path

import numpy as np

from ..bags.reader import BagReader
from ..classes import DEMO
from ..evaluation.confusion_matrix import ConfusionMatrix
from ..evaluation.report import EvaluationReport
from ..images.image_file import read_values
from ..images.png_output import write_png
from ..images.rgb import rgb_from_message
from ..images.thermal import thermal_from_message
from ..visualization import ContactRow, contact_sheet
from .chain import FUSED_TOPIC
from .outcome import ChainOutcome, images_at, mask_of, segmentations
from .recording import RGB_TOPIC, THERMAL_TOPIC, DemoRecording

_ROWS_PER_CONDITION = 2
_TIMES = ("Latency, arrival to publish", "Age, stamp to publish", "Inference: ")
_INFERENCE_SPREAD = 3.0
_ON_THE_WAY_S = 0.5
_ALL_HOLD = (
    "All checks hold: every output has the stamp of an RGB image, they are in order, none is too "
    "old, and every pair that was not processed is counted with its reason."
)


def score(recording: DemoRecording, output: Path) -> dict[str, object]:
    """Score the recorded masks against the exact labels.

    Returns:
        "miou" (mean over the classes present), "iou" by class, and "miou_by_condition".
    """
    truth = recording.truth()
    by_condition = defaultdict(lambda: ConfusionMatrix(len(DEMO)))
    for stamp, message in segmentations(output):
        if stamp not in truth:
            continue
        path, condition = truth[stamp]
        labels = read_values(path)
        mask = mask_of(message)
        known = mask < len(DEMO)  # pixels that the mask leaves unlabelled are not counted
        by_condition[condition].add(labels[known], mask[known])
    scores = EvaluationReport(DEMO.names, by_condition).total.scores()
    return {
        "miou": scores.mean_iou(),
        "iou": {n: float(v) for n, v in zip(DEMO.names, scores.iou, strict=True)},
        "miou_by_condition": {n: m.scores().mean_iou() for n, m in by_condition.items()},
    }


def draw_contact_sheet(recording: DemoRecording, output: Path, path: Path) -> None:
    """Draw some pairs of each condition, see ``contact_rows``."""
    rows = contact_rows(recording, output)
    if rows:
        write_png(path, contact_sheet(rows, DEMO)[..., ::-1])


def contact_rows(recording: DemoRecording, output: Path) -> list[ContactRow]:
    """Return some pairs of each condition: those with most people, animals, signs."""
    truth = recording.truth()
    masks = {stamp: mask_of(m) for stamp, m in segmentations(output) if stamp in truth}
    stamps = _stamps_to_show(masks, {s: condition for s, (_, condition) in truth.items()})
    rgb = images_at(recording.bag, RGB_TOPIC, set(stamps))
    fused = images_at(output, FUSED_TOPIC, set(stamps))
    thermal = _nearest_thermal(recording.bag, stamps)
    rows = []
    for stamp in stamps:
        if stamp not in fused:
            continue
        label_path, condition = truth[stamp]
        rows.append(
            ContactRow(
                condition,
                rgb_from_message(rgb[stamp]),
                thermal_from_message(thermal[stamp]),
                rgb_from_message(fused[stamp]),
                masks[stamp],
                read_values(label_path),
            )
        )
    return rows


def _stamps_to_show(masks: dict[int, np.ndarray], conditions: dict[int, str]) -> list[int]:
    """Return, for each condition in order, the stamps with most pixels of small classes."""
    small = [DEMO.names.index(name) for name in ("person", "animal", "sign")]
    by_condition: dict[str, list[tuple[int, int]]] = defaultdict(list)
    for stamp in sorted(masks):
        counts = np.bincount(masks[stamp].reshape(-1), minlength=256)[small]
        rank = int(np.minimum(counts, masks[stamp].size // 40).sum())
        by_condition[conditions[stamp]].append((rank, stamp))
    chosen = []
    for ranked in by_condition.values():
        # The best of each half, so that the two are different moments.
        middle = (len(ranked) + 1) // _ROWS_PER_CONDITION
        halves = [half for half in (ranked[:middle], ranked[middle:]) if half]
        chosen += [max(half)[1] for half in halves]
    return chosen


def _nearest_thermal(bag_path: Path, stamps: list[int]) -> dict[int, object]:
    """Return the thermal message nearest to each stamp."""
    nearest: dict[int, tuple[int, object]] = {}
    with BagReader(bag_path) as bag:
        for message in bag.messages((THERMAL_TOPIC,)):
            own = message.header_stamp_ns
            for stamp in stamps:
                distance = abs(own - stamp)
                if stamp not in nearest or distance < nearest[stamp][0]:
                    nearest[stamp] = (distance, message)
    return {stamp: message.deserialize() for stamp, (_, message) in nearest.items()}


def write_summary(
    folder: Path, outcome: ChainOutcome, scores: dict[str, object], max_age: float, rate: float
) -> list[str]:
    """Write ``summary.json`` and ``summary.md``.

    Returns:
        The checks that failed, as sentences; empty if all hold.
    """
    faults = chain_faults(outcome, max_age, rate)
    content = {
        "chain": {**asdict(outcome), "dropped": outcome.dropped, "unpaired": outcome.unpaired},
        "scores": scores,
        "faults": faults,
    }
    text = json.dumps(_without_nan(content), indent=2, allow_nan=False)
    (folder / "summary.json").write_text(text + "\n")
    (folder / "summary.md").write_text("\n".join(_lines(outcome, scores, faults)) + "\n")
    return faults


def _without_nan(content: object) -> object:
    """Return the content with None in place of NaN, which JSON does not have."""
    if isinstance(content, dict):
        return {key: _without_nan(value) for key, value in content.items()}
    return None if isinstance(content, float) and math.isnan(content) else content


def chain_faults(outcome: ChainOutcome, max_age: float, rate: float = 1.0) -> list[str]:
    """Return the checks of a run that failed, as sentences.

    ``max_age`` is the node's parameter in seconds (0: no limit), ``rate`` the playback's speed.
    """
    faults = []
    if not outcome.published:
        faults.append("nothing was published")
    if outcome.unknown_stamps:
        faults.append(f"{outcome.unknown_stamps} outputs have a stamp that no RGB image has")
    if outcome.disordered:
        faults.append(f"{outcome.disordered} outputs are out of order")
    if outcome.unaccounted:
        faults.append(f"{outcome.unaccounted} pairs are neither published nor counted as dropped")
    published = int(outcome.output.get("Published", 0))
    if outcome.published != published:
        faults.append(f"the node published {published} results, {outcome.published} were recorded")
    # The node checks a pair's age before it computes; computing, sending and recording add to it.
    inference = float(outcome.output.get("Inference: 95 % (ms)", 0)) / 1000
    limit = max_age + rate * (_INFERENCE_SPREAD * inference + _ON_THE_WAY_S)
    if max_age and outcome.oldest > limit:
        faults.append(
            f"an output is {outcome.oldest:.2f} s old; with max_age {max_age:g} s the limit is "
            f"{limit:.2f} s"
        )
    return faults


def _lines(outcome: ChainOutcome, scores: dict[str, object], faults: list[str]) -> list[str]:
    model, device, precision = (
        outcome.node.get(key, "unknown") for key in ("Model", "Device", "Precision")
    )
    rows = [
        ("network", model),
        ("device, precision", f"{device}, {precision}"),
        ("RGB images played", outcome.rgb_images),
        ("thermal images played", outcome.thermal_images),
        ("RGB images without a partner, and why", _reasons(outcome.unpaired["rgb"])),
        ("thermal images without a partner, and why", _reasons(outcome.unpaired["thermal"])),
        ("pairs", outcome.pairs),
        ("pairs processed", outcome.published),
        ("pairs not processed, and why", _reasons(outcome.dropped)),
    ]
    rows += [(k, v) for k, v in outcome.output.items() if k.startswith(_TIMES)]
    rows += [("**mIoU against the exact labels**", f"**{scores['miou']:.3f}**")]
    rows += [(f"mIoU, {name}", f"{v:.3f}") for name, v in scores["miou_by_condition"].items()]
    rows += [(f"IoU, {name}", f"{v:.3f}") for name, v in scores["iou"].items()]
    lines = ["# Result of the demo", "", "| | |", "|---|---|"]
    lines += [f"| {name} | {value} |" for name, value in rows]
    return [*lines, "", *([f"- check failed: {fault}" for fault in faults] or [_ALL_HOLD])]


def _reasons(counts: dict[str, int]) -> str:
    return ", ".join(f"{n} {reason.replace('_', ' ')}" for reason, n in counts.items()) or "none"
