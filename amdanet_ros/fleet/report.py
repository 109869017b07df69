"""The report over a fleet: one HTML file that needs nothing else."""

from __future__ import annotations

import html
import os
import time
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote

from ..whole_file import whole_file
from .status import FleetStatus

NAME = "report.html"
PEOPLE = ("person", "people", "pedestrian", "human", "rider", "cyclist")
_MOST_ROWS = 500
_STYLE = """
body{font:15px/1.5 system-ui,sans-serif;margin:2em auto;max-width:72em;padding:0 1em;color:#222}
table{border-collapse:collapse;width:100%;margin:.5em 0 2em}
th,td{text-align:left;padding:.25em .6em;border-bottom:1px solid #ddd;vertical-align:top}
th{background:#f3f3f3}td.n{text-align:right;font-variant-numeric:tabular-nums}
.bar{background:#c33;height:.7em;display:inline-block}.ok{color:#283}.bad{color:#b22}
@media(prefers-color-scheme:dark){body{background:#181818;color:#ddd}th{background:#2a2a2a}
th,td{border-color:#444}a{color:#8bf}}
"""


def write_report(out: Path) -> Path:
    """Write the report of a fleet's folder into it; return its path.

    Raises:
        OSError: it cannot be written, or the results cannot be read.
    """
    status = FleetStatus.of(out)
    path = out / NAME
    with whole_file(path) as partial:
        partial.write_text(report(status, out), encoding="utf-8", errors="backslashreplace")
    return path


def report(status: FleetStatus, out: Path) -> str:
    """Return the report as HTML."""
    done, failed = status.done, status.failed
    pairs = sum(row["pairs"] for row in done)
    hours = sum(row["seconds"] for row in done) / 3600
    left = f", {status.waiting} not done yet" if status.waiting else ""
    parts = [
        f"<h1>Fleet {_text(os.path.abspath(out))}</h1>",
        f"<p><b class=ok>{len(done)} bags done</b>, <b class=bad>{len(failed)} failed</b>{left}; "
        f"{pairs} pairs in {hours:.2f} hours of work. Written {_time(time.time())}.</p>",
        "<h2>Where people were seen</h2>",
        _people(done, out),
        "<h2>Cameras that were not healthy</h2>",
        _cameras(done, out),
        "<h2>Failed</h2>",
        _table(
            ("bag", "tries", "why"),
            ((_text(r["input"]), _number(r.get("tries", 1)), _text(r["error"])) for r in failed),
            "No bag failed.",
        ),
        "<h2>Classes</h2>",
        _classes(done),
        "<h2>All bags that are done</h2>",
        _table(
            ("bag", "pairs", "left out", "seconds", "host"),
            (
                (
                    _link(r, out),
                    *map(_number, (r["pairs"], r.get("left_out", 0), r["seconds"])),
                    _text(r["host"]),
                )
                for r in done
            ),
            "None yet.",
        ),
    ]
    head = f"<meta charset=utf-8><title>Fleet {_text(out.name)}</title><style>{_STYLE}</style>"
    return f"<!doctype html><html lang=en><head>{head}</head><body>{''.join(parts)}</body></html>\n"


def _people(done: Sequence[dict[str, Any]], out: Path) -> str:
    found = [
        (share["pairs"], share, name, row)
        for row in done
        for name, share in row.get("seen", {}).items()
        if any(word in name.lower() for word in PEOPLE)
    ]
    found.sort(key=lambda each: -each[0])
    return _table(
        ("bag", "class", "share of its pairs", "", "largest share of an image", "when"),
        (
            (
                _link(row, out),
                _text(name),
                _number(f"{share:.1%}"),
                f"<span class=bar style='width:{share * 12:.2f}em'></span>",
                _number(f"{seen['most']:.2%}"),
                _text(_time(seen["at"])),
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
    return _table(
        ("bag", "camera", "share of its pairs", "pairs", "most frequent reason"),
        (
            (_link(row, out), _text(stream), _number(f"{share:.1%}"), _text(said), _text(reason))
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
    return _table(
        ("class", "mean share of an image", "bags where it was seen"),
        ((_text(n), _number(f"{areas[n] / pairs:.3%}"), _number(bags.get(n, 0))) for n in ranked),
        "None.",
    )


def _table(head: Iterable[str], rows: Iterable[Sequence[str]], nothing: str) -> str:
    """Return a table of cells that are HTML already."""
    made = [
        "<tr>" + "".join(c if c.startswith("<td") else f"<td>{c}</td>" for c in row) + "</tr>"
        for row in rows
    ]
    if not made:
        return f"<p>{nothing}</p>"
    more = len(made) - _MOST_ROWS
    note = f"<p>{more} more rows are in the results.</p>" if more > 0 else ""
    titles = "".join(f"<th>{each}</th>" for each in head)
    return f"<table><tr>{titles}</tr>{''.join(made[:_MOST_ROWS])}</table>{note}"


def _link(row: dict[str, Any], out: Path) -> str:
    target = os.path.relpath(row["output"], os.path.abspath(out))
    where = quote(Path(target).as_posix(), errors="surrogateescape")
    return f"<a href='./{where}'>{_text(row['name'])}</a>"


def _number(value: object) -> str:
    return f"<td class=n>{_text(value)}</td>"


def _time(seconds: float) -> str:
    return time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime(max(0.0, seconds)))


def _text(value: object) -> str:
    return html.escape(str(value), quote=True)
