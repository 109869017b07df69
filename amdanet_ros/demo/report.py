"""The demo's report: scores against the exact labels, a contact sheet, a summary to read and one to
parse.
"""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

import cv2
import numpy as np

from amdanet_ros.classes import DEMO, ClassTable
from amdanet_ros.demo.chain import FUSED_TOPIC
from amdanet_ros.demo.outcome import ChainOutcome, mask_of, pictures_at, segmentations
from amdanet_ros.demo.recording import RGB_TOPIC, THERMAL_TOPIC, DemoRecording
from amdanet_ros.evaluation.confusion_matrix import ConfusionMatrix
from amdanet_ros.recording.bag_pairs import header_stamp_ns
from amdanet_ros.recording.bag_reader import BagReader
from amdanet_ros.ros.rgb_images import rgb_from_message
from amdanet_ros.ros.thermal_images import thermal_from_message
from amdanet_ros.visualization import ContactRow, contact_sheet

_ROWS_PER_CONDITION = 2
_LATENCY = "Latency, arrival to publish"


def score(recording: DemoRecording, output: Path) -> dict[str, object]:
    """Segmentation scores of the recorded masks against the exact labels.

    Returns:
        "miou" (mean over the classes present), "iou" by class, and "miou_by_condition".
    """
    truth = recording.truth()
    everything = ConfusionMatrix(len(DEMO))
    by_condition: dict[str, ConfusionMatrix] = {}
    for stamp, message in segmentations(output):
        if stamp not in truth:
            continue
        path, condition = truth[stamp]
        labels = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
        mask = mask_of(message)
        counted = by_condition.setdefault(condition, ConfusionMatrix(len(DEMO)))
        for matrix in (everything, counted):
            # An unlabelled pixel of the mask is a miss: it counts for no class.
            known = mask < len(DEMO)
            matrix.add(labels[known], mask[known])
    scores = everything.scores()
    return {
        "miou": scores.mean_iou(),
        "iou": {n: float(v) for n, v in zip(DEMO.names, scores.iou, strict=True)},
        "miou_by_condition": {n: m.scores().mean_iou() for n, m in by_condition.items()},
    }


def draw_contact_sheet(
    recording: DemoRecording, output: Path, path: Path, table: ClassTable = DEMO
) -> None:
    """Write a picture of some pairs of each condition, those that show the most people and signs."""
    truth = recording.truth()
    masks = {stamp: mask_of(m) for stamp, m in segmentations(output) if stamp in truth}
    stamps = _telling_stamps(masks, {s: condition for s, (_, condition) in truth.items()})
    rgb = pictures_at(recording.bag, RGB_TOPIC, set(stamps))
    fused = pictures_at(output, FUSED_TOPIC, set(stamps))
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
                cv2.imread(str(label_path), cv2.IMREAD_UNCHANGED),
            )
        )
    if rows:
        cv2.imwrite(str(path), contact_sheet(rows, table)[..., ::-1])


def _telling_stamps(masks: dict[int, np.ndarray], conditions: dict[int, str]) -> list[int]:
    """For each condition, in the order of the recording, the stamps with most small classes in
    view.
    """
    small = [DEMO.names.index(name) for name in ("person", "animal", "sign")]
    by_condition: dict[str, list[tuple[int, int]]] = {}
    for stamp in sorted(masks):
        counts = np.bincount(masks[stamp].reshape(-1), minlength=256)[small]
        rank = int(np.minimum(counts, masks[stamp].size // 40).sum())
        by_condition.setdefault(conditions[stamp], []).append((rank, stamp))
    chosen = []
    for ranked in by_condition.values():
        # The best of each half: two different moments.
        middle = (len(ranked) + 1) // _ROWS_PER_CONDITION
        halves = [half for half in (ranked[:middle], ranked[middle:]) if half]
        chosen += [max(half)[1] for half in halves]
    return chosen


def _nearest_thermal(bag_path: Path, stamps: list[int]) -> dict[int, object]:
    """For each stamp the thermal message nearest to it."""
    nearest: dict[int, tuple[int, object]] = {}
    with BagReader(bag_path) as bag:
        for message in bag.messages((THERMAL_TOPIC,)):
            own = header_stamp_ns(message.raw)
            for stamp in stamps:
                distance = abs(own - stamp)
                if stamp not in nearest or distance < nearest[stamp][0]:
                    nearest[stamp] = (distance, message)
    return {stamp: message.deserialize() for stamp, (_, message) in nearest.items()}


def write_summary(
    folder: Path, outcome: ChainOutcome, scores: dict[str, object], max_age: float
) -> list[str]:
    """Write ``summary.json`` and ``summary.md``.

    Returns:
        What does not hold, as sentences; empty when all is well.
    """
    faults = chain_faults(outcome, max_age)
    content = {
        "chain": {**asdict(outcome), "dropped": outcome.dropped},
        "scores": scores,
        "faults": faults,
    }
    (folder / "summary.json").write_text(json.dumps(content, indent=2) + "\n")
    (folder / "summary.md").write_text("\n".join(_lines(outcome, scores, faults)) + "\n")
    return faults


def chain_faults(outcome: ChainOutcome, max_age: float) -> list[str]:
    """What must hold of every run and does not, as sentences."""
    faults = []
    if not outcome.published:
        faults.append("nothing was published")
    if outcome.unknown_stamps:
        faults.append(f"{outcome.unknown_stamps} outputs carry a stamp of no RGB image")
    if outcome.disordered:
        faults.append(f"{outcome.disordered} outputs came out of order")
    if outcome.unaccounted:
        faults.append(f"{outcome.unaccounted} pairs are neither published nor counted as dropped")
    published = int(outcome.node.get("Published", 0))
    if outcome.published != published:
        faults.append(f"the node published {published} results, {outcome.published} were recorded")
    age = outcome.node.get("Age, stamp to publish: 95 % (ms)")
    if max_age and age not in (None, "unknown") and float(age) > 1000 * max_age + 500:
        faults.append(f"outputs are {age} ms old, max_age is {max_age:g} s")
    return faults


def _lines(outcome: ChainOutcome, scores: dict[str, object], faults: list[str]) -> list[str]:
    lines = [
        "# The demo's run",
        "",
        "| | |",
        "|---|---|",
        f"| RGB images | {outcome.rgb_images} |",
        f"| thermal images | {outcome.thermal_images} |",
        f"| pairs | {outcome.pairs} |",
        f"| processed | {outcome.published} |",
    ]
    reasons = ", ".join(f"{count} {why}" for why, count in outcome.dropped.items() if count)
    lines.append(f"| not processed, and why | {reasons or 'none'} |")
    lines += [f"| {key} | {value} |" for key, value in outcome.node.items() if _LATENCY in key]
    lines.append(f"| mIoU against the exact labels | {scores['miou']:.3f} |")
    lines += [f"| mIoU, {name} | {v:.3f} |" for name, v in scores["miou_by_condition"].items()]
    lines += [f"| IoU, {name} | {value:.3f} |" for name, value in scores["iou"].items()]
    lines.append("")
    lines += [f"- does not hold: {fault}" for fault in faults] or ["All checks hold."]
    return lines
