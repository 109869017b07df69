"""Parts of a report as HTML; all text is escaped here."""

from __future__ import annotations

import html
from collections.abc import Iterable, Mapping, Sequence

from ..one_line import one_line

_MOST_ROWS = 500
_MOST_LINES = 200
_LONGEST = 1000


def text(value: object) -> str:
    """Return a text that is safe between tags and in attributes, on one line and not too long."""
    return html.escape(one_line(value, _LONGEST), quote=True)


def heading(value: object) -> str:
    """Return the heading of a section."""
    return f"<h2>{text(value)}</h2>"


def paragraph(value: object) -> str:
    """Return a paragraph."""
    return f"<p>{text(value)}</p>"


def number(value: object) -> str:
    """Return a table's cell with a number."""
    return f"<td class=n>{text(value)}</td>"


def table(head: Iterable[object], rows: Iterable[Sequence[str]], nothing: str) -> str:
    """Return a table.

    Args:
        head: titles of the columns; empty: none.
        rows: cells that are HTML already, with or without their tag.
        nothing: said where there are no rows.
    """
    made = [
        "<tr>" + "".join(c if c.startswith("<td") else f"<td>{c}</td>" for c in row) + "</tr>"
        for row in rows
    ]
    if not made:
        return paragraph(nothing)
    more = len(made) - _MOST_ROWS
    note = paragraph(f"{more} more rows are in the results.") if more > 0 else ""
    titles = "".join(f"<th>{text(each)}</th>" for each in head)
    top = f"<tr>{titles}</tr>" if titles else ""
    return f"<table>{top}{''.join(made[:_MOST_ROWS])}</table>{note}"


def facts(values: Mapping[str, object]) -> str:
    """Return names and values as a table without titles."""
    return table((), ((text(name), text(value)) for name, value in values.items()), "None.")


def lines(sentences: Sequence[object], nothing: str) -> str:
    """Return a list of sentences; ``nothing`` is said where there are none."""
    if not sentences:
        return paragraph(nothing)
    more = len(sentences) - _MOST_LINES
    kept = [*sentences[:_MOST_LINES], *([f"and {more} more"] if more > 0 else [])]
    return "<ul>" + "".join(f"<li>{text(each)}</li>" for each in kept) + "</ul>"


def bar(share: float) -> str:
    """Return a bar whose length is a share, 0 to 1."""
    width = 100 * min(max(share, 0.0), 1.0)
    return (
        "<svg class=bar viewBox='0 0 100 6' preserveAspectRatio=none aria-hidden=true>"
        f"<rect width='{width:.1f}' height='6'/></svg>"
    )
