"""The demo's report as one HTML file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from ..bags.reader import BagReader
from ..classes import DEMO
from ..report.elements import bar, facts, heading, lines, number, table, text
from ..report.images import slider, sliders
from ..report.page import page
from ..report.plots import area_plot, line_plot
from ..visualization import ContactRow, colorize_thermal, overlay
from .chain import SEGMENTATION_TOPIC
from .outcome import ChainOutcome, mask_of

NAME = "report.html"
_ALL_HOLD = "All hold."


def demo_page(
    output: Path,
    outcome: ChainOutcome,
    scores: Mapping[str, Any],
    faults: Sequence[str],
    rows: Sequence[ContactRow],
) -> str:
    """Return the report as HTML.

    Args:
        output: the recorded bag.
        outcome: counts of the run.
        scores: see ``report.score``.
        faults: checks that failed, as sentences.
        rows: pairs to look at.
    """
    times, series, areas = _over_time(output)
    colours = dict(zip(DEMO.names, DEMO.palette, strict=True))
    unpaired = {f"{camera} image": reasons for camera, reasons in outcome.unpaired.items()}
    parts = [
        facts(
            {
                **{key.lower(): outcome.node.get(key, "unknown") for key in ("Model", "Device")},
                "RGB images played": outcome.rgb_images,
                "thermal images played": outcome.thermal_images,
                "pairs": outcome.pairs,
                "pairs processed": outcome.published,
            }
        ),
        heading("Checks"),
        lines(faults, _ALL_HOLD),
        heading("What was not processed, and why"),
        table(
            ("what", "why", "number"),
            (
                (text(what), text(why.replace("_", " ")), number(count))
                for what, reasons in {"pair": outcome.dropped, **unpaired}.items()
                for why, count in reasons.items()
            ),
            "Nothing was left out.",
        ),
        heading("Pairs"),
        sliders([_slider(row) for row in rows]),
        heading("Latency: stamp of the RGB image to its recorded segmentation"),
        line_plot("ms", times, {"latency": series["latency"]}),
        heading("Stamps: thermal minus RGB"),
        line_plot("ms", times, {"offset": series["offset"]}),
        heading("Class areas"),
        area_plot(times, areas, colours),
        heading("Scores against the exact labels"),
        table(
            ("", "IoU", ""),
            (
                (text(name), number(f"{value:.3f}"), bar(np.nan_to_num(value)))
                for name, value in {
                    "mean": scores["miou"],
                    **{f"mean, {each}": v for each, v in scores["miou_by_condition"].items()},
                    **scores["iou"],
                }.items()
            ),
            "None.",
        ),
    ]
    return page("amdanet demo", parts, moves=True)


def _over_time(
    output: Path,
) -> tuple[list[float], dict[str, list[float]], dict[str, list[float]]]:
    """Return of each segmentation its stamp (s), latency and offset (ms), and the areas."""
    times: list[float] = []
    series: dict[str, list[float]] = {"latency": [], "offset": []}
    areas: dict[str, list[float]] = {name: [] for name in DEMO.names}
    with BagReader(output) as bag:
        for message in bag.messages((SEGMENTATION_TOPIC,)):
            content = message.deserialize()
            mask, offset = mask_of(content), content.time_offset
            times.append(message.header_stamp_ns / 1e9)
            series["latency"].append((message.stamp_ns - message.header_stamp_ns) / 1e6)
            series["offset"].append(1e3 * offset.sec + offset.nanosec / 1e6)
            counts = np.bincount(mask.reshape(-1), minlength=256)
            for name, count in zip(DEMO.names, counts.tolist(), strict=False):
                areas[name].append(count / mask.size)
    return times, series, areas


def _slider(row: ContactRow) -> str:
    images = {
        "RGB": row.rgb,
        "thermal": colorize_thermal(row.thermal),
        "fused": row.fused,
        "overlay": overlay(row.fused, row.labels, DEMO.palette),
    }
    if row.truth is not None:
        images["exact labels"] = overlay(row.fused, row.truth, DEMO.palette)
    return slider(row.title, images, ("thermal", "overlay"))
