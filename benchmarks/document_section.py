"""The sections of docs/performance.md that a benchmark writes, between their marks."""

from __future__ import annotations

from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
DOCUMENT = ROOT / "docs" / "performance.md"


class SectionError(ValueError):
    """The document has no such section; the message is one line."""


def with_section(text: str, mark: str, section: str) -> str:
    """Return a document whose section, `<!-- mark -->` to `<!-- end of mark -->`, is replaced.

    Raises:
        SectionError: the marks are not there once each, in this order.
    """
    first, last = f"<!-- {mark} -->\n", f"<!-- end of {mark} -->"
    before, begin, rest = text.partition(first)
    _, end, after = rest.partition(last)
    if not begin or not end or first in after or last in after:
        raise SectionError(f"the document has not the marks {first.strip()} and {last} once each")
    return f"{before}{begin}\n{section.strip()}\n\n{end}{after}"


def section_of(text: str, mark: str) -> str:
    """Return what is between a section's marks, without blank lines around it.

    Raises:
        SectionError: see `with_section`.
    """
    with_section(text, mark, "")
    return text.partition(f"<!-- {mark} -->\n")[2].partition(f"<!-- end of {mark} -->")[0].strip()


def table(heads: list[str], rows: list[list[object]]) -> str:
    """Return a Markdown table."""
    lines = [f"| {' | '.join(heads)} |", "|---" * len(heads) + "|"]
    lines += [f"| {' | '.join(str(cell) for cell in row)} |" for row in rows]
    return "\n".join(lines)
