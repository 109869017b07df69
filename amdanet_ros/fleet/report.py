"""The report over a fleet: one HTML file that needs nothing else."""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote

from ..report.elements import bar, heading, number, table, text
from ..report.page import page, write_page
from .status import FleetStatus

NAME = "report.html"
PEOPLE = ("person", "people", "pedestrian", "human", "rider", "cyclist")


def write_report(out: Path) -> Path:
    """Write the report of a fleet's folder into it; return its path.

    Raises:
        OSError: it cannot be written, or the results cannot be read.
    """
    status = FleetStatus.of(out)
    path = out / NAME
    write_page(path, report(status, out))
    return path


def report(status: FleetStatus, out: Path) -> str:
    """Return the report as HTML."""
    done, failed = status.done, status.failed
    pairs = sum(row["pairs"] for row in done)
    hours = sum(row["seconds"] for row in done) / 3600
    left = f", {status.waiting} not done yet" if status.waiting else ""
    word = status.word
    parts = [
        f"<p><b class=ok>{len(done)} {word} done</b>, <b class=bad>{len(failed)} failed</b>{left}; "
        f"{pairs} pairs in {hours:.2f} hours of work. Written {_time(time.time())}.</p>",
    ]
    if any(row.get("figures") for row in done):
        parts += [heading("Figures"), _figures(done, out)]
    if word == "bags" and (not done or any(row["health"] for row in done)):
        parts += [
            heading("Where people were seen"),
            _people(done, out),
            heading("Cameras that were not healthy"),
            _cameras(done, out),
        ]
    parts += [
        heading("Failed"),
        table(
            ("input", "tries", "why"),
            ((text(r["input"]), number(r.get("tries", 1)), text(r["error"])) for r in failed),
            "None failed.",
        ),
    ]
    if any(row["areas"] for row in done):
        parts += [heading("Classes"), _classes(done)]
    parts += [
        heading(f"All {word} that are done"),
        table(
            ("name", "pairs", "left out", "seconds", "host"),
            (
                (
                    _link(r, out),
                    *map(number, (r["pairs"], r.get("left_out", 0), r["seconds"])),
                    text(r["host"]),
                )
                for r in done
            ),
            "None yet.",
        ),
    ]
    return page(f"Fleet {os.path.abspath(out)}", parts)


def _figures(done: Sequence[dict[str, Any]], out: Path) -> str:
    names = list(dict.fromkeys(name for row in done for name in row.get("figures", {})))
    return table(
        ("name", *names),
        ((_link(r, out), *(number(r.get("figures", {}).get(n, "")) for n in names)) for r in done),
        "None.",
    )


def _people(done: Sequence[dict[str, Any]], out: Path) -> str:
    found = [
        (share["pairs"], share, name, row)
        for row in done
        for name, share in row.get("seen", {}).items()
        if any(word in name.lower() for word in PEOPLE)
    ]
    found.sort(key=lambda each: -each[0])
    return table(
        ("bag", "class", "share of its pairs", "", "largest share of an image", "when"),
        (
            (
                _link(row, out),
                text(name),
                number(f"{share:.1%}"),
                bar(share),
                number(f"{seen['most']:.2%}"),
                text(_time(seen["at"])),
            )
            for share, seen, name, row in found
        ),
        "No people were seen.",
    )


def _cameras(done: Sequence[dict[str, Any]], out: Path) -> str:
    sick = []
    for row in done:
        for stream, states in row["health"].items():
            counts = {state: n for state, n in states.items() if isinstance(n, int)}
            share = 1 - counts.get("ok", 0) / max(1, sum(counts.values()))
            if share > 0:
                said = ", ".join(f"{state} {n}" for state, n in counts.items())
                sick.append((share, stream, said, str(states.get("reason", "")), row))
    sick.sort(key=lambda each: -each[0])
    return table(
        ("bag", "camera", "share of its pairs", "pairs", "most frequent reason"),
        (
            (_link(row, out), text(stream), number(f"{share:.1%}"), text(said), text(reason))
            for share, stream, said, reason, row in sick
        ),
        "All cameras were healthy in all bags.",
    )


def _classes(done: Sequence[dict[str, Any]]) -> str:
    areas: dict[str, float] = {}
    bags: dict[str, int] = {}
    for row in done:
        for name, area in row["areas"].items():
            areas[name] = areas.get(name, 0.0) + area * row["pairs"]
        for name in row.get("seen", {}):
            bags[name] = bags.get(name, 0) + 1
    pairs = max(1, sum(row["pairs"] for row in done))
    ranked = sorted(areas, key=lambda name: -areas[name])
    return table(
        ("class", "mean share of an image", "bags where it was seen"),
        ((text(n), number(f"{areas[n] / pairs:.3%}"), number(bags.get(n, 0))) for n in ranked),
        "None.",
    )


def _link(row: dict[str, Any], out: Path) -> str:
    target = os.path.relpath(row["output"], os.path.abspath(out))
    where = quote(Path(target).as_posix(), errors="surrogateescape")
    return f"<a href='./{where}'>{text(row['name'])}</a>"


def _time(seconds: float) -> str:
    return time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime(max(0.0, seconds)))
