"""A small line plot as SVG text: lines over one axis of positions, both axes from zero."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from math import floor, log10

_WIDTH, _HEIGHT = 640, 360
_LEFT, _RIGHT, _TOP, _BOTTOM = 64, 200, 36, 48
_COLORS = ("#1b6ca8", "#c0392b", "#2e8b57", "#8e44ad", "#7f6000", "#555555")
_TICKS = 5

Line = Sequence[tuple[float, float]]


def line_plot(
    title: str, x_name: str, y_name: str, lines: Mapping[str, Line], dashed: Sequence[str] = ()
) -> str:
    """Return a plot of named lines of (x, y), at least one point in all; dashed ones by name.

    Raises:
        ValueError: no point.
    """
    points = [point for line in lines.values() for point in line]
    if not points:
        raise ValueError("a plot needs a point")
    x_end, y_end = (_rounded_up(max(point[axis] for point in points)) for axis in (0, 1))
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {_HEIGHT}" '
        'font-family="sans-serif" font-size="12">',
        f'<rect width="{_WIDTH}" height="{_HEIGHT}" fill="white"/>',
        f'<text x="{_LEFT}" y="20" font-size="14">{escape(title)}</text>',
    ]
    for step in range(_TICKS + 1):
        x, y = (step * end / _TICKS for end in (x_end, y_end))
        across, down = _place(x, y, x_end, y_end)
        bottom = _HEIGHT - _BOTTOM
        parts.append(
            f'<line x1="{_LEFT}" y1="{down:.1f}" x2="{_WIDTH - _RIGHT}" y2="{down:.1f}" '
            f'stroke="#ddd"/><text x="{_LEFT - 6}" y="{down + 4:.1f}" text-anchor="end">{y:g}'
            f'</text><text x="{across:.1f}" y="{bottom + 16}" text-anchor="middle">{x:g}</text>'
        )
    middle = (_LEFT + _WIDTH - _RIGHT) / 2
    parts.append(
        f'<text x="{middle}" y="{_HEIGHT - 10}" text-anchor="middle">{escape(x_name)}</text>'
        f'<text x="16" y="{_HEIGHT / 2}" text-anchor="middle" '
        f'transform="rotate(-90 16 {_HEIGHT / 2})">{escape(y_name)}</text>'
    )
    for number, (name, line) in enumerate(lines.items()):
        color = _COLORS[number % len(_COLORS)]
        dash = ' stroke-dasharray="5 4"' if name in dashed else ""
        places = [_place(x, y, x_end, y_end) for x, y in line]
        path = " ".join(f"{across:.1f},{down:.1f}" for across, down in places)
        parts.append(f'<polyline points="{path}" fill="none" stroke="{color}"{dash}/>')
        parts += [
            f'<circle cx="{across:.1f}" cy="{down:.1f}" r="3" fill="{color}"/>'
            for across, down in places
        ]
        right, row = _WIDTH - _RIGHT + 12, _TOP + 12 + 18 * number
        parts.append(
            f'<line x1="{right}" y1="{row - 4}" x2="{right + 20}" y2="{row - 4}" '
            f'stroke="{color}"{dash}/><text x="{right + 26}" y="{row}">{escape(name)}</text>'
        )
    return "\n".join([*parts, "</svg>", ""])


def _place(x: float, y: float, x_end: float, y_end: float) -> tuple[float, float]:
    width, height = _WIDTH - _LEFT - _RIGHT, _HEIGHT - _TOP - _BOTTOM
    return _LEFT + width * x / x_end, _TOP + height * (1 - y / y_end)


def _rounded_up(value: float) -> float:
    """Return the next of 1, 1.5, 2, 2.5, 3, 4, 5, 6, 8 and 10 times a power of ten; 1 for 0."""
    if value <= 0:
        return 1.0
    unit = 10.0 ** floor(log10(value))
    return next(step * unit for step in (1, 1.5, 2, 2.5, 3, 4, 5, 6, 8, 10) if step * unit >= value)
